"""Who may hear the recordings of a call and read its transcript, and who has done so.

Supervisors and administrators: all. An agent: those of calls they talked on, or whose ticket is theirs; and a message
that belongs to a ticket nobody has taken yet, for whoever looks at the queue must know what it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from console.sessions import SignedIn
from console.ticket_view import named_recordings
from database import locked
from models import (
    AuditEvent,
    Call,
    CallLeg,
    LegMode,
    OutboundCall,
    Recording,
    RecordingKind,
    Ticket,
    TicketStage,
    User,
)

PLAYED: Final = "recording.played"
ONE_PLAY: Final = timedelta(hours=1)
"""Requests of one player so soon after each other are one play: a browser asks for a sound in many parts."""
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Play:
    at: datetime
    name: str


def may_hear_call(rows: Session, user: SignedIn, call: Call) -> bool:
    """The recording of the whole call, and its transcript."""
    if user.leads or call.agent_id == user.id:
        return True
    talked = sa.select(CallLeg.id).where(
        CallLeg.call_id == call.id, CallLeg.user_id == user.id, CallLeg.mode == LegMode.TALK
    )
    if rows.scalar(talked.limit(1)) is not None:
        return True
    return any(ticket.assignee_id == user.id for ticket in _tickets(rows, call))


def may_hear(rows: Session, user: SignedIn, recording: Recording, ticket_id: int | None = None) -> bool:
    """`ticket_id`: the ticket on whose page it stands; a message may belong to a ticket of another call."""
    call = rows.get_one(Call, recording.call_id)
    if may_hear_call(rows, user, call):
        return True
    if recording.kind is not RecordingKind.MESSAGE:
        return False
    if any(_open_to(user, ticket) for ticket in _tickets(rows, call)):
        return True
    ticket = rows.get(Ticket, ticket_id) if ticket_id is not None else None
    return ticket is not None and _open_to(user, ticket) and recording.id in named_recordings(ticket)


def note_play(
    rows: Session, user: SignedIn, recording: Recording, player: str, now: datetime, *, anew: bool = False
) -> None:
    """Once for a `player` (what a page calls the one it shows), unless it is played `anew`. In a transaction."""
    rows.scalars(locked(rows, sa.select(Recording.id).where(Recording.id == recording.id))).all()
    if anew or not played_just_now(rows, user, recording.id, player, now):
        rows.add(
            AuditEvent(
                at=now, user_id=user.id, action=PLAYED, subject="recording", subject_id=recording.id,
                details={"call": recording.call_id, "player": player},
            )
        )  # fmt: skip


def played_just_now(rows: Session, user: SignedIn, recording_id: str, player: str, now: datetime) -> bool:
    found = rows.scalars(
        sa.select(AuditEvent.details)
        .where(AuditEvent.subject == "recording", AuditEvent.subject_id == recording_id)
        .where(AuditEvent.user_id == user.id, AuditEvent.action == PLAYED, AuditEvent.at > now - ONE_PLAY)
    )
    return any(details.get("player") == player for details in found)


def plays(rows: Session, recording_ids: list[str]) -> tuple[Play, ...]:
    """The newest, newest first."""
    found = rows.execute(
        sa.select(AuditEvent.at, User.name)
        .join(User, User.id == AuditEvent.user_id)
        .where(AuditEvent.subject == "recording", AuditEvent.subject_id.in_(recording_ids))
        .where(AuditEvent.action == PLAYED)
        .order_by(AuditEvent.at.desc())
        .limit(_SHOWN)
    )
    return tuple(Play(at, name) for at, name in found)


def _tickets(rows: Session, call: Call) -> list[Ticket]:
    """What the call opened, and what it was made about."""
    about = Ticket.call_id == call.id
    if call.outbound_call_id is not None:
        order = sa.select(OutboundCall.ticket_id).where(OutboundCall.id == call.outbound_call_id)
        about = sa.or_(about, Ticket.id.in_(order))
    return list(rows.scalars(sa.select(Ticket).where(about)))


def _open_to(user: SignedIn, ticket: Ticket) -> bool:
    return ticket.assignee_id == user.id or ticket.stage is TicketStage.OPEN
