"""What an author may write in calendars.yaml, and when a caller finds somebody there."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.calendars import Calendar, calendar_day, is_open, next_opening, read_calendars, unknown_years, why_closed
from ivr.yaml_source import Faults, FlowFault, read

SERVICE = """\
calendars:
  service:
    hours: {mon-fri: "08:30-12:00, 13:30-17:30", sat: "09:00-12:00"}
    holidays: CN
    exceptions:
      2026-12-31: closed
      2026-11-14: {hours: "10:00-16:00", why: we count the stock}
  duty:
    hours: {mon-sun: 17:30-08:30}
  night:
    hours: {fri: "22:00-06:00"}
    exceptions: {2026-11-21: {hours: closed, why: the lift is repaired}}
"""


def calendars(text: str) -> tuple[dict[str, Calendar], list[FlowFault]]:
    faults = Faults()
    found = read_calendars(read("calendars.yaml", text, faults), faults)
    return found, faults.found


@pytest.fixture(scope="module")
def known() -> dict[str, Calendar]:
    found, faults = calendars(SERVICE)
    assert faults == []
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("calendar", "when", "open_"),
    [
        ("service", "2026-11-23T08:29", False),  # a Monday
        ("service", "2026-11-23T08:30", True),
        ("service", "2026-11-23T11:59:59", True),
        ("service", "2026-11-23T12:00", False),
        ("service", "2026-11-23T13:30", True),
        ("service", "2026-11-23T17:30", False),
        ("service", "2026-11-28T11:00", True),  # a Saturday
        ("service", "2026-11-29T11:00", False),
        ("service", "2026-02-17T10:00", False),  # Spring Festival, a Tuesday
        ("service", "2026-02-21T10:00", False),  # the Saturday within its break
        ("service", "2026-02-14T14:00", True),  # a Saturday that is worked, like a Monday
        ("service", "2026-02-28T16:00", True),
        ("service", "2026-01-04T10:00", True),  # a Sunday that is worked
        ("service", "2026-10-10T10:00", True),
        ("service", "2026-12-31T10:00", False),  # an exception
        ("service", "2026-11-14T15:00", True),  # an exception with hours of its own
        ("service", "2026-11-14T09:30", False),
        ("duty", "2026-11-23T03:00", True),
        ("duty", "2026-11-23T08:30", False),
        ("duty", "2026-11-23T17:30", True),
        ("night", "2026-11-20T23:00", True),
        ("night", "2026-11-21T05:59", True),  # Friday's night, though Saturday is an exception
        ("night", "2026-11-21T06:00", False),
        ("night", "2026-11-22T01:00", False),
    ],
)
def test_who_calls_finds_it_open_or_not(known: dict[str, Calendar], calendar: str, when: str, open_: bool) -> None:
    assert is_open(known[calendar], at(when)) is open_
    assert is_open(known[calendar], datetime.fromisoformat(when)) is open_


# The State Council's notice for 2026: first and last day of each break, and the days of a weekend that are worked.
BREAKS_2026 = [
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
]
WORKED_2026 = {"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"}


def test_every_day_of_2026_is_as_the_state_council_announced_it() -> None:
    found, _ = calendars('calendars: {c: {hours: {mon-sun: "09:00-10:00"}, holidays: CN}}')
    for ordinal in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        free = any(first <= day.isoformat() <= last for first, last in BREAKS_2026)
        got = calendar_day(found["c"], day)
        assert got.holiday is free, day
        assert got.makeup is (day.isoformat() in WORKED_2026), day


def test_a_caller_hears_why_and_when_to_call_again(known: dict[str, Calendar]) -> None:
    service = known["service"]
    assert why_closed(service, at("2026-02-20T10:00"), "zh-CN").startswith("春节")
    assert why_closed(service, at("2026-02-21T10:00"), "en").startswith("Chinese New Year")
    assert why_closed(service, at("2026-11-14T09:00")) == "we count the stock"
    assert why_closed(service, at("2026-11-23T12:30")) == ""
    assert why_closed(service, at("2026-11-23T09:00")) == ""
    assert next_opening(service, at("2026-11-23T12:30")) == at("2026-11-23T13:30")
    assert next_opening(service, at("2026-11-21T12:00")) == at("2026-11-23T08:30")
    assert next_opening(service, at("2026-02-14T18:00")) == at("2026-02-24T08:30")
    assert next_opening(service, at("2026-11-23T09:12")) == at("2026-11-23T09:12")
    found, _ = calendars("calendars: {never: {hours: {mon: closed}}}")
    assert next_opening(found["never"], at("2026-11-23T09:12")) is None


def test_a_year_that_is_not_announced_yet_is_flagged(known: dict[str, Calendar]) -> None:
    assert unknown_years(known["service"], date(2025, 6, 1), date(2026, 12, 31)) == ()
    assert unknown_years(known["service"], date(2090, 1, 1), date(2091, 1, 1)) == (2090, 2091)
    assert unknown_years(known["duty"], date(2090, 1, 1), date(2091, 1, 1)) == ()
    german, _ = calendars('calendars: {c: {hours: {mon: "09:00-10:00"}, holidays: DE-BY}}')
    assert unknown_years(german["c"], date(2027, 1, 1), date(2028, 1, 1)) == ()  # nothing is announced there
    assert why_closed(german["c"], at("2026-01-06T09:30"), "en") == "Epiphany"


@pytest.mark.parametrize(
    ("body", "line", "message", "hint"),
    [
        ('hours: {mon: "08:30-12:00, 11:00-15:00"}', 3, "11:00-15:00 overlaps 08:30-12:00", "before the other"),
        ('hours: {mon: "13:30-17:30, 08:30-12:00"}', 3, "08:30-12:00 comes before 13:30-17:30", "earlier hours first"),
        ('hours: {mon: "17:30-13:30"}', 3, "runs backward", "beginning comes first"),
        ('hours: {mon: "09:00-09:00"}', 3, "ends when it begins", "00:00-24:00"),
        ('hours: {mon: "08:60-12:00"}', 3, "no clock shows", "00:00 to 24:00"),
        ('hours: {mon: "08:30-25:00"}', 3, "no clock shows", "00:00 to 24:00"),
        ('hours: {mon: "8.30-12"}', 3, "'8.30-12' are no hours", "look like"),
        ("hours: {mon: off}", 3, "'off' is no time", "closed"),
        ("hours: {mon: no}", 3, "'no' is no time", "closed"),
        ("hours: {mon: }", 3, "'' is no time", "closed"),
        ("hours: {mon-fri: 08:30-12:00, 13:30-17:30}", 3, "'13:30-17:30' stands where a weekday", "in quotes"),
        ('hours: {monday: "09:00-12:00"}', 3, "no weekday 'monday'", "Did you mean 'mon'?"),
        ('hours: {mon-fry: "09:00-12:00"}', 3, "no weekday 'fry'", "Did you mean 'fri'?"),
        ('hours: {mon-fri: "09:00-12:00", wed: "09:00-10:00"}', 3, "wed has hours already, on line 3", "Keep one"),
        ('hours: {mon: "22:00-06:00", tue: "05:00-12:00"}', 3, "the night of mon (22:00-06:00) overlaps", "end when"),
        ("hours: {}\n    holidays: XX", 4, "no country 'XX'", "code like CN"),
        ("hours: {}\n    holidays: cn", 4, "no country 'cn'", "Did you mean 'CN'?"),
        ("hours: {}\n    holidays: no", 4, "'no', which is no country", "Norway is NO"),
        ("hours: {}\n    holidays: CN-33", 4, "CN has no part '33'", "There are: none"),
        ("hours: {}\n    holidays: DE-BX", 4, "DE has no part 'BX'", "There are: BB"),
        ("hours: {}\n    exceptions: {2026-02-30: closed}", 4, "there is no 2026-02-30", "month and the day"),
        ("hours: {}\n    exceptions: {2026-2-3: closed}", 4, "'2026-2-3' is no date", "2027-01-04"),
        ("hours: {}\n    exceptions: {2026-02-03: no}", 4, "'no' is no time", "closed"),
        ("hours: {}\n    exceptions: {2026-02-03: {why: snow}}", 4, "'hours' is missing", "closed or the hours"),
        ("hours: {}\n    exceptions: {2026-02-03: closed, 2026-02-03: closed}", 4, "a second time", ""),
        ("hours: {}\n    holiday: CN", 4, "has no key 'holiday'", "Did you mean 'holidays'?"),
        ("holidays: CN", 3, "'hours' is missing", "not named is closed"),
    ],
)
def test_each_mistake_is_found_with_its_line_and_a_way_to_mend_it(
    body: str, line: int, message: str, hint: str
) -> None:
    _, faults = calendars(f"calendars:\n  service:\n    {body}\n")
    assert len(faults) == 1, faults
    assert faults[0].place.line == line
    assert message in str(faults[0])
    assert hint in faults[0].hint


def test_a_file_that_is_something_else_is_said_to_be_so() -> None:
    for text in ("- a list", "calendars: 7", "calendars: {a b: {hours: {}}}", "calendars: {a: closed}", "hours: {}"):
        _, faults = calendars(text)
        assert faults, text
    assert read_calendars(None, Faults()) == {}


def test_norway_can_be_named() -> None:
    found, faults = calendars('calendars: {c: {hours: {mon: "09:00-10:00"}, holidays: NO}}')
    assert faults == []
    assert why_closed(found["c"], at("2026-05-17T09:30"), "en_US") != ""
