"""The job that counts a call which is over: its way through the flows is added to the figures, once."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callqueue.compare_and_set import changed
from callqueue.context import JobContext
from ivr import flow_counts
from ivr.analytics import count_call
from models import Call, CallTurn

COUNT: Final = "calls.count"


def count(context: JobContext, call_id: str) -> None:
    """Adds the call to the figures of its day. A call that is counted, not over, or gone is left alone."""
    zone = ZoneInfo(context.settings.utility.time_zone)
    with context.database.transaction() as session:
        mark = sa.update(Call).where(Call.id == call_id, Call.counted_at.is_(None), Call.ended_at.is_not(None))
        if changed(session, mark.values(counted_at=context.clock())) != 1:
            return
        call = session.get_one(Call, call_id)
        assert call.ended_at is not None
        turns = session.scalars(sa.select(CallTurn).where(CallTurn.call_id == call_id)).all()
        began = call.answered_at or call.started_at
        counts = count_call(turns, call.ended_at, call.language)
        flow_counts.add(session, call, counts, began.astimezone(zone).date())
