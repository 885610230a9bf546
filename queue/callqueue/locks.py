"""Taking turns over something that is no row yet."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session


def take_turns(session: Session, subject: str) -> None:
    """Until this transaction ends, nobody else gets past this line with the same `subject`.

    On SQLite every writing transaction is alone anyway (BEGIN IMMEDIATE); on PostgreSQL it is an advisory lock, and
    what is read after it sees everything that its last holder committed.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(subject, 0))))
