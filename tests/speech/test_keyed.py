"""Dates, times and amounts from the keypad."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.keyed import keyed_date, keyed_money, keyed_time

TODAY = date(2026, 12, 20)


@pytest.mark.parametrize(
    ("keys", "day"),
    [
        ("1231", date(2026, 12, 31)),
        ("0103", date(2027, 1, 3)),
        ("20260503", date(2026, 5, 3)),
        ("0229", None),
        ("20280229", date(2028, 2, 29)),
        ("1301", None),
        ("0000", None),
        ("503", None),
        ("00260503", None),
        ("05*3", None),
        ("０５０３", None),
        ("", None),
    ],
)
def test_a_date_is_month_and_day_with_the_year_before_it_or_without(keys: str, day: date | None) -> None:
    assert keyed_date(keys, TODAY) == day


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        ("0830", "08:30"),
        ("2359", "23:59"),
        ("0000", "00:00"),
        ("2400", None),
        ("1260", None),
        ("830", None),
        ("", None),
    ],
)
def test_a_time_is_of_24_hours(keys: str, at: str | None) -> None:
    assert keyed_time(keys) == at


@pytest.mark.parametrize(
    ("keys", "cents"),
    [
        ("12", 1200),
        ("12*5", 1250),
        ("12*50", 1250),
        ("12*05", 1205),
        ("0*5", 50),
        ("0", 0),
        ("*5", None),
        ("12*", None),
        ("12*505", None),
        ("1*2*3", None),
        ("", None),
        ("#", None),
    ],
)
def test_the_star_is_the_decimal_point(keys: str, cents: int | None) -> None:
    assert keyed_money(keys) == cents


@given(st.text("0123456789*#", max_size=14))
def test_no_keys_break_a_call(keys: str) -> None:
    keyed_date(keys, TODAY)
    keyed_time(keys)
    keyed_money(keys)
