"""Days reckoned from another day: the nearest 3 May, the last day of a month, the Monday of next week.

None where there is no such day.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

_HALF_A_YEAR = timedelta(days=183)


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest(month: int, day: int, today: date) -> date | None:
    """The one nearest to today, so that in December 3 January is to come and in January 30 December is over.

    A 29 February more than half a year away is none: nobody means it without its year.
    """
    years = (today.year - 1, today.year, today.year + 1)
    days = [found for year in years if (found := day_of(year, month, day))]
    near = min(days, key=lambda found: abs(found - today), default=None)
    return near if near is not None and abs(near - today) <= _HALF_A_YEAR else None


def of_week(weeks: int, weekday: int, today: date) -> date:
    """`weekday` (Monday is 0) of the week that is `weeks` after this one; weeks begin on Monday."""
    return today + timedelta(days=weekday - today.weekday(), weeks=weeks)


def months_on(today: date, months: int, day: int | None = None) -> date | None:
    """The same day, or `day`, so many months on."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return day_of(year, month + 1, today.day if day is None else day)


def last_day(year: int, month: int) -> date | None:
    return day_of(year, month, monthrange(year, month)[1]) if 1 <= year <= 9999 and 1 <= month <= 12 else None
