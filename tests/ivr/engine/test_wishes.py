"""What works at every wait: danger before anything else, an agent, repetition, the way back, help, another language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.events import Digits, Recorded
from ivr.moment import Moment
from ivr.outputs import Gather, LanguageChanged, Record
from tests.ivr.engine.caller import SHARED, Caller, flows_with

HOME = "One for a bill or two for a report?"
PERSON = "A person comes: Riverbend County Power."
STORM = Moment(datetime(2026, 11, 23, 12, tzinfo=UTC), storm=True)

ASKS = """
flow: asks
vars: {pin: digits, wish: text, sure: yes_no}
nodes:
  pin: {ask: home, type: digits, min: 4, max: 6, into: pin, next: sure}
  sure: {ask: home, type: yes_no, into: sure, next: wish}
  wish: {ask: home, type: text, into: wish, next: message}
  message: {record: home, into: wish, next: bye}
  bye: {hangup: goodbye}
"""


def at(node: str) -> Caller:
    caller = Caller(flows_with(ASKS), "asks")
    answers = {"pin": "1234", "sure": "1"}
    for name, answer in answers.items():
        if name == node:
            return caller
        caller.keys(answer)
    return caller if node == "wish" else caller.says("come on Monday")


@pytest.mark.parametrize("node", ["pin", "sure", "wish"])
def test_keys_that_work_everywhere_are_pressed_after_a_star_where_a_value_is_asked(node: str) -> None:
    assert at(node).keys("*7").hears == ["Keep away.", PERSON]
    assert at(node).keys("*0").hears == [PERSON]
    assert at(node).keys("*9").hears == [HOME]
    assert at(node).keys("*6").hears == ["First help.", HOME]


def test_the_star_alone_goes_back() -> None:
    assert at("sure").keys("*").nodes == ["asks/pin"]
    assert at("wish").keys("*").nodes == ["asks/sure"]


def test_an_entry_that_is_too_short_and_is_a_command_is_that_command() -> None:
    assert at("pin").does(Digits("0", timed_out=True)).hears == [PERSON]
    assert at("pin").does(Digits("7", timed_out=True)).hears == ["Keep away.", PERSON]
    assert at("pin").does(Digits("12", timed_out=True)).verdict == "no_match"
    assert at("wish").does(Digits("0", timed_out=True)).hears == [PERSON]


def test_while_a_message_is_spoken_the_keys_are_free_and_work_without_a_star() -> None:
    record = at("message").turn.outputs[-1]
    assert isinstance(record, Record)
    assert record.commands == ("7", "0", "9", "*", "6")
    assert at("message").keys("7").hears == ["Keep away.", PERSON]
    assert at("message").keys("*").nodes == ["asks/wish"]
    assert at("message").keys("5").hears == ["First silence.", HOME]


def test_where_only_yes_or_no_is_asked_the_other_keys_are_free_as_well() -> None:
    assert at("sure").keys("7").hears == ["Keep away.", PERSON]
    assert at("sure").keys("0").hears == [PERSON]
    assert at("sure").keys("3").verdict == "no_match"


@pytest.mark.parametrize("confidence", [0.45, 0.5, 1.0])
@pytest.mark.parametrize("node", ["pin", "sure", "wish"])
def test_danger_is_believed_as_soon_as_it_is_heard(node: str, confidence: float) -> None:
    assert at(node).says("help there is danger here", confidence).hears == ["Keep away.", PERSON]
    assert Caller(flows_with()).says("danger", confidence).hears == ["Keep away.", PERSON]


def test_danger_comes_before_an_option_that_was_said_as_well_and_before_a_storm() -> None:
    assert Caller(flows_with()).says("danger my bill").hears == ["Keep away.", PERSON]
    storm = SHARED.replace("storm: {home: storm}", "storm: {home: storm, danger: storm}")
    assert Caller(flows_with(shared=storm), moment=STORM).keys("7").hears == ["Keep away.", PERSON]


def test_an_option_said_word_for_word_is_no_danger_for_sounding_like_it() -> None:
    flow = """
    flow: pay
    nodes:
      how:
        menu: home
        options:
          wechat: {key: "1", phrases: {en: [wechat], zh-CN: [微信]}, next: bye}
      bye: {hangup: goodbye}
    """
    assert Caller(flows_with(flow), "pay", "zh-CN").says("微信").nodes == ["pay/bye"]
    assert Caller(flows_with(flow), "pay", "zh-CN").says("微线").nodes[0].startswith("danger/")
    assert Caller(flows_with(flow), "pay", "zh-CN").says("有危险").nodes[0].startswith("danger/")


def test_a_menu_may_take_a_key_that_works_everywhere_elsewhere_but_not_that_of_danger() -> None:
    flow = """
    flow: own
    nodes:
      which:
        menu: home
        options:
          mine: {key: "9", phrases: {en: [repeat], zh-CN: [重听]}, next: bye}
      bye: {hangup: goodbye}
    """
    assert Caller(flows_with(flow), "own").keys("9").hears == ["Goodbye from Riverbend County Power."]
    assert Caller(flows_with(flow), "own").says("repeat").hears == ["Goodbye from Riverbend County Power."]


def test_the_way_back_leads_through_the_waits_as_they_were() -> None:
    caller = Caller(flows_with(ASKS), "asks").keys("1234", "1").says("come on Monday")
    back = caller.keys("*")
    assert back.nodes == ["asks/wish"]
    assert back.says("go back").nodes == ["asks/sure"]
    assert back.keys("*").nodes == ["asks/pin"]
    assert back.keys("*").hears == [HOME]  # nowhere to go: the wait again
    assert back.turn.state is not None
    assert back.turn.state["frames"][0]["vars"] == {"pin": "", "wish": "", "sure": False}


def test_there_is_no_way_back_over_something_that_was_done() -> None:
    caller = Caller(flows_with()).keys("1", "1").served("done")
    assert caller.nodes == ["home/third"]
    assert caller.keys("*").hears == ["Storm. Report or hang up."]
    late = Caller(flows_with()).keys("1", "1").served("late")
    assert late.hears == ["Goodbye from Riverbend County Power."]


def test_the_way_back_is_bounded() -> None:
    flow = """
    flow: round
    nodes:
      again: {menu: home, options: {one: {key: "1", next: again}}}
    """
    caller = Caller(flows_with(flow), "round").keys(*["1"] * 30)
    assert caller.turn.state is not None
    assert len(caller.turn.state["back"]) == 8


def test_the_main_menu_is_reached_from_everywhere_and_knows_the_caller_still() -> None:
    flow = "flow: outer\nnodes:\n  sub: {call: asks, next: bye}\n  bye: {hangup: goodbye}\n"
    elsewhere = Caller(flows_with(ASKS, flow), "outer").says("main menu")
    assert (elsewhere.nodes, elsewhere.hears) == (["home/home"], [HOME])
    at_home = Caller(flows_with()).keys("1").says("main menu")
    assert at_home.turn.state is not None
    assert at_home.nodes == ["home/home"]
    assert at_home.turn.state["frames"][0]["vars"]["account"] == "42"


def test_another_language_is_spoken_from_the_same_wait_on() -> None:
    caller = Caller(flows_with()).says("chinese")
    assert caller.one(LanguageChanged).language == "zh-CN"
    assert caller.hears == ["电费按一,报修按二。"]
    assert isinstance(caller.turn.outputs[-1], Gather)
    assert caller.says("英语").hears == [HOME]


def test_a_message_about_danger_is_not_lost_when_the_call_is_too_long() -> None:
    caller = Caller(flows_with()).keys("7")
    caller.moment = Moment(datetime(2026, 11, 23, 12, tzinfo=UTC), too_long=True)
    assert caller.is_silent().hears == ["First silence.", PERSON]
    assert caller.does(Recorded("r", 4.0)).over


def test_nor_is_one_that_a_flow_has_led_to() -> None:
    flow = """
    flow: sees
    nodes:
      danger: {call: danger, with: {danger: "true"}, next: bye}
      harmless: {call: danger, next: bye}
      bye: {hangup: goodbye}
    """
    late = Moment(datetime(2026, 11, 23, 12, tzinfo=UTC), too_long=True)
    assert Caller(flows_with(flow), "sees", moment=late).hears == ["Keep away.", PERSON]
    harmless = flow.replace("nodes:", "start: harmless\n    nodes:")
    assert Caller(flows_with(harmless), "sees", moment=late).hears == ["Keep away.", "This took long. Goodbye."]
