"""Callers in the line and agents who talk with them: the ways there, and what the rows say of it."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa

from database import Database
from models import Call, CallLeg
from tests.media.only_call import the_call
from tests.media.phone_client import TestPhone
from tests.media.rooms.agent_client import TestAgent

CALLER_HZ, TOM_HZ, MEI_HZ, SUN_HZ = 700.0, 1500.0, 1900.0, 2300.0


def legs(database: Database) -> list[CallLeg]:
    with database.reading() as db:
        return list(db.scalars(sa.select(CallLeg).order_by(CallLeg.id)))


async def left_by(database: Database, *reasons: str) -> None:
    """Waits until the legs have ended so, in their order; "" for one that has not."""
    async with asyncio.timeout(30):
        while [leg.end_reason for leg in legs(database)] != list(reasons):
            await asyncio.sleep(0.05)


async def until_row(database: Database, condition: Any, within_s: float = 30.0) -> Call:
    async with asyncio.timeout(within_s):
        while not condition(the_call(database)):
            await asyncio.sleep(0.05)
    return the_call(database)


async def waits(caller: TestPhone) -> str:
    """Brings the caller into the line; returns the call."""
    up = await caller.start()
    await caller.press("1")
    await caller.caption("I put you through.")
    return str(up["call"])


async def music(listener: TestPhone, within_s: float = 30.0) -> None:
    """Chimes are not one pitch: something loud enough is heard that is none of the people's tones."""
    async with asyncio.timeout(within_s):
        while not any(byte not in (0xFF, 0x7F) for byte in listener.heard[-1600:]):
            await asyncio.sleep(0.05)


async def offered(line: TestAgent, call: str) -> dict[str, Any]:
    """Waits until `call` stands in the line as the agent sees it; what is said of it."""
    async with asyncio.timeout(30):
        while True:
            told = await line.until("waiting")
            for waiting in told["calls"]:
                if waiting["call"] == call:
                    return dict(waiting)


async def talk(caller: TestPhone, agent: TestAgent, *colleagues: TestAgent) -> str:
    """All of them are at work, the caller comes into the line and `agent` takes them; returns the call."""
    for line in (agent, *colleagues):
        await line.ready()
    call = await waits(caller)
    await offered(agent, call)
    await agent.answer(call)
    return call
