"""Callers in the line and agents who talk with them: the ways there, and what the rows say of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import sqlalchemy as sa

from database import Database
from media.parts import GatewayParts
from models import Call, CallLeg, User
from tests.media.only_call import the_call
from tests.media.phone_client import TestPhone, gateway, phone
from tests.media.rooms.agent_client import TestAgent, agent

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


async def talk(caller: TestPhone, first: TestAgent, *colleagues: TestAgent) -> str:
    """All of them are at work, the caller comes into the line and `first` takes them; returns the call."""
    for line in (first, *colleagues):
        await line.ready()
    call = await waits(caller)
    await offered(first, call)
    await first.answer(call)
    return call


@contextlib.asynccontextmanager
async def talking(parts: GatewayParts, first: User, *colleagues: User) -> AsyncIterator[tuple[Any, ...]]:
    """A gateway, these agents at work, and a caller who talks with the first: the call, the caller, then the agents."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(gateway(parts))
        lines = [await stack.enter_async_context(agent(parts.settings, user)) for user in (first, *colleagues)]
        caller = await stack.enter_async_context(phone(parts.settings, speed=1.0))
        yield await talk(caller, *lines), caller, *lines
