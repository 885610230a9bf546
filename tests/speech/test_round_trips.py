"""What we say to a caller, said back to us, is the same value: no reading is the odd one out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from speech import heard
from speech.check_digits import complete
from speech.heard_dates import read_date
from speech.keyed import keyed_date, keyed_money, keyed_time
from speech.spoken import say_value

LANGUAGES = st.sampled_from(["en", "zh-CN"])
DAYS = st.dates(date(1901, 1, 1), date(2198, 12, 31))
MOBILES = st.builds(
    lambda prefix, rest: f"+86{prefix}{rest:08}",
    st.sampled_from(["138", "139", "159", "187"]),
    st.integers(0, 10**8 - 1),
)
LANDLINES = st.builds(lambda rest: f"+86571{rest}", st.integers(8_000_0000, 8_999_9999))


@given(st.text("0123456789", min_size=1, max_size=20), LANGUAGES)
def test_digits(digits: str, language: str) -> None:
    assert heard.read_digits(say_value(digits, "digits", language), language) == digits


@given(st.text("0123456789", min_size=1, max_size=16), LANGUAGES)
def test_account_numbers(stem: str, language: str) -> None:
    number = complete(stem, "iso7064_mod11_10")
    assert heard.read_account(say_value(number, "account", language), language) == number


@given(MOBILES | LANDLINES | st.sampled_from(["95598", "110", "+442079460958", "+864008895598"]), LANGUAGES)
def test_telephone_numbers(number: str, language: str) -> None:
    assert heard.read_phone(say_value(number, "phone", language), language) == number


@given(st.decimals(-(10**12), 10**12, places=3) | st.integers(-(10**9), 10**9), LANGUAGES)
def test_numbers(number: Decimal | int, language: str) -> None:
    assert heard.read_number(say_value(number, "number", language), language) == float(number)


@given(st.integers(-(10**10), 10**10), LANGUAGES)
def test_money(cents: int, language: str) -> None:
    assert heard.read_money(say_value(cents, "money", language), language) == cents


@given(DAYS, DAYS, LANGUAGES)
def test_dates(day: date, today: date, language: str) -> None:
    assert read_date(say_value(day.isoformat(), "date", language, today=today), language, today) == day


@given(DAYS, st.integers(-400, 400), LANGUAGES)
def test_dates_that_are_near(today: date, days: int, language: str) -> None:
    day = today + timedelta(days=days)
    assert read_date(say_value(day.isoformat(), "date", language, today=today), language, today) == day


@given(st.times(), LANGUAGES)
def test_times(at: time, language: str) -> None:
    said = say_value(at.isoformat(), "time", language)
    assert heard.read_time(said, language) == f"{at:%H:%M}"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), LANGUAGES)  # noqa: DTZ001 - the caller's own clock
def test_the_time_of_a_moment(at: datetime, language: str) -> None:
    said = say_value(at.isoformat(), "datetime", language, today=at.date())
    assert heard.read_time(said.replace(" at ", " "), language) == f"{at:%H:%M}"


@given(st.booleans(), LANGUAGES)
def test_yes_and_no(answer: bool, language: str) -> None:
    said = say_value(answer, "yes_no", language)
    assert heard.read_yes_no("不是" if said == "否" else said, language) is answer


@given(DAYS, DAYS)
def test_a_day_that_is_keyed_in(day: date, today: date) -> None:
    assert keyed_date(f"{day:%Y%m%d}", today) == day
    near = keyed_date(f"{day:%m%d}", today)
    assert near is None or ((near.month, near.day) == (day.month, day.day) and abs(near - today).days <= 183)


@given(st.times())
def test_a_time_that_is_keyed_in(at: time) -> None:
    assert keyed_time(f"{at:%H%M}") == f"{at:%H:%M}"


@given(st.integers(0, 10**9))
def test_money_that_is_keyed_in(cents: int) -> None:
    assert keyed_money(f"{cents // 100}*{cents % 100:02}") == cents
