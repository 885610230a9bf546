"""Which power cuts an account is in or will be in, as callers are told of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Account, Outage, OutageKind, OutagePremise

ANNOUNCED_AHEAD: Final = timedelta(days=14)


def current_outage(session: Session, account_number: str, now: datetime) -> Outage | None:
    """The power cut that the account's premise is in. Planned work is over at its time unless somebody ended it before;
    a fault lasts until it is ended. Of several the one that began first."""
    over = sa.and_(Outage.kind == OutageKind.PLANNED, Outage.expected_end_at <= now)
    statement = (
        _at(account_number)
        .where(Outage.starts_at <= now, sa.or_(Outage.expected_end_at.is_(None), ~over))
        .order_by(Outage.starts_at, Outage.id)
    )
    return session.scalar(statement.limit(1))


def next_planned(session: Session, account_number: str, now: datetime) -> Outage | None:
    """The next planned work at the account's premise within `ANNOUNCED_AHEAD`."""
    statement = (
        _at(account_number)
        .where(
            Outage.kind == OutageKind.PLANNED,
            Outage.starts_at > now,
            Outage.starts_at <= now + ANNOUNCED_AHEAD,
        )
        .order_by(Outage.starts_at, Outage.id)
    )
    return session.scalar(statement.limit(1))


def _at(account_number: str) -> sa.Select[Outage]:
    return (
        sa.select(Outage)
        .join(OutagePremise, OutagePremise.outage_id == Outage.id)
        .join(Account, Account.premise_id == OutagePremise.premise_id)
        .where(Account.number == account_number, Outage.ended_at.is_(None))
    )
