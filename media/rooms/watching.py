"""Whether the other end of a socket is still there: one that sleeps, or whose network is gone, stays open for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from media.sockets import PhoneSocket

log = structlog.get_logger("media")

LOOK_EVERY_S: Final = 3.0
ALIVE_WITHIN_S: Final = 5.0
"""A caller must not talk to nobody for longer than both together."""


async def watch(socket: Callable[[], PhoneSocket]) -> None:
    """Asks again and again, until cancelled, and breaks a connection that does not answer: its reader notices.
    `socket` may be another one by then."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        asked = socket()
        if asked.open and not await asked.alive(ALIVE_WITHIN_S) and asked is socket():
            log.info("socket_does_not_answer", peer=str(asked.connection.remote_address))
            asked.connection.transport.abort()
