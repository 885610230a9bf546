"""What an agent has begun to write and not sent, kept on the server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import Draft

FIELDS: Final = ("note", "result")
LONGEST: Final = 4000


def drafts_of(rows: Session, user_id: int, ticket_id: int) -> Mapping[str, str]:
    """Field -> text."""
    found = rows.scalars(sa.select(Draft).where(Draft.user_id == user_id, Draft.ticket_id == ticket_id))
    return {draft.field: draft.text for draft in found}


def keep(rows: Session, user_id: int, ticket_id: int, field: str, text: str, now: datetime) -> None:
    """An empty text forgets the draft. Raises ValueError for a field that has no drafts or a text too long."""
    if field not in FIELDS:
        raise ValueError(f"no drafts are kept of {field!r}")
    if len(text) > LONGEST:
        raise ValueError(f"a draft has at most {LONGEST} signs")
    if not text.strip():
        forget(rows, user_id, ticket_id, field)
        return
    rows.merge(Draft(user_id=user_id, ticket_id=ticket_id, field=field, text=text, at=now))


def forget(rows: Session, user_id: int, ticket_id: int, *fields: str) -> None:
    rows.execute(
        sa.delete(Draft).where(
            Draft.user_id == user_id, Draft.ticket_id == ticket_id, Draft.field.in_(fields or FIELDS)
        )
    )
