"""A phone's socket as the rest of the gateway uses it: sending never waits, floods are noticed, closing says why."""

from __future__ import annotations

import asyncio
import enum

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from media.messages import Out

MOST_UNSENT = 600
"""Messages waiting for a phone that does not take them, about a minute of sound: its connection is as good as lost."""


class Close(enum.IntEnum):
    """Codes a phone can tell apart; the reason beside them is for people."""

    OVER = 1000
    FAILED = 1011
    RESTART = 1012
    BAD_MESSAGE = 4400
    BAD_TOKEN = 4401
    NO_SUCH_CALL = 4404
    NOTHING_SAID = 4408
    ALREADY_CONNECTED = 4409
    TOO_MUCH = 4429
    FULL = 4503


class Bucket:
    """`size` at once, refilled at `per_s`. Times are monotonic seconds."""

    def __init__(self, size: float, per_s: float) -> None:
        self._size = self._left = size
        self._per_s = per_s
        self._at: float | None = None

    def take(self, count: float, now: float) -> bool:
        """False when there is not so much left; then nothing is taken."""
        if self._at is not None:
            self._left = min(self._size, self._left + (now - self._at) * self._per_s)
        self._at = now
        if count > self._left:
            return False
        self._left -= count
        return True

    @property
    def full(self) -> bool:
        return self._left >= self._size


class PhoneSocket:
    """Made inside the running loop; `run` must be awaited for as long as the connection is served."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self._unsent: asyncio.Queue[str | None] = asyncio.Queue()
        self._closing: tuple[int, str] | None = None

    @property
    def open(self) -> bool:
        return self.connection.state is State.OPEN

    def send(self, message: Out) -> None:
        """Queued; lost without a word when the connection is gone, which its reader notices."""
        if self._closing is None:
            self._unsent.put_nowait(message.encoded())
            if self._unsent.qsize() > MOST_UNSENT:
                self.close(Close.TOO_MUCH, "the phone does not take what it is sent")

    @property
    def unsent(self) -> int:
        """Messages that wait for the far end to take them."""
        return self._unsent.qsize()

    def close(self, code: Close, reason: str) -> None:
        """After what is queued has been sent."""
        if self._closing is None:
            self._closing = (int(code), reason[:120])
            self._unsent.put_nowait(None)

    async def write(self) -> None:
        """Sends until closed. Run as a task beside the reader."""
        try:
            while (text := await self._unsent.get()) is not None:
                await self.connection.send(text)
        except ConnectionClosed:
            return
        assert self._closing is not None
        await self.connection.close(*self._closing)

    async def alive(self, within_s: float) -> bool:
        """Whether the other end still answers."""
        try:
            async with asyncio.timeout(within_s):
                answered = await self.connection.ping()  # waits where the far end takes nothing
                await answered
        except (ConnectionClosed, TimeoutError):
            return False
        return True
