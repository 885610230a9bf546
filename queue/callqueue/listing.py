"""The queue as it stands: who is next, how many wait, since when. Two queries, however many rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Customer, Ticket, TicketStage, TicketType, User

# Danger is a class above everything; among equals who waits longest is next.
NEXT_FIRST: Final[tuple[sa.ColumnElement[Any], ...]] = (
    Ticket.danger.desc(),
    Ticket.priority.desc(),
    Ticket.queued_at.expression,
    Ticket.id.expression,
)


@dataclass(frozen=True, slots=True)
class Listed:
    id: int
    type: TicketType
    stage: TicketStage
    danger: bool
    priority: int
    subject: str
    language: str
    callback_number: str
    customer: str  # "" when unknown
    assignee: str  # "" when nobody has it
    reopened: int
    queued_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """`rows` are the first ones; `total`, `dangers` and `longest_since` are of all that match."""

    rows: tuple[Listed, ...]
    total: int
    dangers: int
    longest_since: datetime | None


def listing(
    session: Session, stage: TicketStage = TicketStage.OPEN, *, assignee_id: int | None = None, limit: int = 100
) -> Listing:
    """Tickets at `stage`, next one first; only those of `assignee_id` when it is given."""
    wanted = [Ticket.stage == stage]
    if assignee_id is not None:
        wanted.append(Ticket.assignee_id == assignee_id)
    rows: Iterable[Any] = session.execute(
        sa.select(
            Ticket.id,
            Ticket.type,
            Ticket.stage,
            Ticket.danger,
            Ticket.priority,
            Ticket.subject,
            Ticket.language,
            Ticket.callback_number,
            sa.func.coalesce(Customer.name, ""),
            sa.func.coalesce(User.name, ""),
            Ticket.reopened,
            Ticket.queued_at,
        )
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .where(*wanted)
        .order_by(*NEXT_FIRST)
        .limit(limit)
    )
    dangers = sa.func.sum(sa.case((Ticket.danger, 1), else_=0))
    total, dangerous, longest = session.execute(
        sa.select(sa.func.count(), dangers, sa.func.min(Ticket.queued_at)).select_from(Ticket).where(*wanted)
    ).one()
    return Listing(tuple(Listed(*row) for row in rows), total, dangerous or 0, longest)
