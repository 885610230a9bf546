"""Scenarios that run on an event loop of their own, and have to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


def run(scenario: Coroutine[Any, Any, None], within_s: float = 120.0) -> None:
    asyncio.run(asyncio.wait_for(scenario, within_s))


async def until(true: Callable[[], object], within_s: float = 20.0) -> None:
    """Waits for it; TimeoutError when it does not come true."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.01)
