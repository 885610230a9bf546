"""No more calls a second than the account may begin, however many workers dial.

The next free moment stands in the database: jobs run in processes that live for one job, and on any machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from database import Database
from models import Installation

_ROW = "twilio.next_call"


def book(database: Database, calls_per_second: float, now: datetime, *, longest_wait_s: float) -> float | None:
    """Seconds to wait before the call may begin; its place is taken. None, and no place, when it would be too long."""
    with database.transaction() as session:
        row = session.get(Installation, _ROW, with_for_update=None if database.is_sqlite else True)
        free_at = now if row is None else max(now, row.at)
        wait_s = (free_at - now).total_seconds()
        if wait_s > longest_wait_s:
            return None
        after = free_at + timedelta(seconds=1 / calls_per_second)
        if row is None:
            session.add(Installation(name=_ROW, value="the next outbound call may begin then", at=after))
        else:
            row.at = after
    return wait_s
