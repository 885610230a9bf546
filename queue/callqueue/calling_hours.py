"""When customers may be rung: quiet hours in the utility's own zone, across midnight too."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from settings import QuietHours


def next_allowed(moment: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime:
    """`moment` itself (UTC), or the end of the quiet hours it falls in. Start and end alike mean no quiet hours."""
    if quiet is None or quiet.start == quiet.end:
        return moment
    local = moment.astimezone(zone)
    if not _is_quiet(local.time(), quiet):
        return moment
    day = local.date()
    if quiet.start > quiet.end and local.time() >= quiet.start:
        day += timedelta(days=1)
    return datetime.combine(day, quiet.end, zone).astimezone(moment.tzinfo)


def _is_quiet(clock: time, quiet: QuietHours) -> bool:
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end
