"""Who of the staff was on a call, when, and what they did there that is to be known later.

All of it is to be called in threads.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from media.parts import GatewayParts
from media.rooms.staff import Staff
from models import AuditEvent, CallLeg, LegMode


class LegRows:
    def __init__(self, parts: GatewayParts) -> None:
        self._clock = parts.clock
        self._database = parts.database

    def begins(self, call_id: str, user: Staff, mode: LegMode) -> int:
        """The id of the leg. Who listens in is audited."""
        with self._database.transaction() as db:
            leg = CallLeg(call_id=call_id, user_id=user.id, mode=mode, joined_at=self._clock())
            db.add(leg)
            if mode is not LegMode.TALK:
                self._audit(db, "call.listened", call_id, user, {"mode": mode.value})
            outbox.notify(db, "call", call_id)
            db.flush()
            return leg.id

    def ends(self, leg_id: int, reason: str) -> None:
        with self._database.transaction() as db:
            db.execute(
                sa.update(CallLeg)
                .where(CallLeg.id == leg_id, CallLeg.left_at.is_(None))
                .values(left_at=self._clock(), end_reason=reason[:80])
            )

    def recording_paused(self, call_id: str, user: Staff) -> None:
        with self._database.transaction() as db:
            self._audit(db, "recording.paused", call_id, user, {})

    def recording_goes_on(self, call_id: str, user: Staff, paused_s: float) -> None:
        with self._database.transaction() as db:
            self._audit(db, "recording.resumed", call_id, user, {"paused_s": paused_s})

    def _audit(self, db: Session, action: str, call_id: str, user: Staff, details: dict[str, Any]) -> None:
        event = AuditEvent(user_id=user.id, action=action, subject="call", subject_id=call_id, details=details)
        event.at = self._clock()
        db.add(event)
