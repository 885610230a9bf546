"""What callers say, read back into values; and what is not read, because it would be a guess."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.heard import read_date, read_digits, read_money, read_number, read_yes_no
from speech.spoken import say_digits, say_money

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize(
    ("text", "language", "digits"),
    [
        ("one three eight double two", "en", "13822"),
        ("five oh five triple nine", "en", "505999"),
        ("my account number is 13 80", "en", "1380"),
        ("one 3 eight", "en", "138"),
        ("double 5", "en", "55"),
        ("double twelve", "en", None),
        ("one double", "en", None),
        ("double 12", "en", None),
        ("for you", "en", None),
        ("one bill", "en", None),
        ("", "en", None),
        ("幺三八", "zh-CN", "138"),
        ("我的户号是一零零二", "zh-CN", "1002"),
        ("13八零", "zh-CN", "1380"),
        ("一百", "zh-CN", None),
        ("停电", "zh-CN", None),
    ],
)
def test_digits(text: str, language: str, digits: str | None) -> None:
    assert read_digits(text, language) == digits


@given(st.text("0123456789", min_size=1, max_size=20), st.sampled_from(["en", "zh-CN"]))
def test_digits_that_we_say_are_read_back(digits: str, language: str) -> None:
    assert read_digits(say_digits(digits, language), language) == digits


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("one hundred and five", "en", 105),
        ("a hundred", "en", 100),
        ("twenty-five", "en", 25),
        ("three point one four", "en", 3.14),
        ("minus two", "en", -2),
        ("3.5", "en", 3.5),
        ("inf", "en", None),
        ("1_000", "en", None),
        ("several", "en", None),
        ("一百零五", "zh-CN", 105),
        ("一千二", "zh-CN", 1200),
        ("三点五", "zh-CN", 3.5),
        ("负三", "zh-CN", -3),
        ("很多", "zh-CN", None),
        ("", "zh-CN", None),
    ],
)
def test_numbers(text: str, language: str, number: float | None) -> None:
    assert read_number(text, language) == number


@pytest.mark.parametrize(
    ("text", "language", "cents"),
    [
        ("fifty yuan", "en", 5000),
        ("twelve yuan fifty", "en", 1250),
        ("twelve yuan and five cents", "en", 1205),
        ("12.50 yuan", "en", 1250),
        ("1,200 yuan", "en", 120000),
        ("one hundred and twenty yuan", "en", 12000),
        ("eighty cents", "en", 80),
        ("minus ten yuan", "en", -1000),
        ("a hundred", "en", 10000),
        ("twelve yuan five", "en", None),
        ("0.125 yuan", "en", None),
        ("some yuan", "en", None),
        ("三块五", "zh-CN", 350),
        ("三块五毛五", "zh-CN", 355),
        ("一百二十三元四角五分", "zh-CN", 12345),
        ("十二块零五分", "zh-CN", 1205),
        ("五毛", "zh-CN", 50),
        ("一百块钱", "zh-CN", 10000),
        ("123.45元", "zh-CN", 12345),
        ("一百二十", "zh-CN", 12000),
        ("很多钱", "zh-CN", None),
        ("五", "zh-CN", 500),
    ],
)
def test_money(text: str, language: str, cents: int | None) -> None:
    assert read_money(text, language) == cents


@given(st.integers(-10_000_000, 10_000_000), st.sampled_from(["en", "zh-CN"]))
def test_money_that_we_say_is_read_back(cents: int, language: str) -> None:
    assert read_money(say_money(cents, language), language) == cents


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("today", "en", date(2026, 3, 10)),
        ("the day after tomorrow", "en", date(2026, 3, 12)),
        ("march third", "en", date(2026, 3, 3)),
        ("the twenty first of march", "en", date(2026, 3, 21)),
        ("March 3rd, 2025", "en", date(2025, 3, 3)),
        ("march third twenty twenty five", "en", date(2025, 3, 3)),
        ("may twenty twenty twenty five", "en", date(2025, 5, 20)),
        ("december thirty first", "en", date(2025, 12, 31)),
        ("2026-03-03", "en", date(2026, 3, 3)),
        ("february thirtieth", "en", None),
        ("monday", "en", None),
        ("march", "en", None),
        ("march third or fourth", "en", None),
        ("后天", "zh-CN", date(2026, 3, 12)),
        ("三月三号", "zh-CN", date(2026, 3, 3)),
        ("3月21日", "zh-CN", date(2026, 3, 21)),
        ("二零二五年十二月三十一日", "zh-CN", date(2025, 12, 31)),
        ("去年十月一号", "zh-CN", date(2025, 10, 1)),
        ("二月三十号", "zh-CN", None),
        ("星期一", "zh-CN", None),
        ("三号", "zh-CN", None),
    ],
)
def test_dates(text: str, language: str, day: date | None) -> None:
    assert read_date(text, language, TODAY) == day


@pytest.mark.parametrize(
    ("text", "language", "answer"),
    [
        ("yes", "en", True),
        ("yes it is, thank you", "en", True),
        ("that's right", "en", True),
        ("no", "en", False),
        ("no, it is not", "en", False),
        ("that's not right", "en", False),
        ("not wrong", "en", None),
        ("yes and no", "en", None),
        ("no power", "en", None),
        ("", "en", None),
        ("对对对", "zh-CN", True),
        ("是的,没错", "zh-CN", True),
        ("不是", "zh-CN", False),
        ("没有啊", "zh-CN", False),
        ("不错", "zh-CN", None),
        ("是不是", "zh-CN", None),
        ("停电", "zh-CN", None),
    ],
)
def test_yes_and_no(text: str, language: str, answer: bool | None) -> None:
    assert read_yes_no(text, language) is answer


@given(st.text(max_size=30), st.sampled_from(["en", "zh-CN"]))
def test_nothing_that_is_said_breaks_a_call(text: str, language: str) -> None:
    read_digits(text, language)
    read_number(text, language)
    read_money(text, language)
    read_date(text, language, TODAY)
    read_yes_no(text, language)


def test_a_talker_is_answered_at_once_and_a_number_beyond_all_meters_is_none() -> None:
    assert read_money("and not five " * 400, "en") is None
    assert read_number("one " * 400, "en") is None
    assert read_number("9" * 16, "zh-CN") is None
