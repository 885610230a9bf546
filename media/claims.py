"""The call-backs that one media process rings: made its own by compare-and-set, so that nobody is rung by two.

A queued attempt is claimed with its call: both are RINGING then, and the call's `provider_id` names who rings it.
Everything here is rows, to be called in threads.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from database import Database
from models import Call, CallStatus, Channel, OutboundAttempt, OutboundCall, new_id


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that is ours to ring. `ring_id` is its `provider_id`."""

    attempt_id: int
    call_id: str
    number: str
    from_number: str
    language: str
    purpose: str
    ring_id: str


class Claims:
    """Of `channel`, for the process named `gateway`."""

    def __init__(self, database: Database, gateway: str, channel: Channel) -> None:
        self._database = database
        self._gateway = gateway
        self._channel = channel

    def take(self, numbers: Collection[str] | None = None, *, most: int | None = None) -> list[Claimed]:
        """Queued attempts, the oldest first, made ours. `numbers`: to these alone."""
        wanted = (
            sa.select(OutboundAttempt.id, Call.id.label("call_id"), Call.to_number, Call.from_number, Call.language,
                      OutboundCall.purpose)
            .join(Call, Call.id == OutboundAttempt.call_id)
            .join(OutboundCall, OutboundCall.id == OutboundAttempt.outbound_call_id)
            .where(
                OutboundAttempt.channel == self._channel,
                OutboundAttempt.status == CallStatus.QUEUED,
                Call.status == CallStatus.QUEUED,
            )
            .order_by(OutboundAttempt.id)
            .limit(most)
        )  # fmt: skip
        if numbers is not None:
            wanted = wanted.where(Call.to_number.in_(numbers))
        with self._database.reading() as db:
            waiting = db.execute(wanted).all()
        if not waiting:
            return []
        claimed = []
        with self._database.transaction() as db:
            for row in waiting:
                ring_id = f"{self._gateway}/{new_id()[12:]}"
                if _moved(db, row.id, row.call_id, CallStatus.QUEUED, CallStatus.RINGING, ring_id):
                    claimed.append(
                        Claimed(
                            row.id, row.call_id, row.to_number, row.from_number, row.language, row.purpose, ring_id
                        )
                    )  # fmt: skip
        return claimed

    def give_back(self, claimed: Claimed) -> bool:
        """It has not been rung: whoever comes next may. False when it is ours no more."""
        with self._database.transaction() as db:
            return _moved(db, claimed.attempt_id, claimed.call_id, CallStatus.RINGING, CallStatus.QUEUED, None)

    def give_all_back(self) -> None:
        """What an earlier run of this process was ringing is queued again."""
        with self._database.transaction() as db:
            for row in self._ours(db):
                _moved(db, row.id, row.call_id, CallStatus.RINGING, CallStatus.QUEUED, None)

    def left_ringing(self) -> list[str]:
        """The calls that an earlier run of this process was ringing when it died."""
        with self._database.reading() as db:
            return [row.call_id for row in self._ours(db)]

    def _ours(self, db: Session) -> Sequence[sa.Row[int, str]]:
        return db.execute(
            sa.select(OutboundAttempt.id, OutboundAttempt.call_id)
            .join(Call, Call.id == OutboundAttempt.call_id)
            .where(
                OutboundAttempt.channel == self._channel,
                OutboundAttempt.status == CallStatus.RINGING,
                Call.status == CallStatus.RINGING,
                Call.provider_id.startswith(f"{self._gateway}/", autoescape=True),
            )
        ).all()


def _moved(
    db: Session, attempt_id: int, call_id: str, before: CallStatus, after: CallStatus, ring_id: str | None
) -> bool:
    """Compare-and-set of an attempt, its call with it."""
    moved = db.execute(
        sa.update(OutboundAttempt)
        .where(OutboundAttempt.id == attempt_id, OutboundAttempt.status == before)
        .values(status=after)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        return False
    db.execute(
        sa.update(Call).where(Call.id == call_id, Call.status == before).values(status=after, provider_id=ring_id)
    )
    outbox.notify(db, "call", call_id)
    return True
