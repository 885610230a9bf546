"""Values as they are said, per language. Pure: the same value always sounds the same.

Digits stay digits where a voice reads them right, so that captions read well too; identifiers and years in Mandarin are
spelled out, with 幺 for 1 as on every Chinese telephone.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.dates import format_date

FORMATS = frozenset({"text", "digits", "number", "money", "date", "time", "month", "phone", "yes_no"})

_MANDARIN_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
_MANDARIN_YEAR = _MANDARIN_DIGITS | {"1": "一"}
_NEAR_DAYS = {
    "en": {-1: "yesterday", 0: "today", 1: "tomorrow"},
    "zh-CN": {-1: "昨天", 0: "今天", 1: "明天"},
}
_YES_NO = {"en": ("no", "yes"), "zh-CN": ("否", "是")}


def say_value(value: Any, format: str, language: str, *, today: str | date | None = None) -> str:
    """`value` as flows hold it: money in cents, dates and times in ISO form. Raises ValueError where it is none."""
    if format == "text":
        return str(value)
    if format == "digits":
        return say_digits(str(value), language)
    if format == "phone":
        return say_phone(str(value), language)
    if format == "number":
        return say_number(value, language)
    if format == "money":
        return say_money(_cents(value), language)
    if format == "yes_no":
        return _YES_NO["zh-CN" if _mandarin(language) else "en"][_truth(value)]
    if format == "time":
        return say_time(time.fromisoformat(str(value)), language)
    if format not in ("date", "month"):
        raise ValueError(f"there is no way to say a value called {format!r}")
    day = date.fromisoformat(f"{value}-01" if _YEAR_MONTH.fullmatch(str(value)) else str(value))
    now = date.fromisoformat(today) if isinstance(today, str) else today
    return say_date(day, language, now) if format == "date" else say_month(day, language, now)


def say_digits(digits: str, language: str) -> str:
    """One by one: "1 3 8" or 幺三八. Characters that are no digits are left out."""
    only = [d for d in digits if d in _MANDARIN_DIGITS]
    return "".join(_MANDARIN_DIGITS[d] for d in only) if _mandarin(language) else " ".join(only)


def say_phone(number: str, language: str) -> str:
    """Grouped as people say it: 138, 0013, 8000. China's country code is left out."""
    digits = "".join(d for d in number.removeprefix("+86") if d.isdecimal())
    mobile = len(digits) == 11
    groups = [digits[:3], digits[3:7], digits[7:]] if mobile else [digits[i : i + 4] for i in range(0, len(digits), 4)]
    pause = "," if _mandarin(language) else ", "
    return pause.join(say_digits(group, language) for group in groups if group)


def say_number(value: float | str, language: str) -> str:
    """Every figure it has, and no zeros behind the point. Raises ValueError for what is no number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    text = f"{abs(number):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if number < 0:
        return ("负" if _mandarin(language) else "minus ") + text
    return text


def say_money(cents: int, language: str) -> str:
    """Yuan. 12345 -> "123.45 yuan", 123元4角5分; whole amounts without a fraction."""
    yuan, rest = divmod(abs(cents), 100)
    if not _mandarin(language):
        amount = f"{yuan}.{rest:02d}" if rest else str(yuan)
        return f"{'minus ' if cents < 0 else ''}{amount} yuan"
    jiao, fen = divmod(rest, 10)
    said = f"{yuan}元" if yuan or not rest else ""
    if jiao:
        said += f"{jiao}角"
    elif fen and yuan:
        said += "零"
    if fen:
        said += f"{fen}分"
    return ("负" if cents < 0 else "") + said


def say_date(day: date, language: str, today: date | None = None) -> str:
    """The day; "today", "tomorrow" where it is; the year only where it is another one."""
    near = _NEAR_DAYS["zh-CN" if _mandarin(language) else "en"]
    if today is not None and abs(day - today) <= timedelta(days=1):
        return near[(day - today).days]
    other_year = today is not None and day.year != today.year
    if _mandarin(language):
        return (_mandarin_year(day.year) if other_year else "") + f"{day.month}月{day.day}日"
    return format_date(day, "MMMM d, y" if other_year else "MMMM d", locale="en")


def say_month(day: date, language: str, today: date | None = None) -> str:
    other_year = today is not None and day.year != today.year
    if _mandarin(language):
        return (_mandarin_year(day.year) if other_year else "") + f"{day.month}月"
    return format_date(day, "MMMM y" if other_year else "MMMM", locale="en")


def say_time(at: time, language: str) -> str:
    """Twelve hours with the part of the day: "2:30 PM", 下午2点半."""
    hour = at.hour % 12 or 12
    if not _mandarin(language):
        minutes = f":{at.minute:02d}" if at.minute else ""
        return f"{hour}{minutes} {'AM' if at.hour < 12 else 'PM'}"
    part = next(name for until, name in _DAY_PARTS if at.hour < until)
    hour = at.hour if at.hour <= 12 else hour
    if at.minute == 30:
        return f"{part}{hour}点半"
    minutes = "" if at.minute == 0 else f"{'零' if at.minute < 10 else ''}{at.minute}分"
    return f"{part}{hour}点{minutes}"


def _cents(value: Any) -> int:
    """Half a cent is a mistake made elsewhere: it is not rounded away here."""
    if isinstance(value, bool) or int(value) != float(value):
        raise ValueError(f"{value!r} is no amount in cents")
    return int(value)


def _truth(value: Any) -> bool:
    """A flag as a service may give it; the text "false" is not true."""
    text = str(value).lower()
    if text not in ("true", "false", "1", "0", "yes", "no"):
        raise ValueError(f"{value!r} is neither yes nor no")
    return text in ("true", "1", "yes")


_YEAR_MONTH = re.compile(r"\d{4}-\d{2}")
_DAY_PARTS = ((6, "凌晨"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))


def _mandarin(language: str) -> bool:
    return language.lower().startswith("zh")


def _mandarin_year(year: int) -> str:
    return "".join(_MANDARIN_YEAR[d] for d in str(year)) + "年"
