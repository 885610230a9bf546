"""Keys become an entry or a command, and what belongs to one leaks into nothing else."""

from __future__ import annotations

import pytest

from ivr.events import Digits
from ivr.keypad import KeyEntry, keyed
from ivr.outputs import KeyInput

ACCOUNT = KeyInput(10, 10, commands=("*7", "*0", "*"))
YES_NO = KeyInput(1, 1, commands=("*7", "*"))
LONG_MENU = KeyInput(1, 2, commands=("1", "2", "34"))


@pytest.mark.parametrize(
    ("rules", "keys", "entry", "rest"),
    [
        (ACCOUNT, "1234567890", Digits("1234567890"), ""),
        (ACCOUNT, "1234567890#", Digits("1234567890"), ""),
        (ACCOUNT, "1234567890#1", Digits("1234567890"), "1"),
        (ACCOUNT, "12345678901", Digits("1234567890"), "1"),
        (ACCOUNT, "123#4", Digits("123"), "4"),
        (ACCOUNT, "123", Digits("123", timed_out=True), ""),
        (ACCOUNT, "#", Digits(""), ""),
        (ACCOUNT, "", Digits("", timed_out=True), ""),
        (ACCOUNT, "*7", Digits("*7"), ""),
        (ACCOUNT, "*7#", Digits("*7"), ""),
        (ACCOUNT, "*", Digits("*", timed_out=True), ""),
        (ACCOUNT, "*#", Digits("*"), ""),
        (YES_NO, "1", Digits("1"), ""),
        (YES_NO, "*7", Digits("*7"), ""),
        (YES_NO, "*", Digits("*", timed_out=True), ""),
        (YES_NO, "*2", Digits("*2"), ""),
        (LONG_MENU, "1", Digits("1"), ""),
        (LONG_MENU, "34", Digits("34"), ""),
        (LONG_MENU, "3", Digits("3", timed_out=True), ""),
        (LONG_MENU, "39", Digits("39"), ""),
    ],
)
def test_what_keys_make(rules: KeyInput, keys: str, entry: Digits, rest: str) -> None:
    assert keyed(keys, rules) == (entry, rest)


def test_only_an_entry_that_ended_by_itself_may_be_followed_by_its_terminator() -> None:
    full, terminated = KeyEntry(ACCOUNT), KeyEntry(ACCOUNT)
    for key in "1234567890":
        full.press(key)
    terminated.press("1")
    terminated.press("#")
    assert (full.full, terminated.full) == (True, False)
