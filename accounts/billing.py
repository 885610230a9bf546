"""What an account owes, and its newest bill."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Account, Bill


def balance_cents(session: Session, account_number: str) -> int | None:
    """Positive when the customer owes, negative when they are in credit; `None` if there is no such account."""
    return session.scalar(sa.select(Account.balance_cents).where(Account.number == account_number))


def last_bill(session: Session, account_number: str) -> Bill | None:
    statement = (
        sa.select(Bill)
        .join(Account, Account.id == Bill.account_id)
        .where(Account.number == account_number)
        .order_by(Bill.issued_on.desc(), Bill.id.desc())
        .limit(1)
    )
    return session.scalar(statement)
