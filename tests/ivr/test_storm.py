"""The switch for storm mode: at once, for everybody, and never without a trace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from database import Database
from driver_statement import DriverStatement
from ivr.standing import STORM, InForce, StandingReader
from ivr.storm import storm_history, storm_on, switch
from models import Customer

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
