"""An agent's page for tests: a real WebSocket that speaks a tone when it is told to and keeps what it hears."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import connect

from models import Role, User
from settings import Settings
from tests.media.phone_client import TestPhone, address
from tests.media.tones import level_of, tone_frames


class TestAgent(TestPhone):
    """Hears like a phone does. `user` is who it is."""

    __test__ = False

    async def ready(self) -> None:
        await self.until("line", state="away")
        await self.send("ready")
        await self.until("line", state="ready")

    async def answer(self, call: str) -> dict[str, Any]:
        await self.send("answer", call=call)
        return await self.until("joined", call=call)


@contextlib.asynccontextmanager
async def agent(settings: Settings, user: User, *, role: Role | None = None) -> AsyncIterator[TestAgent]:
    socket = await connect(address(settings, path="/agent", user=user.id, role=(role or user.role).value))
    made = TestAgent(socket, 1.0)
    try:
        yield made
    finally:
        await made.leave()


async def hears(listener: TestPhone, hertz: float, within_s: float = 30.0, *, above: float = -30.0) -> None:
    """Waits until a quarter of a second of what `listener` hears has this pitch in it."""
    async with asyncio.timeout(within_s):
        while level_of(hertz, listener.heard[-2000:]) < above or len(listener.heard) < 2000:
            await asyncio.sleep(0.05)


async def hears_not(listener: TestPhone, hertz: float, seconds: float = 0.4, *, below: float = -45.0) -> None:
    """Waits until `listener` has heard nothing of this pitch for `seconds`; what was under way is let pass. The tone
    must go on meanwhile, and some frames must come."""
    begun, wanted = len(listener.heard), round(8000 * seconds)
    async with asyncio.timeout(30):
        while len(listener.heard) < begun + wanted or level_of(hertz, listener.heard[-wanted:]) >= below:
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def speaking(speaker: TestPhone, hertz: float) -> AsyncIterator[None]:
    """`speaker` sounds a tone for as long as the block runs."""
    frames = tone_frames(hertz, 50)

    async def sound() -> None:
        while True:
            for frame in frames:
                await speaker.speak(frame, 0.02)

    task = asyncio.create_task(sound())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
