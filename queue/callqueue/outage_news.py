"""Outages and who waits to hear of them: the power is back, or work is planned. Orders the calls."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue import callbacks, history
from callqueue.attempts import schedule
from callqueue.numbers import reachable
from callqueue.transitions import Action, move
from callqueue.wishes import waiting_for
from models import Account, Customer, CustomerPhone, Outage, OutagePremise, OutboundCall


def restored(session: Session, outage: Outage, now: datetime) -> int:
    """The power is back: the outage is over and everybody who asked for it is called. How many calls were ordered.

    Said again, only those are called who were not yet.
    """
    if outage.ended_at is None:
        outage.ended_at = now
    ordered = 0
    for ticket in waiting_for(session, outage):
        if reachable(ticket.callback_number):
            move(session, ticket, Action.ANNOUNCE)
            history.record(session, ticket.id, history.RESULT, history.HOTLINE, now, outage_id=outage.id)
            callbacks.order(session, ticket, now)
            ordered += 1
    return ordered


def announce(session: Session, outage: Outage, now: datetime) -> int:
    """Calls the customers whom planned work will leave without power, each once. How many calls were ordered."""
    statement = (
        sa.select(Account.number, Customer.id, Customer.language, sa.func.min(CustomerPhone.number))
        .join(OutagePremise, OutagePremise.premise_id == Account.premise_id)
        .join(Customer, Customer.id == Account.customer_id)
        .join(CustomerPhone, CustomerPhone.customer_id == Customer.id)
        .where(OutagePremise.outage_id == outage.id)
        .group_by(Account.number, Customer.id, Customer.language)
        .order_by(Account.number)
    )
    ordered = 0
    for account_number, customer_id, language, number in session.execute(statement):
        key = f"planned/{outage.id}/{customer_id}"
        if session.scalar(sa.select(OutboundCall.id).where(OutboundCall.dedupe_key == key)) is not None:
            continue
        call = OutboundCall(
            purpose=callbacks.Purpose.PLANNED,
            flow="",
            to_number=number,
            language=language,
            variables={"outage_id": outage.id, "account_number": account_number},
            dedupe_key=key,
            not_before=now,
            created_at=now,
        )
        session.add(call)
        session.flush()
        schedule(session, call, now)
        ordered += 1
    return ordered
