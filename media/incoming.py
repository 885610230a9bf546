"""What comes in on a socket: messages one by one, floods and nonsense noticed, refusals that say why.

Browser phones, agents, Twilio's streams and other processes of ours are all read through this.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Generic, NoReturn, TypeVar

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from media import messages
from media.messages import BadMessage
from media.parts import Limits
from media.sockets import Bucket, Close, PhoneSocket
from speech.audio import FRAME_BYTES

log = structlog.get_logger("media")
FRAMES_PER_S = 100.0  # twice what a phone sends: after a hold-up it may catch up
MOST_LOGGED = 3  # bad messages of one socket; its end says that there were more

Message = TypeVar("Message")


class Refusal(Exception):
    """The socket has been told why and is being closed: whoever reads it ends."""


@contextlib.asynccontextmanager
async def served(connection: ServerConnection) -> AsyncIterator[PhoneSocket]:
    """The socket of `connection`, written to for as long as the block runs. A Refusal raised in it ends it quietly."""
    socket = PhoneSocket(connection)
    writing = asyncio.create_task(socket.write())
    try:
        yield socket
    except Refusal:
        draining = asyncio.create_task(_drain(connection))
        await writing
        draining.cancel()
    finally:
        writing.cancel()


async def _drain(connection: ServerConnection) -> None:
    """Reads on without a meaning: the answer to our close stands behind whatever else the phone has sent."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.recv()


class Incoming(Generic[Message]):
    """`parse` makes a message of a frame, or raises BadMessage."""

    def __init__(self, socket: PhoneSocket, limits: Limits, parse: Callable[[str | bytes], Message]) -> None:
        self._socket = socket
        self._limits = limits
        self._parse = parse
        self._flood = Bucket(limits.frames_ahead, FRAMES_PER_S)
        self._bad = 0

    async def first(self, *ignored: type[object]) -> Message:
        """The first message that is none of `ignored`. One that does not come in time is a Refusal."""
        try:
            async with asyncio.timeout(self._limits.first_message_s):
                while isinstance(message := await self.message(), ignored):
                    pass
                return message
        except TimeoutError:
            self.refuse(Close.NOTHING_SAID, "nothing_said", "this phone has not said what it wants")

    async def message(self) -> Message:
        """The next message that is one. Raises ConnectionClosed, or Refusal for too many, or too many that are none."""
        while True:
            raw = await self._socket.connection.recv()
            if not self._flood.take(max(1.0, len(raw) * 3 / 4 / FRAME_BYTES), asyncio.get_running_loop().time()):
                self.refuse(Close.TOO_MUCH, "too_much", "more came in than a telephone sends")
            try:
                return self._parse(raw)
            except BadMessage as error:
                self.complain(error)

    def complain(self, error: BadMessage) -> None:
        """Told to the far end; too many are a Refusal."""
        self._bad += 1
        if self._bad <= MOST_LOGGED:
            log.info("bad_message", code=error.code, error=str(error)[:200])
        self._socket.send(messages.error(error.code, str(error)))
        if self._bad >= self._limits.bad_messages:
            self.refuse(Close.BAD_MESSAGE, "too_many_bad_messages", "too many messages that are none")

    def refuse(self, code: Close, error: str, text: str) -> NoReturn:
        """Says why, closes, and raises Refusal."""
        log.info("socket_refused", error=error, reason=text)
        self._socket.send(messages.error(error, text))
        self._socket.close(code, text)
        raise Refusal(text)
