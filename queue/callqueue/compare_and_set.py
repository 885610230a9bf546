"""Writes that name what they expect to find."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session


def changed(session: Session, statement: sa.Update) -> int:
    """Runs `statement` and says how many rows it changed: 0 when somebody else was quicker.

    Objects of the session are not brought up to date: refresh what is still needed.
    """
    session.flush()
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, sa.CursorResult)
    return result.rowcount
