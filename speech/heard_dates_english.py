"""Dates in English: "the third of May", "Monday May 4th", "next Friday", "the last day of February"."""

from __future__ import annotations

import re
from datetime import date, timedelta

from text_to_num import text2num

from speech.calendar_days import day_of, last_day, months_on, nearest, of_week

_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_MONTH_OF = {form: n for n, name in enumerate(_MONTHS, 1) for form in (name, name[:3])} | {"sept": 9}
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12, "twentieth": 20,
    "thirtieth": 30,
}  # fmt: skip
_NEAR = {
    "day before yesterday": -2, "yesterday": -1, "today": 0, "now": 0, "right now": 0, "tomorrow": 1,
    "day after tomorrow": 2, "tonight": 0, "last night": -1,
}  # fmt: skip
_AROUND = re.compile(
    r"^(?:(?:well|so|it's|it is|it was|it's been|that's|on|the|since|from|for)\s)+|\s(?:please|thanks|thank you)$"
)
_PART_OF_DAY = re.compile(r"\b(yesterday|tomorrow) (?:morning|afternoon|evening|night)$")
_SHIFTS = {"last": -1, "this": 0, "next": 1, "coming": 0}
_AGO = re.compile(
    r"(?:in )?(?P<count>.+?) (?P<unit>days?|weeks?|months?|years?)(?:'s?)?(?P<way> ago| before today| from (?:now|"
    r"today)| time)?"
)
_WEEKDAY = re.compile(
    rf"(?P<shift>last|next|this coming|coming|this) (?P<day>{'|'.join(_WEEKDAYS)})|(?P<day2>{'|'.join(_WEEKDAYS)}) "
    rf"(?:of )?(?P<week>last|this|next) week"
)
_MONTH_END = re.compile(
    r"(?:end|last day) of (?:the )?(?:(?P<shift>last|this|next) month|(?P<month>[a-z]+)(?: (?P<year>.+))?)"
)


def english_date(text: str, today: date) -> date | None:
    """`text`: small letters, no punctuation."""
    said = _AROUND.sub("", text).replace("a fortnight", "two weeks")
    said = "today" if re.fullmatch(r"this (?:morning|afternoon|evening)", said) else _PART_OF_DAY.sub(r"\1", said)
    if said in _NEAR:
        return today + timedelta(days=_NEAR[said])
    for reading in (_counted, _weekday, _month_end):
        found = reading(said, today)
        if found is not None:
            return found
    return _named(said, today)


def _counted(said: str, today: date) -> date | None:
    """ "two days ago", "in a week", "three weeks from today", "in two days' time"."""
    found = _AGO.fullmatch(said)
    if not found:
        return None
    way = (found["way"] or "").strip()
    back = way in ("ago", "before today")
    if said.startswith("in ") == (back or way.startswith("from")):
        return None  # neither way, or both
    count = 1 if found["count"] in ("a", "an", "one") else _number(found["count"])
    if count is None:
        return None
    count = -count if back else count
    unit = found["unit"].removesuffix("s")
    if unit in ("month", "year"):
        return months_on(today, count * (12 if unit == "year" else 1))
    return today + timedelta(days=count * (7 if unit == "week" else 1))


def _weekday(said: str, today: date) -> date | None:
    found = _WEEKDAY.fullmatch(said)
    if not found:
        return None
    weekday = _WEEKDAYS.index(found["day"] or found["day2"])
    shift = found["shift"] or ""
    if "coming" in shift:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    day = of_week(_SHIFTS[shift or found["week"]], weekday, today)
    # On a Wednesday, "this Monday" may be the one that was, "last Monday" the same or the one before, and "next Friday"
    # the one in two days or the one after. A week that is named leaves no doubt.
    if found["week"]:
        return day
    passed = of_week(0, weekday, today) < today if shift != "next" else of_week(0, weekday, today) <= today
    return None if passed == (shift in ("this", "last")) else day


def _month_end(said: str, today: date) -> date | None:
    found = _MONTH_END.fullmatch(said)
    if not found:
        return None
    if found["shift"] or found["month"] == "month":
        first = months_on(today, _SHIFTS[found["shift"] or "this"], 1)
        return first and last_day(first.year, first.month)
    if found["month"] not in _MONTH_OF:
        return None
    month = _MONTH_OF[found["month"]]
    if found["year"]:
        year = _year(found["year"].split(), today)
        return None if year is None else last_day(year, month)
    first = nearest(month, 28, today)
    return first and last_day(first.year, month)


def _named(said: str, today: date) -> date | None:
    """A day of a month, with a year or without, with the day of the week before it or without."""
    words = [word for word in re.sub(r"-", " ", said).split() if word not in ("the", "of", "on")]
    weekday = _WEEKDAYS.index(words.pop(0)) if words and words[0] in _WEEKDAYS else None
    day = _day_and_month(words, today)
    return day if day is None or weekday is None or day.weekday() == weekday else None


def _day_and_month(words: list[str], today: date) -> date | None:
    if len(words) >= 3 and words[-1] == "month" and words[-2] in ("last", "this", "next"):
        day = _ordinal(words[:-2])
        return None if day is None else months_on(today, _SHIFTS[words[-2]], day)
    at = next((place for place, word in enumerate(words) if word in _MONTH_OF), None)
    if at is None:
        return None
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
        return nearest(_MONTH_OF[words[at]], day, today)
    said_year = _year(year, today)
    return None if said_year is None else day_of(said_year, _MONTH_OF[words[at]], day)


def _ordinal(words: list[str]) -> int | None:
    """ "third", "3rd", "twenty first", "3", "three"; None unless it is a day of a month."""
    *tens, last = words or [""]
    if tens and (tens[0] not in ("twenty", "thirty") or len(tens) > 1):
        return None
    if last in _ORDINALS:
        day: int | None = _ORDINALS[last]
    elif figures := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", last):
        day = int(figures[1])
    else:
        day = _number(last.removesuffix("th"))
    if day is None:
        return None
    if tens:
        if not 1 <= day <= 9:
            return None
        day += 20 if tens[0] == "twenty" else 30
    return day if 1 <= day <= 31 else None


def _year(words: list[str], today: date) -> int | None:
    """ "2026", "twenty twenty six", "two thousand and five", "last year"; two figures are no year."""
    if len(words) == 2 and words[1] == "year" and words[0] in ("last", "this", "next"):
        return today.year + _SHIFTS[words[0]]
    if len(words) >= 2 and words[0] in ("twenty", "nineteen"):
        rest = _number(" ".join(words[1:]))
        if rest is None or not 10 <= rest <= 99:
            return None
        return (2000 if words[0] == "twenty" else 1900) + rest
    year = int(words[0]) if len(words) == 1 and words[0].isdecimal() else _number(" ".join(words))
    return year if year is not None and 1900 <= year <= 2199 else None


def _number(text: str) -> int | None:
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        return int(text2num(text, "en"))
    except ValueError:
        return None
