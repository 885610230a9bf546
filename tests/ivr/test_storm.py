"""The switch for storm mode: at once, for everybody, and never without a trace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from database import Database
from driver_statement import DriverStatement
from ivr.calls import NewCall
from ivr.flow_store import FlowStore
from ivr.outputs import Say
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from ivr.standing import STORM, InForce, StandingReader
from ivr.storm import storm_history, storm_on, switch
from models import Channel, Customer
from settings import Settings
from tests.ivr.conftest import AGENT, LANGUAGES, SHARED, UTILITY

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def in_force(database: Database) -> InForce:
    with database.unit() as unit:
        return StandingReader(database.engine.dialect)(unit.connection)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue("database" if request.param == "sqlite" else request.param)
    return found


def test_it_is_off_until_somebody_switches_it_on(either: Database) -> None:
    assert in_force(either).storm is False
    with either.transaction() as session:
        assert switch(session, True, actor="sun", reason="typhoon", now=NOW) is not None
    assert in_force(either).storm is True
    with either.reading() as session:
        on = storm_on(session)
        assert on is not None
        assert (on.actor, on.reason, on.at) == ("sun", "typhoon", NOW)
    with either.transaction() as session:
        switch(session, False, actor="mei", reason="", now=NOW)
    assert in_force(either).storm is False
    with either.reading() as session:
        assert storm_on(session) is None
        assert [(one.storm, one.actor) for one in storm_history(session)] == [(False, "mei"), (True, "sun")]


def test_switching_to_what_it_is_leaves_no_trace(database: Database) -> None:
    for _ in range(2):
        with database.transaction() as session:
            switch(session, True, actor="sun", reason="typhoon", now=NOW)
    with database.transaction() as session:
        assert switch(session, True, actor="sun", reason="again", now=NOW) is None
    with database.reading() as session:
        assert len(storm_history(session)) == 1


def test_it_is_switched_on_with_a_reason(database: Database) -> None:
    for reason in ("", "  ", "x" * 501):
        with database.transaction() as session:
            with pytest.raises(ValueError, match="reason"):
                switch(session, True, actor="sun", reason=reason, now=NOW)
    assert in_force(database).storm is False


def test_open_pages_are_told(database: Database) -> None:
    told: list[tuple[str, str]] = []
    database.after_commit = lambda committed: told.extend(committed.notices)
    with database.transaction() as session:
        switch(session, True, actor="sun", reason="typhoon", now=NOW)
    assert told == [("storm", "1")]


def test_a_statement_that_reads_a_row_tells_of_the_storm_as_well(either: Database) -> None:
    statement = DriverStatement(
        sa.select(Customer.name, STORM).where(Customer.id == sa.bindparam("id")).with_for_update(of=Customer),
        either.engine.dialect,
    )
    with either.transaction() as session:
        session.add(Customer(id=1, name="Ann", language="en"))
    with either.unit() as unit:
        assert not statement.run(unit.connection, {"id": 1})[0]["storm"]
    with either.transaction() as session:
        switch(session, True, actor="sun", reason="typhoon", now=NOW)
    with either.unit() as unit:
        assert statement.run(unit.connection, {"id": 1}) == [{"name": "Ann", "storm": True}]


def test_the_next_call_of_every_process_is_served_by_the_storm_flow(either: Database, settings: Settings) -> None:
    flow = """
flow: {0}
prompts:
  words: {{en: "The {0} menu.", zh-CN: "{0}"}}
nodes:
  menu:
    menu: words
    options:
      again: {{key: "1", next: menu}}
"""
    shared = SHARED + "storm: {main: storm}\n"
    files = {
        "shared.yaml": shared, "agent.yaml": AGENT,
        "main.yaml": flow.format("main"), "storm.yaml": flow.format("storm"),
    }  # fmt: skip
    runners = []
    for _ in range(2):
        flows = FlowStore(either, {}, LANGUAGES, UTILITY)
        flows.use(files, NOW)
        runners.append(Runner(either, flows, ServiceRegistry([]), settings))

    def hears(runner: Runner, sid: str) -> str:
        answer = runner.begin(NewCall(Channel.TWILIO, sid, "+8613800138000", "95598", language="en"))
        return " ".join(output.text for output in answer.outputs if isinstance(output, Say))

    assert [hears(runner, f"CA{n}") for n, runner in enumerate(runners)] == ["The main menu."] * 2
    with either.transaction() as session:
        switch(session, True, actor="sun", reason="typhoon", now=NOW)
    assert [hears(runner, f"CB{n}") for n, runner in enumerate(runners)] == ["The storm menu."] * 2
    with either.transaction() as session:
        switch(session, False, actor="sun", reason="", now=NOW)
    assert [hears(runner, f"CC{n}") for n, runner in enumerate(runners)] == ["The main menu."] * 2
