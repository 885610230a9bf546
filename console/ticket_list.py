"""Short lines about tickets, for lists beside something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Ticket, TicketStage, TicketType


@dataclass(frozen=True, slots=True)
class TicketLine:
    id: int
    type: TicketType
    stage: TicketStage
    danger: bool
    subject: str
    created_at: datetime


def tickets_of_call(rows: Session, call_id: str) -> tuple[TicketLine, ...]:
    return _lines(rows, Ticket.call_id == call_id, 20)


def tickets_with(
    rows: Session, *, number: str, customer_id: int | None, without: int, limit: int
) -> tuple[TicketLine, ...]:
    """The newest tickets of a number or a customer."""
    whose: sa.ColumnElement[bool] = Ticket.callback_number == number
    if customer_id is not None:
        whose = sa.or_(whose, Ticket.customer_id == customer_id)
    return _lines(rows, sa.and_(whose, Ticket.id != without), limit)


def _lines(rows: Session, wanted: sa.ColumnElement[bool], limit: int) -> tuple[TicketLine, ...]:
    found = rows.scalars(sa.select(Ticket).where(wanted).order_by(Ticket.id.desc()).limit(limit))
    return tuple(TicketLine(one.id, one.type, one.stage, one.danger, one.subject, one.created_at) for one in found)
