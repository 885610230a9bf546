"""What the tests of one call share: a scenario that has to end, and the rows that the call leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import sqlalchemy as sa

from database import Database
from models import Call, Recording


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 45))


async def until(true: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.02)


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
