"""What holds for every call at this moment, in one row: which flows are published, whether storm mode is on.

A turn of a call that is under way needs only the storm switch: `STORM` is a column to add to the statement that reads
the call's row, so it costs no statement of its own and always tells the truth of this transaction. A call that
begins needs the publication as well: `StandingReader`, a look-up by primary key run on the driver.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from database import locked
from driver_statement import DriverStatement
from models import Standing

_ROW = 1
_standing: sa.Table = Standing.__table__  # type: ignore[assignment]

# In rows of a statement that has it: row["storm"] is True, False, or None where nothing was ever switched.
STORM = sa.select(_standing.c.storm).where(_standing.c.id == _ROW).scalar_subquery().label("storm")


@dataclass(frozen=True, slots=True)
class InForce:
    """`revision_id` and `publication_id` are None before anything was published."""

    revision_id: str | None = None
    publication_id: int | None = None
    storm: bool = False


class StandingReader:
    """Reads the row in a transaction that is open already: `reader(connection)`."""

    def __init__(self, dialect: sa.Dialect) -> None:
        columns = (_standing.c.revision_id, _standing.c.publication_id, _standing.c.storm)
        self._statement = DriverStatement(sa.select(*columns).where(_standing.c.id == _ROW), dialect)

    def __call__(self, connection: sa.Connection) -> InForce:
        rows = self._statement.run(connection, {})
        return InForce(**rows[0]) if rows else InForce()


def locked_standing(session: Session) -> Standing:
    """The row, locked until the transaction ends: publications and switches come one after the other."""
    wanted = locked(session, sa.select(Standing).where(Standing.id == _ROW))
    row = session.scalar(wanted.execution_options(populate_existing=True))
    if row is not None:
        return row
    try:
        with session.begin_nested():
            session.add(Standing(id=_ROW, storm=False))
    except IntegrityError:  # another process made it a moment ago
        pass
    return session.scalars(wanted).one()
