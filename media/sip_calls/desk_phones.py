"""Telephones on agents' desks, rung for the process that holds the agent's line: `/desk` on the control port.

The token (purpose "desk") names the address. It is answered by `answered` once somebody has picked up, then sound goes
both ways in `media` messages; the socket is closed when the telephone is hung up, and the other way round.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final
from urllib.parse import parse_qs, urlsplit

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ivr.channels import tokens
from media.incoming import Incoming, served
from media.messages import Media, Out
from media.parts import GatewayParts
from media.rooms import messages as agent_messages
from media.rooms.desk_phone import RINGS_S
from media.rooms.messages import AgentMessage
from media.sip.endpoint import NoTrunk, SipEndpoint, Unavailable
from media.sip_calls.line import SipLine
from media.sip_calls.opening import LineOpener, NoLine
from media.sockets import Close, PhoneSocket

log = structlog.get_logger("sip")

NOT_ANSWERED: Final = "your telephone was not answered"


class DeskPhones:
    def __init__(self, parts: GatewayParts, endpoint: SipEndpoint, lines: LineOpener) -> None:
        self._parts = parts
        self._endpoint = endpoint
        self._lines = lines

    async def accept(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        token = parse_qs(urlsplit(connection.request.path).query).get("token", [""])[0]
        try:
            address = str(tokens.check(self._parts.settings, "desk", token)["address"])
        except (tokens.TokenError, KeyError) as error:
            await connection.close(int(Close.BAD_TOKEN), str(error)[:100])
            return
        with contextlib.suppress(ConnectionClosed):
            async with served(connection) as socket:
                await self._serve(socket, address)

    async def _serve(self, socket: PhoneSocket, address: str) -> None:
        incoming = Incoming(socket, self._parts.limits, agent_messages.parse)
        try:
            line = self._lines.open()
        except NoLine as problem:
            incoming.refuse(Close.FULL, "no_line", str(problem))
        reading = asyncio.create_task(_read(incoming, line))
        try:
            try:
                line.call = self._endpoint.dial(
                    address,
                    from_number=self._parts.settings.utility.hotline_number,
                    rtp=line.stream.local,
                    ring_timeout_s=RINGS_S,
                    listener=line.listener,
                )
            except (NoTrunk, Unavailable, ValueError) as problem:
                incoming.refuse(Close.FAILED, "not_rung", str(problem))
            if not await _picked_up(line, reading):
                incoming.refuse(Close.OVER, "not_answered", NOT_ANSWERED)
            log.info("desk_phone_up", sip=line.call.id)
            line.join(_Page(socket))
            socket.send(Out("answered"))
            await _first(reading, line.over)
            socket.close(Close.OVER, "hung up")
            await socket.connection.wait_closed()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            line.join(None)
            line.hang_up("hung up")


class _Page:
    """A `media.sip_calls.line.Partner`: what is said into the telephone goes over the socket."""

    def __init__(self, socket: PhoneSocket) -> None:
        self._socket = socket

    def hears(self, mulaw: bytes) -> None:
        self._socket.send(agent_messages.media(mulaw))

    def press(self, digits: str) -> None:
        """Keys of a desk's telephone mean nothing to a call; the page has a keypad."""


async def _read(incoming: Incoming[AgentMessage], line: SipLine) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            message = await incoming.message()
            if isinstance(message, Media):
                line.hears(message.mulaw)


async def _picked_up(line: SipLine, reading: asyncio.Task[None]) -> bool:
    """False when it was not, or nobody waits for it any more."""
    await _first(reading, line.settled, line.over)
    return line.refusal is None and line.gone is None and not line.over.is_set() and not reading.done()


async def _first(reading: asyncio.Task[None], *events: asyncio.Event) -> None:
    """Until one of `events` happens or nothing is read any more."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait([reading, *waits], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
