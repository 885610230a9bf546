"""What the desk's lists show, read in a bounded number of queries and turned into frozen rows."""

from __future__ import annotations

import enum
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from models import Account, Ticket, TicketStage, TicketType

WORDS: Final = 140  # signs of what the caller said
SHOWN: Final = 100  # rows of a list; the count says how many there are


class Tab(enum.StrEnum):
    WAITING = "waiting"
    MINE = "mine"
    TAKEN = "taken"  # with an agent, whoever
    CALLING_BACK = "calling-back"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class QueueRow:
    id: int
    type: TicketType
    stage: TicketStage
    danger: bool
    priority: int
    subject: str
    words: str  # what the caller said, shortened
    customer: str
    customer_class: str
    number: str
    address: str
    language: str
    assignee: str
    mine: bool
    reopened: int
    since: datetime  # when it came to wait; for a closed one when it was closed


@dataclass(frozen=True, slots=True)
class QueueView:
    tab: Tab
    rows: tuple[QueueRow, ...]
    counts: Mapping[Tab, int]
    danger: int  # waiting ones
    longest_since: datetime | None


def queue_view(rows: Session, tab: Tab, user_id: int, page_language: str, zone: str, now: datetime) -> QueueView:
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = _conditions(tab, user_id, midnight)
    listed = rows.scalars(
        sa.select(Ticket)
        .where(*wanted)
        .order_by(*_order(tab))
        .limit(SHOWN)
        .options(
            joinedload(Ticket.customer),
            joinedload(Ticket.assignee),
            joinedload(Ticket.account).joinedload(Account.premise),
        )
    )
    dangerous = sa.func.coalesce(sa.func.sum(sa.cast(Ticket.danger, sa.Integer)), 0)
    waiting = sa.select(dangerous, sa.func.min(Ticket.queued_at)).where(Ticket.stage == TicketStage.OPEN)
    danger, longest = rows.execute(waiting).one()
    return QueueView(
        tab=tab,
        rows=tuple(_row(ticket, tab, user_id, page_language) for ticket in listed),
        counts={other: _count(rows, _conditions(other, user_id, midnight)) for other in Tab},
        danger=int(danger),
        longest_since=longest,
    )


def _conditions(tab: Tab, user_id: int, midnight: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    match tab:
        case Tab.WAITING:
            return (Ticket.stage == TicketStage.OPEN,)
        case Tab.MINE:
            return (Ticket.assignee_id == user_id, Ticket.stage == TicketStage.CLAIMED)
        case Tab.TAKEN:
            return (Ticket.stage == TicketStage.CLAIMED,)
        case Tab.CALLING_BACK:
            return (Ticket.stage == TicketStage.CALLING_BACK,)
        case Tab.CLOSED:
            return (Ticket.closed_at >= midnight,)  # only closed ones have it; the stage would lead to the wrong index


def _count(rows: Session, wanted: tuple[sa.ColumnElement[bool], ...]) -> int:
    return rows.scalar(sa.select(sa.func.count()).select_from(Ticket).where(*wanted)) or 0


def _order(tab: Tab) -> tuple[Any, ...]:
    if tab is Tab.CLOSED:
        return (Ticket.closed_at.desc(), Ticket.id.desc())
    return (Ticket.danger.desc(), Ticket.priority.desc(), Ticket.queued_at, Ticket.id)


def _row(ticket: Ticket, tab: Tab, user_id: int, page_language: str) -> QueueRow:
    since = ticket.queued_at
    if tab is Tab.CLOSED:
        since = ticket.closed_at or since
    elif tab in {Tab.MINE, Tab.TAKEN}:
        since = ticket.claimed_at or since
    address = ticket.account.premise.address if ticket.account else {}
    return QueueRow(
        id=ticket.id,
        type=ticket.type,
        stage=ticket.stage,
        danger=ticket.danger,
        priority=ticket.priority,
        subject=ticket.subject,
        words=textwrap.shorten(str(ticket.details.get("description") or ""), WORDS, placeholder="…"),
        customer=ticket.customer.name if ticket.customer else "",
        customer_class=ticket.customer.customer_class if ticket.customer else "",
        number=ticket.callback_number,
        address=str(in_language(address, page_language)),
        language=ticket.language,
        assignee=ticket.assignee.name if ticket.assignee else "",
        mine=ticket.assignee_id == user_id,
        reopened=ticket.reopened,
        since=since,
    )


def in_language(texts: Mapping[str, Any], language: str) -> str:
    """The text in `language`, else in any there is, else nothing."""
    return str(texts.get(language) or next(iter(texts.values()), ""))
