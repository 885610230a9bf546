"""What callers ask for besides a repair: a service, a payment looked for, a call when the power is back.

Each is a ticket. Asked again while it is open, the caller is told of the one that is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue import history, opening
from callqueue.locks import take_turns
from models import Account, Call, Outage, Ticket, TicketStage, TicketType

# What is applied for -> the subject on the desk.
SERVICES: Final[Mapping[str, str]] = {
    "new_connection": "New connection",
    "change_of_name": "Change of name",
    "reconnection": "Reconnection",
}
PAYMENT_NOT_SHOWN: Final = "Payment not shown"
WHEN_RESTORED: Final = "Call when the power is back"
OUTAGE_ID: Final = "outage_id"  # in a ticket's details


def ask_once(session: Session, call: Call, wish: opening.Wish, now: datetime) -> opening.Opened:
    """Opens a ticket, or finds the open one of the same subject for the account, or for the number without one.

    What is new in `wish` is added to a ticket that is there, as a note.
    """
    take_turns(session, f"{wish.subject}/{wish.account_number or wish.callback_number}")
    same = _open(session, wish)
    if same is None or same.call_id == call.id:
        return opening.open_ticket(session, call, wish, now, reopen_priority=0)
    told = {name: text for name, text in wish.details.items() if name != "description"}
    words = wish.details.get("description", "")
    history.record(session, same.id, history.NOTED, history.CALLER, now, words, call_id=call.id, **told)
    return opening.Opened(same, already=True)


def newest(
    session: Session,
    number: str,
    account_number: str = "",
    *,
    types: Collection[TicketType] = (),
    ticket_number: str = "",
    closed_since: datetime | None = None,
) -> Ticket | None:
    """The newest ticket of a number or an account, or the one with that number, as far as it is of `types`.

    Closed ones only from `closed_since` on; none without it.
    """
    conditions: list[sa.ColumnElement[bool]] = [opening.of(number, account_number)]
    if ticket_number:
        if len(ticket_number) > 12:  # longer than any id a database gives
            return None
        conditions = [Ticket.id == int(ticket_number)]
    if types:
        conditions.append(Ticket.type.in_(types))
    stands = Ticket.stage != TicketStage.CLOSED
    if closed_since is not None:
        stands = sa.or_(stands, Ticket.closed_at >= closed_since)
    return session.scalar(sa.select(Ticket).where(*conditions, stands).order_by(Ticket.id.desc()).limit(1))


def waiting_for(session: Session, outage: Outage) -> list[Ticket]:
    """Tickets of callers who want to be called when the power is back, and have not been yet."""
    statement = sa.select(Ticket).where(
        Ticket.subject == WHEN_RESTORED, Ticket.stage == TicketStage.OPEN, Ticket.type == TicketType.ENQUIRY
    )
    return [
        one for one in session.scalars(statement.order_by(Ticket.id)) if one.details.get(OUTAGE_ID) == str(outage.id)
    ]


def _open(session: Session, wish: opening.Wish) -> Ticket | None:
    conditions = [
        Ticket.type == wish.type,
        Ticket.subject == wish.subject[:200],
        Ticket.stage != TicketStage.CLOSED,
    ]
    if wish.account_number:
        of_account = sa.select(Account.id).where(Account.number == wish.account_number).scalar_subquery()
        conditions.append(Ticket.account_id == of_account)
    elif wish.callback_number:
        conditions.append(Ticket.callback_number == wish.callback_number)
    else:
        return None
    return session.scalar(sa.select(Ticket).where(*conditions).order_by(Ticket.id).limit(1))
