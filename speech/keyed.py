"""Dates, times and money from the keypad: MMDD or YYYYMMDD, HHMM, yuan with `*` as the decimal point."""

from __future__ import annotations

import re
from datetime import date

from speech.calendar_days import day_of, nearest

_MONEY = re.compile(r"(?P<yuan>\d{1,12})(?:\*(?P<fraction>\d{1,2}))?", re.ASCII)
_FIGURES = re.compile(r"\d+", re.ASCII)


def keyed_date(keys: str, today: date) -> date | None:
    """ "0503" is the 3 May nearest to today, "20260503" that of 2026. None for no such day, or years before 1900."""
    if not _FIGURES.fullmatch(keys):
        return None
    if len(keys) == 4:
        return nearest(int(keys[:2]), int(keys[2:]), today)
    if len(keys) == 8 and 1900 <= int(keys[:4]) <= 2199:
        return day_of(int(keys[:4]), int(keys[4:6]), int(keys[6:]))
    return None


def keyed_time(keys: str) -> str | None:
    """ "0830" -> "08:30", as on a 24-hour clock."""
    if len(keys) != 4 or not _FIGURES.fullmatch(keys) or int(keys[:2]) > 23 or int(keys[2:]) > 59:
        return None
    return f"{keys[:2]}:{keys[2:]}"


def keyed_money(keys: str) -> int | None:
    """Cents: "12" -> 1200, "12*5" -> 1250, "12*05" -> 1205. None for a point with nothing before or behind it."""
    found = _MONEY.fullmatch(keys)
    return int(found["yuan"]) * 100 + int((found["fraction"] or "").ljust(2, "0")) if found else None
