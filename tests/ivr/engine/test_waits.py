"""Silence, misunderstanding, wrong values and wishes for help are counted apart, and end where the flow says."""

from __future__ import annotations

import pytest

from tests.ivr.engine.caller import Caller, flows_with

HOME = "One for a bill or two for a report?"
PERSON = "A person comes: Riverbend County Power."


def test_each_kind_of_trouble_has_its_own_count_and_its_own_words() -> None:
    caller = Caller(flows_with())
    assert caller.is_silent().hears == ["First silence.", HOME]
    assert caller.keys("5").hears == ["First not understood.", HOME]
    assert caller.says("help").hears == ["First help.", HOME]
    assert caller.is_silent().hears == ["Second silence.", HOME]
    assert caller.keys("6").hears == ["Second help.", HOME]
    assert caller.says("what a lovely day").hears == ["Second not understood.", HOME]
    assert not caller.over


@pytest.mark.parametrize("trouble", ["silence", "misunderstanding", "help"])
def test_each_kind_leads_to_a_person_at_its_limit_and_none_hangs_up_without_a_word(trouble: str) -> None:
    caller = Caller(flows_with())
    for _ in range(3):
        if trouble == "silence":
            caller.is_silent()
        else:
            caller.keys("5" if trouble == "misunderstanding" else "6")
    assert caller.hears == [PERSON]


def test_repeating_a_wait_is_no_new_beginning_and_entering_it_anew_is() -> None:
    caller = Caller(flows_with()).is_silent(2)
    assert caller.keys("9").hears == [HOME]
    assert caller.is_silent().hears == [PERSON]
    anew = Caller(flows_with()).is_silent(2).keys("1").keys("*")
    assert anew.nodes == ["home/home"]
    assert anew.is_silent().hears == ["First silence.", HOME]


def test_more_troubles_than_prompts_say_the_last_one_again() -> None:
    flow = """
    flow: patient
    nodes:
      ask:
        menu: home
        options: {one: {key: "1", next: bye}}
        no_input: {say: [silent_1, silent_2], limit: 5, next: bye, reprompt: false}
      bye: {hangup: goodbye}
    """
    caller = Caller(flows_with(flow), "patient")
    said = [caller.is_silent().hears for _ in range(5)]
    assert said == [["First silence."], ["Second silence."], ["Second silence."], ["Second silence."],
                    ["Goodbye from Riverbend County Power."]]  # fmt: skip


def test_a_message_is_asked_for_again_and_then_left_out() -> None:
    flow = """
    flow: message
    vars: {recording: text}
    nodes:
      say: {record: home, into: recording, no_input: {limit: 2, next: bye}, next: bye}
      bye: {hangup: goodbye}
    """
    caller = Caller(flows_with(flow), "message")
    assert caller.is_silent().hears == ["First silence.", HOME]
    assert caller.is_silent().hears == ["Goodbye from Riverbend County Power."]
