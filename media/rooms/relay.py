"""A leg whose call another process carries: `/leg` on that process, and the way to it from here.

The messages are those of `/agent`, without what concerns a line. The token (purpose "leg") is signed with the secret
key by the process that has checked who the user is and that they may; it names user, mode and call.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from ivr.channels import tokens
from media.incoming import Incoming, served
from media.messages import BadMessage, Media, Out
from media.parts import GatewayParts
from media.rooms import messages as agent_messages
from media.rooms.desk_rows import LOST
from media.rooms.floor import Floor
from media.rooms.legs import TalkLeg
from media.rooms.messages import AgentMessage, Hold, Leave, Mode, Mute, PauseRecording, Press, Transfer, Wish
from media.rooms.staff import Ear, JoinRefused, Staff
from media.rooms.watching import watch
from media.sockets import Close, PhoneSocket
from models import LegMode, Role
from settings import Settings

log = structlog.get_logger("media")

OPENS_WITHIN_S: Final = 4.0
MOST_UNSENT: Final = 100
"""Two seconds of sound that the other process does not take: the connection is as good as lost."""


# --- the process that carries the call


class LegDoor:
    """Serves `/leg`."""

    def __init__(self, parts: GatewayParts, floor: Floor) -> None:
        self._parts = parts
        self._floor = floor

    async def accept(self, connection: ServerConnection) -> None:
        """For a process that opens nothing else: the token is checked here."""
        assert connection.request is not None
        token = parse_qs(urlsplit(connection.request.path).query).get("token", [""])[0]
        try:
            claims = tokens.check(self._parts.settings, "leg", token)
        except tokens.TokenError as error:
            await connection.close(int(Close.BAD_TOKEN), str(error))
            return
        with contextlib.suppress(ConnectionClosed):
            await self.serve(connection, claims)

    async def serve(self, connection: ServerConnection, claims: Mapping[str, Any]) -> None:
        async with served(connection) as socket:
            incoming = Incoming(socket, self._parts.limits, agent_messages.parse)
            user = Staff(
                int(claims["user"]), str(claims["username"]), str(claims["name"]), Role(str(claims["role"])),
                claims.get("sip"),
            )  # fmt: skip
            try:
                ear = _SocketEar(socket)
                leg = await self._floor.join(str(claims["call"]), user, LegMode(str(claims["mode"])), ear)
            except JoinRefused as refused:
                incoming.refuse(Close.NO_SUCH_CALL, refused.code, str(refused))
            watching = asyncio.create_task(watch(lambda: socket))
            try:
                await _hand_over(incoming, leg)
            finally:
                watching.cancel()
                leg.lost()


async def _hand_over(incoming: Incoming[AgentMessage], leg: TalkLeg) -> None:
    while True:
        match await incoming.message():
            case Media(mulaw):
                leg.say(mulaw)
            case Mode() | Mute() | Hold() | PauseRecording() | Press() | Transfer() | Leave() as wish:
                leg.do(wish)
            case _:
                incoming.complain(BadMessage("out_of_place", "this socket carries a leg of a call"))


class _SocketEar:
    def __init__(self, socket: PhoneSocket) -> None:
        self._socket = socket

    def play(self, mulaw: bytes) -> None:
        self._socket.send(agent_messages.media(mulaw))

    def clear(self) -> None:
        self._socket.send(Out("clear"))

    def tell(self, out: Out) -> None:
        self._socket.send(out)

    def left(self, reason: str) -> None:
        self._socket.send(Out("left", {"reason": reason}))
        self._socket.close(Close.OVER, reason)


# --- the process that holds the agent's line


class RelayedLeg:
    """A `media.rooms.staff.Leg` over a socket to the process that carries the call."""

    def __init__(self, socket: ClientConnection, call_id: str, mode: LegMode, ear: Ear) -> None:
        self.call_id = call_id
        self.mode = mode
        self._socket = socket
        self._ear = ear
        self._unsent: asyncio.Queue[str | None] = asyncio.Queue()
        self._over = False
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]

    def say(self, mulaw: bytes) -> None:
        self._send(agent_messages.encoded(Media(mulaw)))

    def do(self, wish: Wish) -> None:
        if isinstance(wish, Mode) and self.mode is not LegMode.TALK:
            self.mode = wish.mode
        self._send(agent_messages.encoded(wish))

    def lost(self, reason: str = LOST[0]) -> None:
        """The other process takes a socket that closes without a word for a loss."""
        self._end(reason)

    def _send(self, text: str) -> None:
        self._unsent.put_nowait(text)
        if self._unsent.qsize() > MOST_UNSENT:
            log.warning("relay_stalled", call=self.call_id)
            self._end(LOST[0])

    async def _read(self) -> None:
        reason = LOST[0]
        try:
            async for raw in self._socket:
                message = orjson.loads(raw)
                event = message.pop("event")
                if event == "media":
                    self._ear.play(base64.b64decode(message["media"]["payload"]))
                elif event == "clear":
                    self._ear.clear()
                elif event == "left":
                    reason = str(message["reason"])
                    break
                else:
                    self._ear.tell(Out(event, message))
        except (ConnectionClosed, orjson.JSONDecodeError, KeyError, ValueError) as error:
            log.info("relay_lost", call=self.call_id, error=f"{type(error).__name__}: {error}"[:200])
        self._end(reason)

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while (text := await self._unsent.get()) is not None:
                await self._socket.send(text)
        await self._socket.close()

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self._unsent.put_nowait(None)
            self._ear.left(reason)


async def relayed(settings: Settings, url: str, call_id: str, user: Staff, mode: LegMode, ear: Ear) -> RelayedLeg:
    """Joins a call of the process at `url`. Raises JoinRefused."""
    token = tokens.issue(
        settings, "leg", user=user.id, username=user.username, name=user.name, role=user.role.value, mode=mode.value,
        call=call_id, sip=user.sip_address,
    )  # fmt: skip
    unreachable = JoinRefused("unreachable", "the process that carries this call cannot be reached now; try again")
    try:
        socket = await connect(
            f"{url}/leg?token={token}", open_timeout=OPENS_WITHIN_S, ping_interval=3, ping_timeout=5, compression=None,
            max_size=settings.media.max_message_bytes, proxy=None,
        )  # fmt: skip
    except (OSError, TimeoutError, WebSocketException) as error:
        log.warning("relay_not_opened", url=url, error=f"{type(error).__name__}: {error}"[:200])
        raise unreachable from error
    try:
        async with asyncio.timeout(OPENS_WITHIN_S):
            first = orjson.loads(await socket.recv())
    except (ConnectionClosed, TimeoutError, orjson.JSONDecodeError) as error:
        await socket.close()
        raise unreachable from error
    if first.get("event") != "joined":
        await socket.close()
        raise JoinRefused(str(first.get("code", "refused")), str(first.get("message", "the call cannot be joined")))
    first.pop("event")
    ear.tell(Out("joined", first))
    return RelayedLeg(socket, call_id, mode, ear)
