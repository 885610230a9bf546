"""Values as they are said, per language. Pure: the same value always sounds the same.

How each kind is worded is in `speech.spoken_identifiers`, `spoken_numbers` and `spoken_dates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final

from speech.spoken_dates import say_date, say_datetime, say_month, say_time, say_weekday
from speech.spoken_identifiers import say_account, say_address, say_digits, say_phone
from speech.spoken_numbers import say_duration, say_money, say_number, say_ordinal
from speech.transcripts import mandarin

__all__ = ["FORMATS", "say_digits", "say_money", "say_number", "say_phone", "say_value"]

_YEAR_MONTH = re.compile(r"\d{4}-\d{2}")
_YES_NO = {"en": ("no", "yes"), "zh-CN": ("否", "是")}


def say_value(value: Any, format: str, language: str, *, today: str | date | None = None) -> str:
    """`value` as flows hold it: money in cents, durations in seconds, dates, times and datetimes in ISO form.

    Raises ValueError where it is none, or where there is no such format.
    """
    now = date.fromisoformat(today) if isinstance(today, str) else today
    if format not in _SAYING:
        raise ValueError(f"there is no way to say a value called {format!r}")
    return _SAYING[format](value, language, now)


def _day(value: Any) -> date:
    text = str(value)
    return date.fromisoformat(f"{text}-01" if _YEAR_MONTH.fullmatch(text) else text)


def _cents(value: Any) -> int:
    """Half a cent is a mistake made elsewhere: it is not rounded away here."""
    if isinstance(value, bool) or int(value) != float(value):
        raise ValueError(f"{value!r} is no amount in cents")
    return int(value)


def _yes_no(value: Any, language: str) -> str:
    """A flag as a service may give it; the text "false" is not true."""
    text = str(value).lower()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError(f"{value!r} is neither yes nor no")
    return _YES_NO["zh-CN" if mandarin(language) else "en"][text in ("true", "1", "yes")]


_SAYING: Final[dict[str, Callable[[Any, str, date | None], str]]] = {
    "text": lambda value, language, today: str(value),
    "digits": lambda value, language, today: say_digits(str(value), language),
    "account": lambda value, language, today: say_account(str(value), language),
    "phone": lambda value, language, today: say_phone(str(value), language),
    "address": lambda value, language, today: say_address(str(value), language),
    "number": lambda value, language, today: say_number(value, language),
    "ordinal": lambda value, language, today: say_ordinal(value, language),
    "money": lambda value, language, today: say_money(_cents(value), language),
    "duration": lambda value, language, today: say_duration(value, language),
    "minutes": lambda value, language, today: say_duration(float(value) * 60, language),
    "yes_no": lambda value, language, today: _yes_no(value, language),
    "time": lambda value, language, today: say_time(time.fromisoformat(str(value)), language),
    "date": lambda value, language, today: say_date(_day(value), language, today),
    "month": lambda value, language, today: say_month(_day(value), language, today),
    "weekday": lambda value, language, today: say_weekday(_day(value), language),
    "datetime": lambda value, language, today: say_datetime(datetime.fromisoformat(str(value)), language, today),
}
FORMATS: Final = frozenset(_SAYING)
