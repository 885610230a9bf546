"""Tickets as calls open them: one for one wish of one call, and none where the same fault is open already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue import callbacks, history
from callqueue.locks import take_turns
from models import Account, Call, Ticket, TicketStage, TicketType


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller wants. `callback_number` is E.164 where it can be, "" if there is none."""

    type: TicketType
    subject: str
    callback_number: str
    language: str
    account_number: str = ""
    danger: bool = False
    details: Mapping[str, str] = field(default_factory=dict)  # description, recording, ...; no empty ones


@dataclass(frozen=True, slots=True)
class Opened:
    ticket: Ticket
    already: bool  # the fault was open before; it has been urged instead


def open_ticket(session: Session, call: Call, wish: Wish, now: datetime, *, reopen_priority: int) -> Opened:
    """The same wish of the same call again is the same ticket, and adds what was not known. Never commits.

    So a flow can open a ticket before it asks for more: whoever hangs up then has reported all the same.

    A fault of an account, or of a number where no account is known, joins the open ticket about it. A danger joins
    nothing but a danger of the same subject: it is never taken for something that is known.
    """
    key = f"{call.id}/{wish.type.value}/{hashlib.sha256(wish.subject.encode()).hexdigest()[:32]}"
    existing = session.scalar(sa.select(Ticket).where(Ticket.dedupe_key == key))
    if existing is not None:
        _learn(session, existing, wish, now)
        return Opened(existing, already=False)
    account = None
    if wish.account_number:
        account = session.scalar(sa.select(Account).where(Account.number == wish.account_number))
    if wish.type is TicketType.FAULT:
        take_turns(session, f"fault/{account.number if account else wish.callback_number}")
        same = _open_fault(session, account, wish)
        if same is not None:
            return Opened(_urge(session, same, call, wish, now, reopen_priority), already=True)
    details = dict(wish.details)
    if wish.account_number and account is None:
        details["account_number"] = wish.account_number  # as keyed in; an agent may recognise it
    ticket = Ticket(
        type=wish.type,
        stage=TicketStage.OPEN,
        danger=wish.danger,
        priority=0,
        subject=wish.subject[:200],
        details=details,
        language=wish.language,
        callback_number=wish.callback_number[:20],
        customer_id=account.customer_id if account else call.customer_id,
        account_id=account.id if account else None,
        call_id=call.id,
        dedupe_key=key,
        created_at=now,
        queued_at=now,
    )
    session.add(ticket)
    session.flush()
    history.record(session, ticket.id, history.OPENED, history.CALLER, now, call_id=call.id)
    return Opened(ticket, already=False)


def find_open(session: Session, number: str, account_number: str = "") -> Ticket | None:
    """The newest ticket that is not closed, of an account or of a number to call back."""
    mine: sa.ColumnElement[bool] = sa.and_(Ticket.callback_number == number, sa.literal(number != ""))
    if account_number:
        of_account = sa.select(Account.id).where(Account.number == account_number).scalar_subquery()
        mine = sa.or_(mine, Ticket.account_id == of_account)
    statement = sa.select(Ticket).where(mine, Ticket.stage != TicketStage.CLOSED).order_by(Ticket.id.desc()).limit(1)
    return session.scalar(statement)


def _learn(session: Session, ticket: Ticket, wish: Wish, now: datetime) -> None:
    new = {name: text for name, text in wish.details.items() if name not in ticket.details}
    if new:
        ticket.details = {**ticket.details, **new}
        history.record(session, ticket.id, history.NOTED, history.CALLER, now, new.pop("description", ""), **new)


def _open_fault(session: Session, account: Account | None, wish: Wish) -> Ticket | None:
    conditions: list[Any] = [Ticket.type == TicketType.FAULT, Ticket.stage != TicketStage.CLOSED]
    if account is not None:
        conditions.append(Ticket.account_id == account.id)
    elif wish.callback_number:
        conditions.append(Ticket.callback_number == wish.callback_number)
    else:
        return None
    if wish.danger:
        conditions += [Ticket.danger, Ticket.subject == wish.subject[:200]]
    return session.scalar(sa.select(Ticket).where(*conditions).order_by(Ticket.id).limit(1))


def _urge(session: Session, ticket: Ticket, call: Call, wish: Wish, now: datetime, reopen_priority: int) -> Ticket:
    """Writes down that the caller phoned again, and what they said this time."""
    told = {name: text for name, text in wish.details.items() if name != "description"}
    history.record(
        session, ticket.id, history.URGED, history.CALLER, now, wish.details.get("description", ""),
        call_id=call.id, subject=wish.subject, **told,
    )  # fmt: skip
    if ticket.stage is TicketStage.CALLING_BACK:
        callbacks.reopen_by_report(session, ticket.id, now, priority=reopen_priority)
    return ticket
