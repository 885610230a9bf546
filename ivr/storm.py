"""Storm mode: one switch that every process sees at its next turn. Who switched it, when and why is kept for good.

What a storm changes is said by the flows (`storm:` in shared.yaml); the engine is told by `Moment.storm`, which the
runner takes from the row of the call it has just read (`ivr.standing.STORM`) or from `StandingReader`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from ivr.standing import locked_standing
from models import Standing, StormChange

TOPIC = "storm"  # of live updates
LONGEST_REASON = 500


def switch(session: Session, on: bool, *, actor: str, reason: str, now: datetime) -> StormChange | None:
    """None when it already is so. Raises ValueError for switching on without a reason, or with a very long one."""
    reason = reason.strip()
    if on and not reason:
        raise ValueError("storm mode is switched on with a reason")
    if len(reason) > LONGEST_REASON:
        raise ValueError(f"the reason has {len(reason)} signs; {LONGEST_REASON} are enough")
    standing = locked_standing(session)
    if standing.storm == on:
        return None
    change = StormChange(storm=on, actor=actor[:80], reason=reason, at=now)
    session.add(change)
    session.flush()
    standing.storm = on
    standing.storm_change_id = change.id
    outbox.notify(session, TOPIC, change.id)
    return change


def storm_on(session: Session) -> StormChange | None:
    """The switching on that is still in force, None while it is off."""
    return session.scalar(
        sa.select(StormChange)
        .join(Standing, Standing.storm_change_id == StormChange.id)
        .where(Standing.storm, StormChange.storm)
    )


def storm_history(session: Session, limit: int = 20) -> Sequence[StormChange]:
    """The newest first."""
    return session.scalars(sa.select(StormChange).order_by(StormChange.id.desc()).limit(limit)).all()
