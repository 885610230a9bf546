"""Services that take too long, on both kinds of database: interrupted, undone, and the caller goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from database import Database
from ivr.calls import NewCall
from ivr.deadlines import Alarms
from ivr.events import Digits, Event, NoInput
from ivr.flow_store import FlowStore
from ivr.outputs import Say, ServiceCalled
from ivr.runner import Runner
from ivr.services import Outcome, Service, ServiceContext, ServiceRegistry
from models import Call, Channel, Customer
from settings import Settings
from tests.ivr.conftest import AGENT, SHARED

FLOW = """
flow: main
prompts:
  which: {en: Which?, zh-CN: 哪个?}
  done: {en: Done., zh-CN: 好。}
  late: {en: That takes too long., zh-CN: 太慢。}
  failed: {en: That failed., zh-CN: 失败。}
nodes:
  which: {menu: which, options: {go: {key: "1", next: work}}}
  work: {do: test.work, budget_s: 0.2, outcomes: {done: again, late: late, error: failed}}
  again: {do: test.work, budget_s: 0.2, outcomes: {done: done, late: late, error: failed}}
  done: {say: done, next: which}
  late: {say: late, next: which}
  failed: {say: failed, next: which}
"""
FOREVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}
ONE = Digits("1")
Work = Callable[[ServiceContext], None]


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> Database:
    return request.getfixturevalue("database" if request.param == "sqlite" else "postgresql")  # type: ignore[no-any-return]


class House:
    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.ran = 0
        self.work: Work = lambda context: None
        self.now = datetime(2026, 11, 23, 4, tzinfo=UTC)
        service = Service("test.work", self._run, frozenset({"done"}), changes=True)
        flows = FlowStore(database, {service.name: service}, ("en", "zh-CN"), settings.utility.name)
        shared = SHARED.replace("defaults:\n", "defaults:\n  too_long_flow: agent\n")
        flows.use({"shared.yaml": shared, "agent.yaml": AGENT, "main.yaml": FLOW}, self.now)
        self.runner = Runner(database, flows, ServiceRegistry([service]), settings, clock=lambda: self.now)
        self.call_id, self.turn = "", 0

    def _run(self, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
        self.ran += 1
        context.session.add(Customer(name=f"noted {self.ran}", language="en"))
        context.session.flush()
        self.work(context)
        return Outcome("done")

    def begins(self) -> None:
        answer = self.runner.begin(NewCall(Channel.TWILIO, "CA1", "+8613800138000", "95598", "en"))
        self.call_id, self.turn = answer.call_id, answer.turn

    def hears(self, event: Event = ONE) -> tuple[list[str], list[str]]:
        """What is said, and how the services ended."""
        answer = self.runner.resume(self.call_id, self.turn, event)
        self.turn = answer.turn
        said = [output.text for output in answer.outputs if isinstance(output, Say)]
        return said, [output.outcome for output in answer.outputs if isinstance(output, ServiceCalled)]

    def noted(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(sa.select(Customer.name).order_by(Customer.id)))


@pytest.fixture
def house(any_database: Database, settings: Settings) -> House:
    house = House(any_database, settings)
    house.begins()
    return house


def test_a_query_without_end_is_interrupted_and_what_the_service_did_is_undone(house: House) -> None:
    house.work = lambda context: context.session.execute(sa.text(FOREVER[house.database.engine.dialect.name])).all()
    assert house.hears() == (["That takes too long.", "Which?"], ["late"])
    assert house.noted() == []
    house.work = lambda context: None
    assert house.hears() == (["Done.", "Which?"], ["done", "done"])
    assert house.noted() == ["noted 2", "noted 3"]


def test_a_service_that_swallows_the_interruption_does_not_get_on_either(house: House) -> None:
    def stubborn(context: ServiceContext) -> None:
        for _ in range(3):
            try:
                with context.session.begin_nested():
                    context.session.execute(sa.text(FOREVER[house.database.engine.dialect.name])).all()
            except sa.exc.DBAPIError:
                continue

    house.work = stubborn
    assert house.hears()[1] == ["late"]
    assert house.noted() == []


def test_a_service_that_waits_for_something_else_is_told_until_when(house: House) -> None:
    def waiting(context: ServiceContext) -> None:
        while time.monotonic() < context.deadline:
            time.sleep(0.01)

    house.work = waiting
    assert house.hears() == (["That takes too long.", "Which?"], ["late"])
    assert house.noted() == []


def test_a_service_that_fails_in_time_has_failed_and_is_not_late(house: House) -> None:
    def broken(context: ServiceContext) -> None:
        raise RuntimeError("away")

    house.work = broken
    assert house.hears() == (["That failed.", "Which?"], ["error"])
    assert house.noted() == []


def test_the_services_of_a_turn_share_its_time(any_database: Database, settings: Settings) -> None:
    callflows = settings.callflows.model_copy(update={"turn_services_s": 0.15})
    house = House(any_database, settings.model_copy(update={"callflows": callflows}))
    house.begins()
    house.work = lambda context: time.sleep(0.1)
    assert house.hears()[1] == ["done", "late"]
    assert house.noted() == ["noted 1"]


def test_when_the_time_of_a_turn_is_up_services_are_not_even_begun(any_database: Database, settings: Settings) -> None:
    callflows = settings.callflows.model_copy(update={"turn_services_s": 0.0})
    house = House(any_database, settings.model_copy(update={"callflows": callflows}))
    house.begins()
    assert house.hears()[1] == ["late"]
    assert house.ran == 0


def test_a_call_that_is_too_long_is_told_so_at_its_next_step(house: House) -> None:
    house.now += timedelta(minutes=29)
    assert house.hears(NoInput())[0] == ["First silence. Which?"]
    house.now += timedelta(minutes=2)
    assert house.hears(NoInput())[0] == ["An agent will call."]
    with house.database.reading() as session:
        assert session.get_one(Call, house.call_id).state is None


def test_a_strike_repeats_until_it_is_called_off_and_never_after() -> None:
    alarms, struck = Alarms(), []
    with alarms.at(time.monotonic() + 0.05, lambda: struck.append(1)), alarms.at(time.monotonic() + 60, struck.clear):
        while len(struck) < 3:
            time.sleep(0.01)
    seen = len(struck)
    time.sleep(0.1)
    assert len(struck) == seen
