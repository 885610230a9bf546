"""When a calendar is open: pure questions of a `Calendar` and a local time. No clock.

A span belongs to the day it begins on: where Monday's hours are "22:00-06:00", Tuesday's first hours are Monday's,
and a Tuesday that is closed by an exception or a holiday does not cut Monday's night short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from ivr.public_holidays import holiday_year, knows

DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)
_LOOK_AHEAD_DAYS = 366
_MONDAY = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes after midnight, the end not included. An end past 1440 is on the next day."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{clock_time(self.opens)}-{clock_time(self.closes)}"


@dataclass(frozen=True, slots=True)
class DayException:
    """One date on its own: no spans is closed all day. `why` may be given to callers."""

    spans: tuple[Span, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """`hours`: weekday (0 is Monday) -> spans, in order. `region`: "CN", "DE-BY", or empty for no public holidays."""

    name: str
    hours: Mapping[int, tuple[Span, ...]]
    region: str = ""
    exceptions: Mapping[date, DayException] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """What holds on one date. `why` is what makes it no usual day: a holiday's name, or an exception's reason.

    `makeup`: a day of the weekend that is worked.
    """

    day: date
    spans: tuple[Span, ...]
    why: str = ""
    holiday: bool = False
    makeup: bool = False
    exception: bool = False


def calendar_day(calendar: Calendar, day: date, language: str = "") -> CalendarDay:
    """An exception beats a holiday, a holiday beats the weekday. `language` is for the holiday's name."""
    own = calendar.exceptions.get(day)
    if own is not None:
        return CalendarDay(day, own.spans, own.why, exception=True)
    if calendar.region:
        year = holiday_year(calendar.region, day.year, language)
        if day in year.free:
            return CalendarDay(day, (), year.free[day], holiday=True)
        if day in year.workdays:
            return CalendarDay(day, calendar.hours.get(_MONDAY, ()), makeup=True)
    return CalendarDay(day, calendar.hours.get(day.weekday(), ()))


def is_open(calendar: Calendar, local: datetime) -> bool:
    """`local` is the time in the utility's zone; whether it is aware does not matter."""
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - _DAY
    return any(span.opens <= minute < span.closes for span in calendar_day(calendar, today).spans) or any(
        minute < span.closes - DAY_MINUTES for span in calendar_day(calendar, yesterday).spans
    )


def why_closed(calendar: Calendar, local: datetime, language: str = "") -> str:
    """The name of the holiday, or the reason given with an exception; empty where it is open or just out of hours."""
    day = calendar_day(calendar, local.date(), language)
    return "" if is_open(calendar, local) else day.why


def next_opening(calendar: Calendar, local: datetime) -> datetime | None:
    """The first moment from `local` on at which it is open, in the zone of `local`; None when that is a year away."""
    if is_open(calendar, local):
        return local
    for days in range(_LOOK_AHEAD_DAYS + 1):
        day = local.date() + days * _DAY
        for span in calendar_day(calendar, day).spans:
            opens = datetime.combine(day, time(span.opens // 60, span.opens % 60), tzinfo=local.tzinfo)
            if opens >= local:
                return opens
    return None


def unknown_years(calendar: Calendar, first: date, last: date) -> tuple[int, ...]:
    """Years from `first` to `last` whose holidays or make-up workdays the installed library does not know yet."""
    if not calendar.region:
        return ()
    return tuple(year for year in range(first.year, last.year + 1) if not knows(calendar.region, year))


def clock_time(minutes: int) -> str:
    """ "08:30"; the end of the day is "24:00", and what is past it is a time of the next day."""
    shown = minutes if minutes <= DAY_MINUTES else minutes - DAY_MINUTES
    return f"{shown // 60:02}:{shown % 60:02}"
