"""`calendars.yaml` -> calendars, with every fault. What a calendar answers stands in `ivr.opening_hours`.

calendars:
  service:
    hours: {mon-fri: "08:30-12:00, 13:30-17:30", sat: "09:00-12:00"}
    holidays: CN
    exceptions: {2026-12-31: closed, 2027-01-04: {hours: "10:00-16:00", why: stock-taking}}
"""

from __future__ import annotations

import re
from datetime import date

from ivr.opening_hours import (
    DAY_MINUTES,
    Calendar,
    CalendarDay,
    DayException,
    Span,
    calendar_day,
    is_open,
    next_opening,
    unknown_years,
    why_closed,
)
from ivr.public_holidays import is_region, region_codes
from ivr.reading import Reader, suggestion
from ivr.yaml_source import Entry, Faults, Mapping, Scalar, Sequence, Value

__all__ = [
    "CALENDARS",
    "Calendar",
    "CalendarDay",
    "calendar_day",
    "is_open",
    "next_opening",
    "read_calendars",
    "unknown_years",
    "why_closed",
]

CALENDARS = "calendars.yaml"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOSED = "closed"
_FALSE_WORDS = frozenset({"no", "off", "false", "none", "null", "~", ""})  # YAML 1.1 makes False or nothing of them
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)")
_LOOKS_LIKE_SPAN = re.compile(r"\s*\d{1,2}:\d\d\s*[-–]")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NIGHT_ENDS = 12 * 60  # an end before its beginning is on the next day, if it is a morning
_HOURS_LOOK = 'Hours look like "08:30-12:00, 13:30-17:30", or the word closed.'


def read_calendars(tree: Value | None, faults: Faults) -> dict[str, Calendar]:
    """`tree`: what `yaml_source.read` made of the file; None where there is none, or none that can be read."""
    if tree is None:
        return {}
    if not isinstance(tree, Mapping):
        faults.add(tree.place, "the file of calendars begins with 'calendars:' and names under it.")
        return {}
    reader = Reader(tree, "the file of calendars", faults)
    section = reader.section("calendars")
    if section is None and "calendars" not in tree:
        reader.missing("calendars", "Names of calendars stand under it.")
    found = {}
    for entry in section or ():
        if not entry.key.isidentifier():
            faults.add(entry.key_place, f"'{entry.key}' is no name for a calendar: letters, digits and _ only.")
        if isinstance(entry.value, Mapping):
            found[entry.key] = _calendar(entry.key, Reader(entry.value, f"calendar '{entry.key}'", faults))
        else:
            faults.add(entry.value.place, f"calendar '{entry.key}' has 'hours' under it, and may have 'holidays' and "
                       "'exceptions'.")  # fmt: skip
    reader.finish()
    return found


def _calendar(name: str, reader: Reader) -> Calendar:
    hours = _week(reader)
    region = _region(reader)
    exceptions = _exceptions(reader)
    reader.finish()
    return Calendar(name, hours, region, exceptions)


# ------------------------------------------------------------------------------------------ the week


def _week(reader: Reader) -> dict[int, tuple[Span, ...]]:
    section = reader.section("hours")
    if section is None:
        if "hours" not in reader.mapping:
            reader.missing("hours", 'It looks like {mon-fri: "08:30-17:30"}; a day that is not named is closed.')
        return {}
    week: dict[int, tuple[Span, ...]] = {}
    lines: dict[int, int] = {}
    for entry in section:
        if _LOOKS_LIKE_SPAN.match(entry.key):
            reader.fault(entry.key_place, f"'{entry.key}' stands where a weekday is expected.",
                         "A comma ends an entry inside { }: put the hours of a day in quotes.")  # fmt: skip
            continue
        days = _weekdays(entry, reader)
        spans = _spans(entry.value, f"hours of {entry.key}", reader)
        for day in days:
            if day in lines:
                reader.fault(
                    entry.key_place, f"{WEEKDAYS[day]} has hours already, on line {lines[day]}.", "Keep one of them."
                )
                continue
            lines[day] = entry.key_place.line
            week[day] = spans
    for day, spans in sorted(week.items()):
        following = week.get((day + 1) % 7, ())
        if spans and following and spans[-1].closes - DAY_MINUTES > following[0].opens:
            after = WEEKDAYS[(day + 1) % 7]
            reader.fault(
                section.place,
                f"the night of {WEEKDAYS[day]} ({spans[-1]}) overlaps the hours of {after} ({following[0]}).",
                "Let the one end when the other begins.",
            )
    return week


def _weekdays(entry: Entry, reader: Reader) -> list[int]:
    """The key "mon", "mon-fri", "sat-mon" or "mon,wed" -> weekdays."""
    key, place = entry.key, entry.key_place
    days: list[int] = []
    for part in key.split(","):
        first, _, last = (word.strip().lower() for word in part.partition("-"))
        ends = [first, last] if last or "-" in part else [first]
        unknown = [word for word in ends if word not in WEEKDAYS]
        for word in unknown:
            near = next((day for day in WEEKDAYS if word[:3] == day), None)
            hint = f"Did you mean '{near}'?" if near else suggestion(word, WEEKDAYS)
            reader.fault(place, f"there is no weekday '{word}'.", hint)
        if not unknown:
            begin, end = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
            days.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return days


