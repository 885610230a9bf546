"""The callers who wait for an agent, in the order in which they should be taken: danger first, then whose agent was
lost in the middle of the talk, then who waits longest; those whose telephone lost its connection come last, and keep
their place for when they are back.

Rows only, to be called in threads. A call waits while `Call.waiting_since` is set and `Call.agent_id` is not.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

import outbox
from callqueue.numbers import masked
from database import Database
from media.messages import Out
from media.rooms.desk_rows import AT_WORK, LOST, caller_number
from models import AgentLine, Call, CallLeg, CallStatus, Gateway, LegMode, Ticket


@dataclass(frozen=True, slots=True)
class WaitingCall:
    call: str
    number: str
    since: datetime
    subject: str  # of the ticket that the call has opened, if it has
    language: str
    danger: bool
    again: bool  # an agent of theirs was lost
    away: bool  # their telephone lost its connection, and may come back

    def fields(self, *, whole_number: bool) -> dict[str, object]:
        """An agent sees a whole number once the call is theirs, as on the desk."""
        number = self.number if whole_number else masked(self.number)
        return {
            "call": self.call, "from": number, "since": self.since.astimezone(UTC).isoformat(),
            "subject": self.subject, "language": self.language, "danger": self.danger, "again": self.again,
            "away": self.away,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """The line of callers, as agents see it. `at_work`: agents who can be given a call now or later."""

    calls: tuple[WaitingCall, ...] = ()
    at_work: int = 0

    def told(self, *, whole_numbers: bool) -> Out:
        calls = [call.fields(whole_number=whole_numbers) for call in self.calls]
        return Out("waiting", {"at_work": self.at_work, "calls": calls})


def read(database: Database, now: datetime) -> Line:
    with database.reading() as db:
        return Line(tuple(_waiting(db, now)), at_work(db, now))


def one(database: Database, call_id: str) -> WaitingCall | None:
    """What is known of one call, whether it waits or not."""
    with database.reading() as db:
        row = db.execute(_calls().where(Call.id == call_id)).one_or_none()
        return None if row is None else _call(row)


def at_work(db: Session, now: datetime) -> int:
    lines = sa.select(sa.func.count()).where(AgentLine.expires_at > now, AgentLine.state.in_(AT_WORK))
    return db.scalar(lines) or 0


def begin(database: Database, call_id: str, now: datetime) -> bool:
    """The call waits from now on, or goes on waiting. False when nobody is at work who could take it."""
    with database.transaction() as db:
        if at_work(db, now) == 0:
            db.execute(sa.update(Call).where(Call.id == call_id).values(waiting_since=None, away_since=None))
            return False
        db.execute(sa.update(Call).where(Call.id == call_id).values(away_since=None))
        db.execute(
            sa.update(Call)
            .where(Call.id == call_id, Call.waiting_since.is_(None), Call.status == CallStatus.IN_PROGRESS)
            .values(waiting_since=now)
        )
        outbox.notify(db, "call", call_id)
        return True


def away(database: Database, call_id: str, since: datetime | None) -> None:
    """The caller's telephone has lost its connection, or (None) is back: who waits keeps their place meanwhile."""
    with database.transaction() as db:
        db.execute(
            sa.update(Call).where(Call.id == call_id, Call.waiting_since.is_not(None)).values(away_since=since)
        )  # fmt: skip
        outbox.notify(db, "call", call_id)


def end(database: Database, call_id: str, *, unless_taken: bool = False) -> bool:
    """The call waits no more and talks no more. False, with `unless_taken`, when an agent has just taken it."""
    free = Call.agent_id.is_(None) if unless_taken else sa.true()
    with database.transaction() as db:
        ended = db.execute(
            sa.update(Call).where(Call.id == call_id, free).values(waiting_since=None, away_since=None, agent_id=None)
        )  # fmt: skip
        outbox.notify(db, "call", call_id)
        return bool(ended.rowcount)  # type: ignore[attr-defined]


def taken(database: Database, call_ids: Collection[str]) -> dict[str, int]:
    """Which of these an agent has made theirs: call -> user."""
    with database.reading() as db:
        found = db.execute(sa.select(Call.id, Call.agent_id).where(Call.id.in_(call_ids), Call.agent_id.is_not(None)))
        return {row.id: row.agent_id for row in found.all() if row.agent_id is not None}


def _waiting(db: Session, now: datetime) -> list[WaitingCall]:
    carried = sa.exists().where(Gateway.name == Call.gateway, Gateway.expires_at > now)
    waiting = _calls().where(
        Call.waiting_since.is_not(None), Call.agent_id.is_(None), Call.status == CallStatus.IN_PROGRESS, carried
    )
    found = [_call(row) for row in db.execute(waiting).all()]
    return sorted(found, key=lambda call: (call.away, not call.danger, not call.again, call.since, call.call))


def _calls() -> sa.Select[str, str, datetime | None, str, str | None, bool, bool, datetime | None]:
    tickets = sa.select(Ticket.subject).where(Ticket.call_id == Call.id).order_by(Ticket.id.desc()).limit(1)
    danger = sa.exists().where(Ticket.call_id == Call.id, Ticket.danger)
    again = sa.exists().where(
        CallLeg.call_id == Call.id, CallLeg.mode == LegMode.TALK, CallLeg.end_reason.in_(LOST),
        CallLeg.joined_at >= Call.waiting_since,
    )  # fmt: skip
    return sa.select(
        Call.id, caller_number().label("number"), Call.waiting_since, Call.language,
        tickets.scalar_subquery().label("subject"), danger.label("danger"), again.label("again"),
        Call.away_since,
    )  # fmt: skip


def _call(row: sa.Row[str, str, datetime | None, str, str | None, bool, bool, datetime | None]) -> WaitingCall:
    since = row[2] or datetime.now(UTC)
    return WaitingCall(row[0], row[1], since, row[4] or "", row[3], bool(row[5]), bool(row[6]), row[7] is not None)
