"""Tickets as calls open them: one for one wish of one call, and none where the same fault is open already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue import callbacks, history
from callqueue.locks import take_turns
from models import Account, Call, Ticket, TicketStage, TicketType

# Added to the priority of a ticket about a place where somebody depends on equipment that needs power. Far more than
# any number of reopenings adds; danger is a class above every priority.
LIFE_SUPPORT_PRIORITY: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller wants. `callback_number` is E.164 where it can be, "" if there is none; `number_named`: the
    caller has named it, it is not just the one they call from."""

    type: TicketType
    subject: str
    callback_number: str
    language: str
    account_number: str = ""
    danger: bool = False
    life_support: bool = False
    number_named: bool = False
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
            if wish.life_support and same.priority < LIFE_SUPPORT_PRIORITY:
                same.priority += LIFE_SUPPORT_PRIORITY
            told = {name: text for name, text in wish.details.items() if name != "description"}
            words = wish.details.get("description", "")
            urge(session, same, call, now, words, reopen_priority=reopen_priority, subject=wish.subject, **told)
            return Opened(same, already=True)
    details = dict(wish.details)
    if wish.account_number and account is None:
        details["account_number"] = wish.account_number  # as keyed in; an agent may recognise it
    ticket = Ticket(
        type=wish.type,
        stage=TicketStage.OPEN,
        danger=wish.danger,
        priority=LIFE_SUPPORT_PRIORITY if wish.life_support else 0,
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


def find_open(
    session: Session, number: str, account_number: str = "", type_: TicketType | None = None
) -> Ticket | None:
    """The newest ticket that is not closed, of an account or of a number to call back."""
    statement = sa.select(Ticket).where(of(number, account_number), Ticket.stage != TicketStage.CLOSED)
    if type_ is not None:
        statement = statement.where(Ticket.type == type_)
    return session.scalar(statement.order_by(Ticket.id.desc()).limit(1))


def of(number: str, account_number: str = "") -> sa.ColumnElement[bool]:
    """Tickets of an account, if one is given, or of a number to call back; nobody's are not everybody's."""
    mine: sa.ColumnElement[bool] = sa.and_(Ticket.callback_number == number, sa.literal(number != ""))
    if account_number:
        of_account = sa.select(Account.id).where(Account.number == account_number).scalar_subquery()
        mine = sa.or_(mine, Ticket.account_id == of_account)
    return mine


def _learn(session: Session, ticket: Ticket, wish: Wish, now: datetime) -> None:
    new = {name: text for name, text in wish.details.items() if name not in ticket.details}
    if new:
        ticket.details = {**ticket.details, **new}
    if wish.number_named and wish.callback_number[:20] != ticket.callback_number:
        ticket.callback_number = wish.callback_number[:20]
        new["callback_number"] = wish.callback_number
    if new:
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


def urge(
    session: Session, ticket: Ticket, call: Call, now: datetime, words: str = "", *, reopen_priority: int, **told: Any
) -> None:
    """Writes down that the caller phoned again about a ticket, and what they said this time. One that we were about to
    call them about as done is open again."""
    history.record(session, ticket.id, history.URGED, history.CALLER, now, words, call_id=call.id, **told)
    if ticket.stage is TicketStage.CALLING_BACK:
        callbacks.reopen_by_report(session, ticket.id, now, priority=reopen_priority)
