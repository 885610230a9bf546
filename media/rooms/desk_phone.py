"""The telephone on an agent's desk, rung by the process that speaks SIP: it hears and speaks in place of their page."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable
from typing import Final

import orjson
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from ivr.channels import tokens
from media.messages import Media
from media.rooms import messages as agent_messages
from media.rooms.staff import JoinRefused
from settings import Settings

log = structlog.get_logger("media")

RINGS_S: Final = 25.0
OPENS_WITHIN_S: Final = 4.0
MOST_UNSENT: Final = 100


class DeskPhone:
    """`said` is given what is said into it, `ended` is called once when it has been hung up by its agent."""

    def __init__(self, socket: ClientConnection, said: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._socket = socket
        self._said = said
        self._ended = ended
        self._unsent: asyncio.Queue[str | None] = asyncio.Queue()
        self._over = False
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    def play(self, mulaw: bytes) -> None:
        if self._unsent.qsize() < MOST_UNSENT:
            self._unsent.put_nowait(agent_messages.encoded(Media(mulaw)))

    def hang_up(self) -> None:
        if not self._over:
            self._over = True
            self._unsent.put_nowait(None)

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for raw in self._socket:
                message = orjson.loads(raw)
                if message["event"] == "media":
                    self._said(base64.b64decode(message["media"]["payload"]))
        if not self._over:
            self.hang_up()
            self._ended()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (text := await self._unsent.get()) is not None:
                await self._socket.send(text)
        await self._socket.close()


async def rung(
    settings: Settings, url: str, address: str, said: Callable[[bytes], None], ended: Callable[[], None]
) -> DeskPhone:
    """Rings `address` by way of the SIP process at `url`, until it is picked up. Raises JoinRefused when it is not."""
    token = tokens.issue(settings, "desk", address=address)
    try:
        socket = await connect(
            f"{url}/desk?token={token}", open_timeout=OPENS_WITHIN_S, ping_interval=3, ping_timeout=5,
            compression=None, max_size=settings.media.max_message_bytes, proxy=None,
        )  # fmt: skip
    except (OSError, TimeoutError, WebSocketException) as error:
        log.warning("desk_phone_not_reached", url=url, error=f"{type(error).__name__}: {error}"[:200])
        raise JoinRefused("no_telephone", "telephones cannot be rung now; take calls in the browser") from error
    try:
        async with asyncio.timeout(RINGS_S + OPENS_WITHIN_S):
            first = orjson.loads(await socket.recv())
        if first.get("event") != "answered":
            raise JoinRefused("telephone_not_answered", str(first.get("message", "your telephone was not answered")))
    except (ConnectionClosed, TimeoutError, orjson.JSONDecodeError) as error:
        await socket.close()
        raise JoinRefused("telephone_not_answered", "your telephone was not answered") from error
    except BaseException:
        await socket.close()
        raise
    return DeskPhone(socket, said, ended)
