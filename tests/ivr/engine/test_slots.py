"""Values that are asked for: keyed or spoken, checked, asked again when they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from speech.check_digits import complete
from tests.ivr.engine.caller import Caller, flows_with

ACCOUNT = complete("123456789", "luhn")
WRONG_ACCOUNT = ACCOUNT[:-1] + str((int(ACCOUNT[-1]) + 1) % 10)


def asking(type_: str, more: str = "", language: str = "en") -> Caller:
    variable = {"account": "account", "address": "address"}.get(type_, type_)
    flow = f"""
    flow: asking
    vars: {{value: {variable}}}
    nodes:
      value: {{ask: home, type: {type_}, into: value, {more} next: got}}
      got: {{menu: home, options: {{one: {{key: "1", next: bye}}}}}}
      bye: {{hangup: goodbye}}
    """
    return Caller(flows_with(flow), "asking", language)


def value(caller: Caller) -> Any:
    assert caller.nodes == ["asking/got"], caller.hears
    assert caller.turn.state is not None
    return caller.turn.state["frames"][0]["vars"]["value"]


@pytest.mark.parametrize(
    ("type_", "keys", "kept"),
    [
        ("digits", "0042", "0042"),
        ("number", "0042", 42),
        ("phone", "13800138000", "+8613800138000"),
        ("phone", "95598", "95598"),
        ("money", "12", 1200),
        ("money", "12*5", 1250),
        ("money", "12*05", 1205),
        ("date", "1224", "2026-12-24"),
        ("date", "0103", "2027-01-03"),
        ("date", "20280229", "2028-02-29"),
        ("time", "0830", "08:30"),
        ("yes_no", "1", True),
        ("yes_no", "2", False),
        ("account", ACCOUNT, ACCOUNT),
    ],
)
def test_every_type_can_be_keyed(type_: str, keys: str, kept: object) -> None:
    assert value(asking(type_).keys(keys)) == kept


@pytest.mark.parametrize(
    ("type_", "said", "kept"),
    [
        ("digits", "one three double eight", "1388"),
        ("number", "forty two", 42),
        ("phone", "one three eight double oh one three eight oh oh oh", "+8613800138000"),
        ("money", "twelve yuan fifty", 1250),
        ("date", "the third of January", "2027-01-03"),
        ("time", "half past eight", "08:30"),
        ("yes_no", "yes please", True),
        ("yes_no", "no", False),
        ("account", " ".join(ACCOUNT), ACCOUNT),
        ("address", "eighteen People's Road", "18 People's Road"),
        ("text", "come on Monday", "come on Monday"),
    ],
)
def test_every_type_can_be_said(type_: str, said: str, kept: object) -> None:
    assert value(asking(type_).says(said)) == kept


def test_values_are_heard_in_mandarin_as_well() -> None:
    assert value(asking("money", language="zh-CN").says("十二块五")) == 1250
    assert value(asking("yes_no", language="zh-CN").says("不是")) is False


@pytest.mark.parametrize(
    ("type_", "more", "keys"),
    [
        ("account", "", WRONG_ACCOUNT),
        ("date", "", "0230"),
        ("date", "", "20261301"),
        ("date", "max_value: today,", "20261224"),
        ("date", "min_value: today-7, max_value: today+30,", "20270224"),
        ("time", "", "2560"),
        ("phone", "", "12345678"),
        ("number", "min_value: 10, max_value: 20,", "21"),
        ("number", "min_value: 10, max_value: 20,", "9"),
        ("money", "max_value: 10000,", "100*01"),
    ],
)
def test_a_value_that_cannot_be_is_asked_again_with_words_of_its_own_and_ends_at_its_own_limit(
    type_: str, more: str, keys: str
) -> None:
    caller = asking(type_, more).keys(keys)
    assert caller.verdict == "invalid"
    assert caller.hears[0] == "That cannot be."
    assert caller.is_silent().hears[0] == "First silence."
    assert caller.keys(keys).hears == ["A person comes: Riverbend County Power."]


@pytest.mark.parametrize(
    ("type_", "keys"),
    [("account", "12345"), ("date", "12245"), ("time", "083"), ("money", "12*345"), ("money", "12*"), ("yes_no", "3"),
     ("number", "1*2"), ("digits", ""), ("digits", "12*3")],
)  # fmt: skip
def test_an_entry_that_is_no_value_of_the_type_is_not_understood(type_: str, keys: str) -> None:
    assert asking(type_).keys(keys).verdict == "no_match"


def test_a_month_and_a_day_are_the_nearest_that_may_be() -> None:
    assert value(asking("date", "min_value: today,").keys("1101")) == "2027-11-01"
    assert value(asking("date", "max_value: today,").keys("1224")) == "2025-12-24"
    assert value(asking("date").keys("1101")) == "2026-11-01"


def test_spoken_values_are_held_to_the_same_rules() -> None:
    assert asking("account").says(" ".join(WRONG_ACCOUNT)).verdict == "invalid"
    assert asking("number", "max_value: 20,").says("twenty one").verdict == "invalid"
    assert asking("account").says("one two three").verdict == "no_match"
    assert asking("phone").says("one two three four five six seven eight").verdict == "invalid"


def test_the_channel_is_told_how_long_an_entry_is_and_what_may_be_keyed_besides() -> None:
    keys = asking("account").gather.keys
    assert keys is not None
    assert (keys.min_digits, keys.max_digits, keys.commands) == (10, 10, ("*7", "*0", "*9", "*", "*6"))
    starred = asking("digits", 'terminator: "*",').gather.keys
    assert starred is not None
    assert starred.commands == ()