def _spans(value: Value, what: str, reader: Reader) -> tuple[Span, ...]:
    """Spans in order, none of them touching another's time."""
    if isinstance(value, Scalar):
        if value.text == _CLOSED:
            return ()
        if value.text.lower() in _FALSE_WORDS:
            reader.fault(value.place, f"{what}: '{value.text}' is no time.", "Write closed where nobody is there.")
            return ()
        written = [Scalar(part.strip(), value.place, value.quoted) for part in value.text.split(",")]
    elif isinstance(value, Sequence):
        written = list(reader.scalars(value, what))
    else:
        reader.fault(value.place, f"{what} must be a text.", _HOURS_LOOK)
        return ()
    spans: list[Span] = []
    for part in written:
        span = _span(part, what, reader)
        if span is None:
            continue
        if spans and span.opens < spans[-1].closes:
            earlier = span.closes <= spans[-1].opens
            reader.fault(
                part.place, f"{what}: {span} {'comes before' if earlier else 'overlaps'} {spans[-1]}.",
                "Write the earlier hours first." if earlier else "Let the one end before the other begins.",
            )  # fmt: skip
            continue
        spans.append(span)
    return tuple(spans)


def _span(part: Scalar, what: str, reader: Reader) -> Span | None:
    match = _SPAN.fullmatch(part.text.strip())
    if match is None:
        reader.fault(part.place, f"{what}: '{part.text}' are no hours.", _HOURS_LOOK)
        return None
    begin_h, begin_m, end_h, end_m = map(int, match.groups())
    opens, closes = begin_h * 60 + begin_m, end_h * 60 + end_m
    if begin_m > 59 or end_m > 59 or opens >= DAY_MINUTES or closes > DAY_MINUTES:
        reader.fault(
            part.place, f"{what}: '{part.text}' has a time that no clock shows.", "Times go from 00:00 to 24:00."
        )
        return None
    if opens == closes:
        reader.fault(part.place, f"{what}: '{part.text}' ends when it begins.", 'The whole day is "00:00-24:00".')
        return None
    if closes > opens:
        return Span(opens, closes)
    if closes > _NIGHT_ENDS:
        reader.fault(
            part.place, f"{what}: '{part.text}' runs backward.",
            "The beginning comes first; hours over midnight end by 12:00 of the next day.",
        )  # fmt: skip
        return None
    return Span(opens, closes + DAY_MINUTES)


# ------------------------------------------------------------------------------------------ holidays and exceptions


def _region(reader: Reader) -> str:
    region = reader.text("holidays", "")
    if not region:
        return ""
    place = reader.mapping.entries["holidays"].value.place
    if region.lower() in _FALSE_WORDS and region != "NO":
        reader.fault(
            place, f"'holidays' is '{region}', which is no country.",
            "Leave the line out where holidays are days like others; Norway is NO, in capitals.",
        )  # fmt: skip
        return ""
    if _REGION.fullmatch(region) and is_region(region):
        return region
    known = region_codes()
    country, _, part = region.partition("-")
    if country not in known:
        upper = country.upper()
        hint = f"Did you mean '{upper}'?" if upper in known else "It is a code like CN, DE or DE-BY."
        reader.fault(place, f"'holidays': no country '{country}' is known.", hint)
        return ""
    if part and part not in known[country]:
        hint = suggestion(part, known[country]) or f"There are: {', '.join(known[country]) or 'none'}."
        reader.fault(place, f"'holidays': {country} has no part '{part}' whose holidays are known.", hint)
        return country
    return region


def _exceptions(reader: Reader) -> dict[date, DayException]:
    found: dict[date, DayException] = {}
    for entry in reader.section("exceptions") or ():
        day = _date(entry.key)
        if day is None:
            form = _DATE.fullmatch(entry.key)
            reader.fault(
                entry.key_place, f"'{entry.key}' is no date." if not form else f"there is no {entry.key}.",
                "Dates are written 2027-01-04." if not form else "Look at the month and the day.",
            )  # fmt: skip
        what, value, why = f"hours of {entry.key}", entry.value, ""
        if isinstance(value, Mapping):
            inner = Reader(value, f"{reader.what}, {entry.key}", reader.faults)
            why = inner.text("why", "")
            own = inner.entry("hours")
            if own is None:
                inner.missing("hours", "Write closed or the hours of that day.")
            spans = () if own is None else _spans(own.value, what, inner)
            inner.finish()
        else:
            spans = _spans(value, what, reader)
        if day is not None:
            found[day] = DayException(spans, why)
    return found


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
