"""A caller mends one digit of a value that was read back; what could be several is asked again, not guessed.

Wordings with their outcomes are in wordings/corrections.tsv.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.check_digits import complete, valid
from speech.corrections import corrected, new_value_said

CHECK = "iso7064_mod11_10"
WORDS = dict(zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True))  # noqa: SIM905
ACCOUNTS = st.text("0123456789", min_size=9, max_size=9).map(lambda stem: complete(stem, CHECK))


def account(number: str) -> bool:
    return valid(number, CHECK)


def test_two_fives_are_asked_again() -> None:
    assert corrected("1505", "no, 4 not 5", "en") is None
    assert corrected("1505", "不是五是四", "zh-CN") is None


def test_two_fives_are_no_doubt_where_only_one_of_them_makes_a_valid_number() -> None:
    assert corrected("5870503222", "no, 4 not 5", "en", account) == "5870403222"
    assert corrected("5870503222", "不是五是四", "zh-CN", account) == "5870403222"
    assert corrected("5870503222", "no, 4 not 5", "en", lambda number: True) is None


@given(ACCOUNTS, st.data())
def test_a_digit_that_was_heard_wrong_is_mended_by_the_check_digit(number: str, data: st.DataObject) -> None:
    """One misheard digit, corrected by "X not Y": never to a number that is not the caller's."""
    place = data.draw(st.integers(0, 9))
    misheard = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    heard = number[:place] + misheard + number[place + 1 :]
    said = f"no, {WORDS[number[place]]} not {WORDS[misheard]}"
    mended = corrected(heard, said, "en", account)
    if heard.count(misheard) == 1:
        assert mended == number
    else:
        assert mended in (number, None)  # None where another place would give a valid number too


@given(ACCOUNTS, st.integers(1, 10), st.sampled_from("0123456789"))
def test_the_digit_at_a_place_is_replaced_in_both_languages(number: str, place: int, digit: str) -> None:
    expected = number[: place - 1] + digit + number[place:]
    ordinal = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"][place - 1]
    mandarin = "一二三四五六七八九十"[place - 1]
    outcome = None if expected == number else expected
    assert corrected(number, f"no, the {ordinal} digit is {WORDS[digit]}", "en") == outcome
    assert corrected(number, f"不对,第{mandarin}位是{digit}", "zh-CN") == outcome


@given(st.text(max_size=40), st.sampled_from(["en", "zh-CN"]))
def test_nothing_that_is_said_breaks_a_confirmation(said: str, language: str) -> None:
    for value in ("1000571014", "+8613800571001", "5", "", "text"):
        corrected(value, said, language)
    new_value_said(said, language)


@pytest.mark.parametrize(
    ("said", "language", "rest"),
    [
        ("no, the fifth of May", "en", "the fifth of may"),
        ("no no, it's the fifth of May", "en", "the fifth of may"),
        ("No. I said half past nine", "en", "half past nine"),
        ("not the third, the fifth", "en", "the fifth"),
        ("May fifth, not May third", "en", "may fifth"),
        ("that's wrong, it should be fifty yuan", "en", "fifty yuan"),
        ("the fifth of May", "en", "the fifth of may"),
        ("no", "en", ""),
        ("November the third", "en", "november the third"),
        ("noon", "en", "noon"),
        ("不是三号是五号", "zh-CN", "五号"),
        ("不对,是五月五号", "zh-CN", "五月五号"),
        ("不是,五月五号", "zh-CN", "五月五号"),
        ("不,五十块", "zh-CN", "五十块"),
        ("我说的是下午三点", "zh-CN", "下午三点"),
        ("五号不是三号", "zh-CN", "五号"),
        ("下午三点", "zh-CN", "下午三点"),
        ("不对", "zh-CN", ""),
    ],
)
def test_a_new_value_is_what_remains_without_the_denial(said: str, language: str, rest: str) -> None:
    assert new_value_said(said, language) == rest
