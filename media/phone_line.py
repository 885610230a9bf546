"""One socket of a phone, from its first message to its last: a phone waiting to be rung, or a call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, NoReturn

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from media import messages
from media.exchange import Caller, Exchange, Refused
from media.live_call import LiveCall
from media.messages import BadMessage, Message
from media.parts import GatewayParts
from media.ringing import Phone, Ringing
from media.sockets import Bucket, Close, PhoneSocket
from speech.audio import FRAME_BYTES

log = structlog.get_logger("media")
FRAMES_PER_S = 100.0  # twice what a phone sends: after a hold-up it may catch up


class _Done(Exception):
    pass


class PhoneLine:
    def __init__(self, parts: GatewayParts, exchange: Exchange, ringing: Ringing) -> None:
        self._parts = parts
        self._exchange = exchange
        self._ringing = ringing

    async def serve(self, connection: ServerConnection, claims: Mapping[str, Any]) -> None:
        socket = PhoneSocket(connection)
        writing = asyncio.create_task(socket.write())
        try:
            await _Line(self._parts, self._exchange, self._ringing, socket, _caller(claims)).run()
        except _Done:
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


def _caller(claims: Mapping[str, Any]) -> Caller:
    language = claims.get("language")
    return Caller(str(claims["number"]), str(language) if language else None, str(claims.get("address", "")))


class _Line:
    def __init__(
        self, parts: GatewayParts, exchange: Exchange, ringing: Ringing, socket: PhoneSocket, caller: Caller
    ) -> None:
        self._parts = parts
        self._exchange = exchange
        self._ringing = ringing
        self._socket = socket
        self._caller = caller
        self._flood = Bucket(parts.limits.frames_ahead, FRAMES_PER_S)
        self._bad = 0

    async def run(self) -> None:
        try:
            async with asyncio.timeout(self._parts.limits.first_message_s):
                first = await self._message()
                while isinstance(first, messages.Connected):
                    first = await self._message()
        except TimeoutError:
            self._refuse(Close.NOTHING_SAID, "nothing_said", "this phone has not said what it wants")
        if isinstance(first, messages.Register):
            await self._wait_to_be_rung()
        elif isinstance(first, messages.Start):
            await self._carry(first)
        else:
            self._refuse(Close.BAD_MESSAGE, "not_started", "the first message must be 'register' or 'start'")

    # --- the two kinds of socket

    async def _wait_to_be_rung(self) -> None:
        phone = Phone(self._caller.number, self._socket.send)
        try:
            await self._ringing.register(phone)
            while True:
                message = await self._message()
                if isinstance(message, messages.Reject):
                    self._ringing.reject(message.call, phone)
                else:
                    self._complain(BadMessage("out_of_place", "this socket only waits to be rung"))
        finally:
            await self._ringing.unregister(phone)

    async def _carry(self, start: messages.Start) -> None:
        try:
            call = await self._exchange.connect(start, self._caller, self._socket)
        except Refused as refused:
            log.info("call_refused", error=refused.error, reason=str(refused))
            self._refuse(refused.code, refused.error, str(refused))
        except Exception:
            log.exception("call_not_begun")
            self._refuse(Close.FAILED, "failed", "the hotline is out of order at the moment; please call again")
        try:
            while True:
                await self._hand_over(call)
        finally:
            await self._exchange.lost(call.call_id, call)

    async def _hand_over(self, call: LiveCall) -> None:
        message = await self._message()
        try:
            call.receive(message)
        except BadMessage as error:
            self._complain(error)

    # --- what comes in

    async def _message(self) -> Message:
        """The next message that is one. Raises ConnectionClosed, or _Done after closing for too many that are none."""
        while True:
            raw = await self._socket.connection.recv()
            if not self._flood.take(max(1.0, len(raw) * 3 / 4 / FRAME_BYTES), asyncio.get_running_loop().time()):
                self._refuse(Close.TOO_MUCH, "too_much", "more came in than a telephone sends")
            try:
                return messages.parse(raw)
            except BadMessage as error:
                self._complain(error)

    def _complain(self, error: BadMessage) -> None:
        self._bad += 1
        log.info("bad_message", code=error.code, error=str(error)[:200])
        self._socket.send(messages.error(error.code, str(error)))
        if self._bad >= self._parts.limits.bad_messages:
            self._refuse(Close.BAD_MESSAGE, "too_many_bad_messages", "too many messages that are none")

    def _refuse(self, code: Close, error: str, text: str) -> NoReturn:
        self._socket.send(messages.error(error, text))
        self._socket.close(code, text)
        raise _Done
