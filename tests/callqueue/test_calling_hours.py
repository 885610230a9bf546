"""Nobody is rung in the quiet hours of their own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from callqueue.calling_hours import next_allowed
from settings import QuietHours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(start=time(21), end=time(8))
SIESTA = QuietHours(start=time(12), end=time(14, 30))


def local(zone: ZoneInfo, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "moment", "allowed"),
    [
        (NIGHT, "2026-11-23 20:59:59", "2026-11-23 20:59:59"),
        (NIGHT, "2026-11-23 21:00:00", "2026-11-24 08:00:00"),
        (NIGHT, "2026-11-23 23:59:59", "2026-11-24 08:00:00"),
        (NIGHT, "2026-11-24 00:00:00", "2026-11-24 08:00:00"),
        (NIGHT, "2026-11-24 07:59:59", "2026-11-24 08:00:00"),
        (NIGHT, "2026-11-24 08:00:00", "2026-11-24 08:00:00"),
        (NIGHT, "2026-12-31 22:00:00", "2027-01-01 08:00:00"),
        (SIESTA, "2026-11-23 11:59:00", "2026-11-23 11:59:00"),
        (SIESTA, "2026-11-23 12:00:00", "2026-11-23 14:30:00"),
        (SIESTA, "2026-11-23 14:30:00", "2026-11-23 14:30:00"),
    ],
)
def test_a_call_waits_for_the_end_of_the_quiet_hours(quiet: QuietHours, moment: str, allowed: str) -> None:
    assert next_allowed(local(SHANGHAI, moment), quiet, SHANGHAI) == local(SHANGHAI, allowed)


def test_without_quiet_hours_any_time_will_do() -> None:
    midnight = local(SHANGHAI, "2026-11-24 00:00:00")
    assert next_allowed(midnight, None, SHANGHAI) == midnight
    assert next_allowed(midnight, QuietHours(start=time(8), end=time(8)), SHANGHAI) == midnight


@pytest.mark.parametrize("night", ["2026-03-28 23:00:00", "2026-10-24 23:00:00"])
def test_the_clock_that_counts_is_the_one_on_the_wall(night: str) -> None:
    """In the night that the clocks change, quiet hours end by the new time."""
    allowed = next_allowed(local(BERLIN, night), NIGHT, BERLIN)
    assert allowed.astimezone(BERLIN).strftime("%H:%M") == "08:00"
