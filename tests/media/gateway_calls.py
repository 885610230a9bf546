"""Calls by browser phone for tests of the gateway: how they begin, and how far they have come."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from media.parts import GatewayParts
from settings import Settings
from tests.media.phone_client import TestPhone, gateway, phone


@contextlib.asynccontextmanager
async def on_the_line(parts: GatewayParts, *, speed: float = 4.0, **claims: Any) -> AsyncIterator[TestPhone]:
    """A gateway, and a caller whose call is up."""
    async with gateway(parts), phone(parts.settings, speed=speed, **claims) as caller:
        await caller.start()
        yield caller


async def to_the_pin(caller: TestPhone) -> None:
    """The caller presses a key and is asked the next question: the call is in order."""
    await caller.press("2")
    await caller.caption("Your PIN?")


async def to_the_tone(caller: TestPhone) -> None:
    """What the caller says from now on is their message."""
    await caller.press("1")
    await caller.caption("After the tone.")
    await caller.tone(turn=1)


async def http_get(settings: Settings, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.media_port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()
