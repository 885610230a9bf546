"""What was heard with little confidence, or must be right, is asked back; a caller mends it in one step."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.outputs import Heard, Say
from tests.ivr.engine.caller import SHARED, Caller, flows_with

HOME = "One for a bill or two for a report?"
PERSON = "A person comes: Riverbend County Power."
DOUBTFUL = 0.5

FLOW = """
flow: {confirm}
vars: {{number: {type_}, choice: text}}
nodes:
  number: {{ask: home, type: {type_}, into: number, confirm: {confirm}, {more} next: choice}}
  choice:
    menu: home
    into: choice
    confirm: {confirm}
    options:
      bill: {{key: "1", phrases: {{en: [my bill], zh-CN: [电费]}}, next: bye}}
      report: {{key: "2", phrases: {{en: [a report], zh-CN: [报修]}}, next: bye}}
      silent: {{key: "3", next: bye}}
  bye: {{hangup: goodbye}}
"""


def asked(confirm: str = "auto", type_: str = "digits", more: str = "min: 4, max: 6,", language: str = "en") -> Caller:
    return Caller(flows_with(FLOW.format(confirm=confirm, type_=type_, more=more)), confirm, language)


def choosing(confirm: str = "auto") -> Caller:
    caller = asked(confirm).keys("1234")
    return caller.keys("1") if confirm == "always" else caller


def number(caller: Caller) -> Any:
    assert caller.nodes[-1] == f"{caller.nodes[-1].split('/')[0]}/choice", caller.hears
    assert caller.turn.state is not None
    return caller.turn.state["frames"][0]["vars"]["number"]


@pytest.mark.parametrize(
    ("confirm", "confidence", "verdict"),
    [
        ("auto", 0.3, "no_match"), ("auto", 0.45, "confirm"), ("auto", 0.59, "confirm"), ("auto", 0.6, "match"),
        ("never", 0.3, "no_match"), ("never", 0.45, "match"), ("always", 0.3, "no_match"), ("always", 0.99, "confirm"),
    ],
)  # fmt: skip
def test_confidence_decides_between_rejecting_asking_back_and_taking(
    confirm: str, confidence: float, verdict: str
) -> None:
    assert asked(confirm).says("one two three four", confidence).verdict == verdict
    assert choosing(confirm).says("my bill", confidence).verdict == verdict


def test_keys_are_asked_back_only_where_they_always_are() -> None:
    assert asked("auto").keys("1234").verdict == "match"
    assert asked("always").keys("1234").hears == ["You said 1 2 3 4. Right?"]
    assert choosing("always").keys("1").hears == ["You want my bill. Right?"]
    assert choosing("always").keys("3").hears == ["You want silent. Right?"]


@pytest.mark.parametrize("yes", ["yes", "that is right", "yeah that's correct"])
def test_a_yes_by_voice_or_key_takes_it(yes: str) -> None:
    assert number(asked().says("one two three four", DOUBTFUL).says(yes)) == "1234"
    assert number(asked().says("one two three four", DOUBTFUL).keys("1")) == "1234"
    chosen = choosing().says("a report", DOUBTFUL).says(yes)
    assert chosen.over
    assert chosen.one(Heard).option == "report"


def test_a_no_asks_anew_and_only_a_second_one_counts_as_a_misunderstanding() -> None:
    caller = asked().says("one two three four", DOUBTFUL)
    assert caller.says("no").hears == [HOME]
    assert caller.says("one two three four", DOUBTFUL).keys("2").hears == ["First not understood.", HOME]
    caller.says("one two three four", DOUBTFUL).says("no that is wrong")
    assert caller.hears == ["Second not understood.", HOME]
    assert caller.says("one two three four", DOUBTFUL).says("no").hears == [PERSON]


@pytest.mark.parametrize(
    ("said", "mended"),
    [("no four not three", "1 2 4 4"), ("no one two three five", "1 2 3 5"), ("one two three six", "1 2 3 6")],
)
def test_one_step_mends_a_value_which_is_asked_back_again(said: str, mended: str) -> None:
    caller = asked().says("one two three four", DOUBTFUL).says(said)
    assert caller.verdict == "corrected"
    assert caller.hears == [f"You said {mended}. Right?"]
    assert number(caller.says("yes")) == mended.replace(" ", "")


def test_a_date_and_an_option_are_mended_in_one_step_as_well() -> None:
    caller = asked(type_="date", more="").says("the first of December", DOUBTFUL)
    assert caller.hears == ["You said December 1. Right?"]
    assert caller.says("no, the second of December").hears == ["You said December 2. Right?"]
    assert choosing().says("my bill", DOUBTFUL).says("no a report").hears == ["You want a report. Right?"]


def test_a_correction_that_cannot_be_is_said_to_be_wrong() -> None:
    caller = asked(type_="number", more="max_value: 50,").says("forty", DOUBTFUL)
    assert caller.says("no sixty").hears == ["That cannot be.", HOME]


def test_silence_and_misunderstanding_while_asking_back_have_counters_of_their_own() -> None:
    caller = asked().is_silent(2).says("one two three four", DOUBTFUL)
    assert caller.is_silent().hears == ["First silence.", "You said 1 2 3 4. Right?"]
    assert caller.keys("5").hears == ["First not understood.", "You said 1 2 3 4. Right?"]
    assert caller.says("mumble mumble").hears == ["Second not understood.", "You said 1 2 3 4. Right?"]
    assert caller.keys("5").hears == [PERSON]


def test_what_works_everywhere_works_while_something_is_asked_back() -> None:
    assert asked().says("one two three four", DOUBTFUL).keys("7").hears == ["Keep away.", PERSON]
    assert asked().says("one two three four", DOUBTFUL).says("danger", 0.46).hears == ["Keep away.", PERSON]
    assert asked().says("one two three four", DOUBTFUL).keys("9").hears == ["You said 1 2 3 4. Right?"]
    assert choosing().says("my bill", DOUBTFUL).keys("*").nodes == ["auto/number"]
    turned = asked().says("one two three four", DOUBTFUL).says("chinese")
    assert turned.hears == ["电费按一,报修按二。"]


def test_a_wish_that_leaves_the_wait_is_asked_back_when_it_is_doubtful_and_one_that_stays_is_not() -> None:
    assert choosing().says("agent", DOUBTFUL).hears == ["You want agent. Right?"]
    assert choosing().says("agent", DOUBTFUL).says("yes").hears == [PERSON]
    assert choosing().says("repeat", DOUBTFUL).hears == [HOME]
    assert choosing().says("danger", DOUBTFUL).hears == ["Keep away.", PERSON]


def test_what_is_private_stays_so_when_it_is_asked_back() -> None:
    caller = asked("always", more="min: 4, max: 6, private: true,").keys("1234")
    assert caller.one(Say).private
    assert caller.one(Heard).text == "•••"
    assert caller.turn.private
    assert caller.keys("9999").one(Heard).text == "•••"


def test_without_words_to_ask_back_with_nothing_is() -> None:
    bare = "\n".join(line for line in SHARED.splitlines() if "confirm_" not in line)
    flow = FLOW.format(confirm="auto", type_="digits", more="min: 4, max: 6,")
    caller = Caller(flows_with(flow, shared=bare), "auto").says("one two three four", DOUBTFUL)
    assert caller.verdict == "match"


def test_mandarin_is_asked_back_and_mended_in_mandarin() -> None:
    caller = asked(language="zh-CN").says("一二三四", DOUBTFUL)
    assert caller.hears == ["您说的是幺二三四,对吗?"]
    assert caller.says("不是,是一二三五").hears == ["您说的是幺二三五,对吗?"]
    assert number(caller.says("对")) == "1235"
