"""Whose ticket it is: customer, accounts, and their past contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from console.call_list import CallRow, calls_with
from console.queue_view import in_language
from console.sessions import SignedIn
from console.ticket_list import TicketLine, tickets_with
from models import Account, Bill, Ticket

CONTACTS: Final = 6  # of each kind
ACCOUNTS: Final = 3


@dataclass(frozen=True, slots=True)
class LastBill:
    amount_cents: int
    usage_kwh: int
    due_on: date
    paid: bool


@dataclass(frozen=True, slots=True)
class AccountCard:
    number: str
    address: str
    service_point: str
    balance_cents: int
    bill: LastBill | None


@dataclass(frozen=True, slots=True)
class Person:
    """`accounts`: the ticket's own; where it names none, those of the customer, and `of_ticket` is False."""

    id: int
    name: str
    customer_class: str
    customer_language: str
    number: str
    whole_number: bool
    of_ticket: bool
    accounts: tuple[AccountCard, ...]
    tickets: tuple[TicketLine, ...]
    calls: tuple[CallRow, ...]


def person(ticket: Ticket, user: SignedIn, rows: Session, language: str) -> Person:
    customer = ticket.customer
    accounts = [ticket.account] if ticket.account else _accounts_of(rows, ticket.customer_id)
    number, owner = ticket.callback_number, ticket.customer_id
    return Person(
        id=ticket.id,
        name=customer.name if customer else "",
        customer_class=customer.customer_class if customer else "",
        customer_language=customer.language if customer else "",
        number=ticket.callback_number,
        whole_number=may_see_number(ticket, user),
        of_ticket=ticket.account is not None,
        accounts=tuple(_card(rows, account, language) for account in accounts),
        tickets=tickets_with(rows, number=number, customer_id=owner, without=ticket.id, limit=CONTACTS),
        calls=tuple(calls_with(rows, number=number, customer_id=owner, without=ticket.call_id, limit=CONTACTS)),
    )


def _accounts_of(rows: Session, customer_id: int | None) -> list[Account]:
    if customer_id is None:
        return []
    wanted = sa.select(Account).where(Account.customer_id == customer_id).order_by(Account.id).limit(ACCOUNTS)
    return list(rows.scalars(wanted.options(joinedload(Account.premise))))


def _card(rows: Session, account: Account, language: str) -> AccountCard:
    newest = sa.select(Bill).where(Bill.account_id == account.id).order_by(Bill.issued_on.desc()).limit(1)
    bill = rows.scalar(newest)
    return AccountCard(
        number=account.number,
        address=in_language(account.premise.address, language),
        service_point=account.premise.service_point,
        balance_cents=account.balance_cents,
        bill=LastBill(bill.amount_cents, bill.usage_kwh, bill.due_on, bill.paid_at is not None) if bill else None,
    )


def may_see_number(ticket: Ticket, user: SignedIn) -> bool:
    return user.leads or ticket.assignee_id == user.id
