"""Spoken dates read back. A day without a year is the nearest one; a day of the week alone is nobody's guess."""

from __future__ import annotations

import re
from datetime import date, timedelta

import cn2an
from text_to_num import text2num

_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12, "twentieth": 20,
    "thirtieth": 30,
}  # fmt: skip
_NEAR = {
    "en": {
        "the day before yesterday": -2, "day before yesterday": -2, "yesterday": -1, "today": 0, "tomorrow": 1,
        "the day after tomorrow": 2, "day after tomorrow": 2,
    },
    "zh": {"大前天": -3, "前天": -2, "昨天": -1, "今天": 0, "明天": 1, "后天": 2, "大后天": 3},
}  # fmt: skip
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_MANDARIN = re.compile(
    r"(?:(?P<year>[^年月日号]{4}|[今去明]年?)年?)?(?P<month>[^年月日号]{1,3})月(?P<day>[^年月日号]{1,3})[日号]?"
)
_RELATIVE_YEARS = {"今": 0, "去": -1, "明": 1}


def read_date(text: str, language: str, today: date) -> date | None:
    """ "march third", "the 3rd of March 2026", 三月三号, 二零二六年三月三日, "tomorrow", 后天, "2026-03-03"."""
    cleaned = re.sub(r"[,，.。!！]", " ", text.lower()).strip()
    if _ISO.fullmatch(cleaned):
        return _day(cleaned[:4], cleaned[5:7], cleaned[8:])
    mandarin = language.lower().startswith("zh")
    near = _NEAR["zh" if mandarin else "en"].get(cleaned.replace(" ", "") if mandarin else " ".join(cleaned.split()))
    if near is not None:
        return today + timedelta(days=near)
    return _mandarin(cleaned.replace(" ", ""), today) if mandarin else _english(cleaned, today)


def _mandarin(text: str, today: date) -> date | None:
    found = _MANDARIN.fullmatch(text)
    if not found:
        return None
    month, day = _mandarin_number(found["month"]), _mandarin_number(found["day"])
    if month is None or day is None:
        return None
    said_year = found["year"]
    if said_year is None:
        return _nearest(month, day, today)
    if said_year[0] in _RELATIVE_YEARS:
        return _day(today.year + _RELATIVE_YEARS[said_year[0]], month, day)
    year = _mandarin_number(said_year)
    return None if year is None else _day(year, month, day)


def _mandarin_number(text: str) -> int | None:
    try:
        return int(cn2an.cn2an(text, "smart"))
    except (ValueError, KeyError):
        return None


def _english(text: str, today: date) -> date | None:
    words = [word for word in text.replace("-", " ").split() if word not in ("the", "of", "on")]
    month = next((word for word in words if word in _MONTHS), None)
    if month is None:
        return None
    at = words.index(month)
    before, after = words[:at], words[at + 1 :]
    if before:
        day, year = _ordinal(before), after
    else:
        # "march third twenty twenty six": the day is the longest beginning that is one.
        cut = next((n for n in (2, 1) if len(after) >= n and _ordinal(after[:n]) is not None), 0)
        day, year = _ordinal(after[:cut]), after[cut:]
    if day is None:
        return None
    if not year:
        return _nearest(_MONTHS.index(month) + 1, day, today)
    said_year = _year(year)
    return None if said_year is None else _day(said_year, _MONTHS.index(month) + 1, day)


def _ordinal(words: list[str]) -> int | None:
    """ "third", "3rd", "twenty first", "3", "three"; None unless it is a day of a month."""
    *tens, last = words or [""]
    if tens and (tens[0] not in ("twenty", "thirty") or len(tens) > 1):
        return None
    if last in _ORDINALS:
        day = _ORDINALS[last]
    elif figures := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", last):
        day = int(figures[1])
    else:
        number = _english_number(last.removesuffix("th"))
        if number is None:
            return None
        day = number
    if tens:
        if not 1 <= day <= 9:
            return None
        day += 20 if tens[0] == "twenty" else 30
    return day if 1 <= day <= 31 else None


def _year(words: list[str]) -> int | None:
    """ "2026", "twenty twenty six", "two thousand twenty six"; two figures are no year."""
    if len(words) >= 2 and words[0] == "twenty":
        rest = _english_number(" ".join(words[1:]))
        return 2000 + rest if rest is not None and 10 <= rest <= 99 else None
    year = int(words[0]) if len(words) == 1 and words[0].isdecimal() else _english_number(" ".join(words))
    return year if year is not None and 1900 <= year <= 2199 else None


def _english_number(text: str) -> int | None:
    try:
        return int(text2num(text, "en"))
    except ValueError:
        return None


def _nearest(month: int, day: int, today: date) -> date | None:
    days = [found for year in (today.year - 1, today.year, today.year + 1) if (found := _day(year, month, day))]
    return min(days, key=lambda found: abs(found - today), default=None)


def _day(year: int | str, month: int | str, day: int | str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
