"""The rows of the only call of a test, and of its recording."""

from __future__ import annotations

import sqlalchemy as sa

from database import Database
from models import Call, Recording
from tests.scenarios import until


def the_call(database: Database) -> Call:
    with database.reading() as db:
        return db.scalars(sa.select(Call)).one()


async def ended(database: Database, within_s: float = 20.0) -> Call:
    """The call, once it is over."""
    await until(lambda: the_call(database).status.final, within_s)
    return the_call(database)


def the_recording(database: Database) -> Recording:
    with database.reading() as db:
        return db.scalars(sa.select(Recording)).one()
