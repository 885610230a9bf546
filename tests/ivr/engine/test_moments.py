"""What depends on the time: opening hours, storm mode, the length of a call, services that are late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.loader import FlowError
from ivr.moment import Moment
from tests.ivr.engine.caller import SHARED, Caller, flows_with

CALENDARS = """
calendars:
  service:
    hours: {mon-fri: "08:30-12:00, 13:30-17:30"}
    exceptions: {2026-11-24: closed}
"""
HOURS = """
flow: hours
prompts:
  open: {en: "We are open, it is {time}.", zh-CN: "现在{time}。"}
  storm: {en: Storm., zh-CN: 暴风雨。}
nodes:
  which:
    when:
      - {if: storm, next: storm}
      - {if: open(service) and now > "2026-11-23T09:00", next: open}
      - else: closed
  open: {hangup: open}
  closed: {hangup: goodbye}
  storm: {hangup: storm}
"""


def moment(day: int, hour: int, *, storm: bool = False, too_long: bool = False) -> Moment:
    return Moment(datetime(2026, 11, day, hour, tzinfo=UTC), storm, too_long)


@pytest.mark.parametrize(
    ("now", "hears"),
    [
        (moment(23, 10), "We are open, it is 10 AM."),
        (moment(23, 13), "Goodbye from Riverbend County Power."),
        (moment(24, 10), "Goodbye from Riverbend County Power."),
        (moment(22, 10), "Goodbye from Riverbend County Power."),
        (moment(23, 10, storm=True), "Storm."),
    ],
)
def test_a_flow_asks_calendars_the_clock_and_the_weather(now: Moment, hears: str) -> None:
    assert Caller(flows_with(HOURS, calendars=CALENDARS), "hours", moment=now).hears == [hears]


def test_without_a_moment_it_is_midday_of_the_day_of_the_call() -> None:
    assert Caller(flows_with(HOURS, calendars=CALENDARS), "hours").hears == ["Goodbye from Riverbend County Power."]


def test_an_unknown_calendar_is_a_fault_with_its_place() -> None:
    with pytest.raises(FlowError) as raised:
        flows_with(HOURS.replace("open(service)", "open(servise)"), calendars=CALENDARS)
    assert str(raised.value).endswith("there is no calendar 'servise'. Did you mean 'service'?")


def test_in_a_storm_flows_are_swapped_wherever_they_begin() -> None:
    sub = "flow: outer\nnodes:\n  sub: {call: home, next: bye}\n  bye: {hangup: goodbye}\n"
    flows = flows_with(sub)
    assert Caller(flows, moment=moment(23, 10, storm=True)).hears == ["Storm. Report or hang up."]
    assert Caller(flows, "outer", moment=moment(23, 10, storm=True)).nodes == ["outer/sub", "storm/shortly"]
    assert Caller(flows, "outer", moment=moment(23, 10)).nodes[-1] == "home/home"


def test_a_storm_that_breaks_out_during_a_call_is_met_at_the_next_flow_and_not_before() -> None:
    caller = Caller(flows_with(), moment=moment(23, 10))
    caller.moment = moment(23, 10, storm=True)
    assert caller.keys("5").hears[0] == "First not understood."
    assert caller.says("main menu").nodes == ["storm/shortly"]


def test_a_call_that_is_too_long_is_ended_kindly_before_the_caller_is_asked_again() -> None:
    caller = Caller(flows_with())
    caller.moment = moment(23, 10, too_long=True)
    assert caller.is_silent().hears == ["This took long. Goodbye."]
    assert caller.over
    answered = Caller(flows_with())
    answered.moment = moment(23, 10, too_long=True)
    assert answered.keys("1").hears == ["This took long. Goodbye."]


def test_what_was_asked_for_at_the_last_moment_is_still_done() -> None:
    caller = Caller(flows_with()).keys("1")
    caller.moment = moment(23, 10, too_long=True)
    caller.keys("1")
    assert caller.nodes == ["home/write"]
    assert caller.served("done").hears == ["This took long. Goodbye."]


def test_without_a_flow_for_long_calls_they_end_with_a_goodbye() -> None:
    flows = flows_with(shared=SHARED.replace("  too_long_flow: ending\n", ""))
    caller = Caller(flows)
    caller.moment = moment(23, 10, too_long=True)
    assert caller.keys("1").hears == ["Goodbye from Riverbend County Power."]
    assert caller.over


READ = """
flow: read
vars: {amount: money}
nodes:
  read: {do: test.read, into: {amount: amount}, outcomes: {done: bye, error: sorry}}
  sorry: {hangup: apology}
  bye: {hangup: goodbye}
"""


def test_a_late_service_goes_its_own_way_else_that_of_an_error_else_to_a_person() -> None:
    assert Caller(flows_with()).keys("2").served("late").nodes == ["home/late"]
    assert Caller(flows_with(READ), "read").served("late", "test.read").hears == ["Sorry."]
    bare = READ.replace(", error: sorry", "").replace("  sorry: {hangup: apology}\n", "")
    caller = Caller(flows_with(bare), "read").served("late", "test.read")
    assert caller.hears == ["Sorry.", "A person comes: Riverbend County Power."]
