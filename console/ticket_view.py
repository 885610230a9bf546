"""A ticket as its page shows it, in panels that are fetched again on their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from console.customer_view import Person, may_see_number, person
from console.result_text import quick_phrases
from console.sessions import SignedIn
from models import (
    Account,
    Recording,
    RecordingKind,
    RecordingStatus,
    Ticket,
    TicketStage,
    TicketType,
    User,
)

_RECORDINGS: Final = frozenset({"recording", "recording_id", "reason_recording"})


@dataclass(frozen=True, slots=True)
class Head:
    id: int
    type: TicketType
    stage: TicketStage
    danger: bool
    priority: int
    subject: str
    language: str
    reopened: int
    assignee: str
    mine: bool
    may_claim: bool
    may_release: bool
    since: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording with what was made of it."""

    id: str
    status: RecordingStatus
    seconds: float
    transcript: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller told us: named values, recordings, the call to look into."""

    id: int
    slots: tuple[tuple[str, str], ...]
    recordings: tuple[Heard, ...]
    language: str
    call_id: str | None
    whole_numbers: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What can be done now. `result` is what the caller is told once it is closed."""

    id: int
    type: TicketType
    stage: TicketStage
    mine: bool
    assignee: str
    language: str
    number: str
    result: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    kind: str
    actor: str
    text: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    id: int
    entries: tuple[HistoryEntry, ...]


def head(ticket: Ticket, user: SignedIn, rows: Session, language: str) -> Head:
    claimed = ticket.stage is TicketStage.CLAIMED
    mine = ticket.assignee_id == user.id and claimed
    return Head(
        id=ticket.id, type=ticket.type, stage=ticket.stage, danger=ticket.danger, priority=ticket.priority,
        subject=ticket.subject, language=ticket.language, reopened=ticket.reopened,
        assignee=ticket.assignee.name if ticket.assignee else "", mine=mine,
        may_claim=ticket.stage is TicketStage.OPEN, may_release=mine or (claimed and user.leads),
        since=_since(ticket), created_at=ticket.created_at,
    )  # fmt: skip


def said(ticket: Ticket, user: SignedIn, rows: Session, language: str) -> Said:
    found = rows.scalars(
        sa.select(Recording)
        .where(sa.or_(Recording.id.in_(named_recordings(ticket)), Recording.call_id == (ticket.call_id or "")))
        .where(Recording.kind == RecordingKind.MESSAGE)
        .order_by(Recording.id)
        .limit(20)
    )
    return Said(
        id=ticket.id,
        slots=tuple(
            (name, _written(value))
            for name, value in ticket.details.items()
            if name not in _RECORDINGS and value not in (None, "")
        ),
        recordings=tuple(Heard(one.id, one.status, one.seconds, one.transcript, one.created_at) for one in found),
        language=ticket.language,
        call_id=ticket.call_id,
        whole_numbers=may_see_number(ticket, user),
    )


def named_recordings(ticket: Ticket) -> set[str]:
    """Ids of the recordings that the ticket and its history name."""
    named = {str(value) for name, value in ticket.details.items() if name in _RECORDINGS and value}
    for event in ticket.events:
        named |= {str(value) for name, value in event.data.items() if name in _RECORDINGS and value}
    return named


def work(ticket: Ticket, user: SignedIn, rows: Session, language: str) -> Work:
    return Work(
        id=ticket.id, type=ticket.type, stage=ticket.stage,
        mine=ticket.assignee_id == user.id and ticket.stage is TicketStage.CLAIMED,
        assignee=ticket.assignee.name if ticket.assignee else "", language=ticket.language,
        number=ticket.callback_number, result=ticket.result, phrases=quick_phrases(ticket.type, ticket.language),
    )  # fmt: skip


def history(ticket: Ticket, user: SignedIn, rows: Session, language: str) -> History:
    """Newest first, with the names of the people in it."""
    actors = {one.actor for one in ticket.events}
    named = rows.scalars(sa.select(User).where(User.username.in_(actors)))
    names = {user_.username: user_.name for user_ in named}
    return History(
        ticket.id,
        tuple(
            HistoryEntry(one.kind, names.get(one.actor, one.actor), one.text, one.data, one.at)
            for one in reversed(ticket.events)
        ),
    )


Panel = Head | Said | Work | History | Person
PANELS: Final[Mapping[str, Callable[[Ticket, SignedIn, Session, str], Panel]]] = {
    "head": head,
    "said": said,
    "work": work,
    "history": history,
    "person": person,
}


def load(rows: Session, ticket_id: int) -> Ticket | None:
    return rows.scalar(
        sa.select(Ticket)
        .where(Ticket.id == ticket_id)
        .options(
            joinedload(Ticket.customer),
            joinedload(Ticket.assignee),
            joinedload(Ticket.account).joinedload(Account.premise),
            selectinload(Ticket.events),
        )
    )


def _since(ticket: Ticket) -> datetime:
    match ticket.stage:
        case TicketStage.CLAIMED:
            return ticket.claimed_at or ticket.queued_at
        case TicketStage.CLOSED:
            return ticket.closed_at or ticket.queued_at
        case _:
            return ticket.queued_at


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
