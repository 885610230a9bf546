"""Public holidays and make-up workdays, asked of the `holidays` library one year at a time. No clock, no files.

China announces the make-up workdays of a year in the autumn before it, and so do a few others. Until a release of the
library brings them, the library answers such a year from the law alone: `knows` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

_DAY = timedelta(days=1)
# Countries whose free days are announced as one break from its first to its last day, weekends within it included.
_WHOLE_BREAKS = frozenset({"CN"})
_HABIT_YEARS = 3  # make-up workdays in so many years running: a year without is one the library does not know yet


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """`free`: day -> name of the holiday. `workdays`: days of a weekend that are worked."""

    free: Mapping[date, str]
    workdays: frozenset[date]


@lru_cache(maxsize=64)
def is_region(region: str) -> bool:
    """Whether the library knows it. Looks at that country alone: there are hundreds, and each is a module."""
    try:
        _country(region)
    except NotImplementedError:
        return False
    return True


@lru_cache(maxsize=1)
def region_codes() -> Mapping[str, tuple[str, ...]]:
    """country -> its subdivisions, for all that the library knows."""
    import holidays

    return {code: tuple(parts) for code, parts in holidays.list_supported_countries().items()}


@lru_cache(maxsize=256)
def knows(region: str, year: int) -> bool:
    """Whether the installed library has the days of `year` and, where they are announced yearly, its make-up days."""
    country = _country(region)
    if not country.start_year <= year <= country.end_year:
        return False
    announced = _announced(region)
    return year <= announced if announced else True


@lru_cache(maxsize=64)
def _announced(region: str) -> int:
    """The last year with make-up workdays, 0 where they are no habit."""
    with_workdays = {day.year for day in _everything(region).weekend_workdays}
    last = max(with_workdays, default=0)
    return last if with_workdays.issuperset(range(last - _HABIT_YEARS + 1, last + 1)) else 0


@lru_cache(maxsize=256)
def holiday_year(region: str, year: int, language: str = "") -> HolidayYear:
    """`language` is a BCP 47 tag; the country's own is used where the library has no names in it."""
    country = _country(region, _near(region, year), language)
    free = {day: str(country.get(day)) for day in sorted(country) if abs(day.year - year) <= 1}
    workdays = frozenset(day for day in country.weekend_workdays if abs(day.year - year) <= 1)
    if region.partition("-")[0] in _WHOLE_BREAKS:
        free = _whole_breaks(free, workdays, _stand_in(country))
    return HolidayYear(
        {day: name for day, name in free.items() if day.year == year},
        frozenset(day for day in workdays if day.year == year),
    )


def _whole_breaks(free: Mapping[date, str], workdays: frozenset[date], stand_in: str) -> dict[date, str]:
    """`free` with the weekends that join on to it; a day off in exchange is named after the holiday it is for."""
    every = dict.fromkeys(free, "")
    for day in free:
        for step in (-_DAY, _DAY):
            near = day + step
            while near.weekday() >= 5 and near not in workdays and near not in free:
                every[near] = ""
                near += step
    named: dict[date, str] = {}
    for day in sorted(every):
        own = free.get(day, "")
        named[day] = own if own and not own.startswith(stand_in) else named.get(day - _DAY, "")
    for day in sorted(every, reverse=True):  # a break may begin with such a day
        named[day] = named[day] or named.get(day + _DAY, "") or free.get(day, "")
    return named


def _stand_in(country: Any) -> str:
    """How the name of a day off in exchange begins: "Day off (substituted from "."""
    label = getattr(country, "substituted_label", "") or "\0"
    return str(country.tr(label)).partition("%s")[0]


def _near(region: str, year: int) -> Iterable[int]:
    """The year and its neighbours: a make-up day of January may stand in December, with the year after."""
    country = _country(region)
    return [y for y in range(year - 1, year + 2) if country.start_year <= y <= country.end_year]


@lru_cache(maxsize=64)
def _everything(region: str) -> Any:
    country = _country(region)
    return _country(region, range(max(country.start_year, 2000), min(country.end_year, 2100) + 1))


def _country(region: str, years: Iterable[int] = (), language: str = "") -> Any:
    import holidays

    code, _, part = region.partition("-")
    made = holidays.country_holidays(code, subdiv=part or None, years=years, expand=False)
    wanted = {"zh-cn": "zh_CN", "zh-tw": "zh_TW", "en": "en_US"}.get(language.lower(), language.replace("-", "_"))
    if wanted and wanted in made.supported_languages:
        return holidays.country_holidays(code, subdiv=part or None, years=years, expand=False, language=wanted)
    return made
