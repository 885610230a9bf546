"""One socket of a browser phone, from its first message to its last: a phone waiting to be rung, or a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from websockets.asyncio.server import ServerConnection

from media import messages
from media.exchange import Caller, Exchange, Refused
from media.incoming import Incoming, served
from media.live_call import LiveCall
from media.messages import BadMessage, Message
from media.parts import GatewayParts
from media.ringing import Phone, Ringing
from media.sockets import Close, PhoneSocket
from media.switchboard import Switchboard

log = structlog.get_logger("media")


class PhoneLine:
    def __init__(self, parts: GatewayParts, exchange: Exchange, switchboard: Switchboard, ringing: Ringing) -> None:
        self._parts = parts
        self._exchange = exchange
        self._switchboard = switchboard
        self._ringing = ringing

    async def serve(self, connection: ServerConnection, claims: Mapping[str, Any]) -> None:
        caller = _caller(claims)
        async with served(connection) as socket:
            incoming = Incoming(socket, self._parts.limits, messages.parse)
            first = await incoming.first(messages.Connected)
            if isinstance(first, messages.Register):
                await self._wait_to_be_rung(incoming, Phone(caller.number, socket.send))
            elif isinstance(first, messages.Start):
                await self._carry(incoming, socket, first, caller)
            else:
                incoming.refuse(Close.BAD_MESSAGE, "not_started", "the first message must be 'register' or 'start'")

    async def _wait_to_be_rung(self, incoming: Incoming[Message], phone: Phone) -> None:
        try:
            await self._ringing.register(phone)
            while True:
                message = await incoming.message()
                if isinstance(message, messages.Reject):
                    self._ringing.reject(message.call, phone)
                else:
                    incoming.complain(BadMessage("out_of_place", "this socket only waits to be rung"))
        except SQLAlchemyError as error:
            log.warning("phone_not_registered", error=type(error).__name__)
            incoming.refuse(Close.FAILED, "failed", "this phone cannot be rung at the moment")
        finally:
            await self._ringing.unregister(phone)

    async def _carry(
        self, incoming: Incoming[Message], socket: PhoneSocket, start: messages.Start, caller: Caller
    ) -> None:
        try:
            call = await self._exchange.connect(start, caller, socket)
        except Refused as refused:
            incoming.refuse(refused.code, refused.error, str(refused))
        except Exception:
            log.exception("call_not_begun")
            incoming.refuse(Close.FAILED, "failed", "the hotline is out of order at the moment; please call again")
        try:
            while True:
                hand_over(await incoming.message(), call, incoming)
        finally:
            await self._switchboard.lost(call.call_id, call)


def hand_over(message: Message, call: LiveCall, incoming: Incoming[Message]) -> None:
    """What a phone may send once its call is up."""
    match message:
        case messages.Media(mulaw):
            call.sound(mulaw)
        case messages.Key(key):
            call.key(key)
        case messages.Marked(name):
            call.heard(name)
        case messages.Words(text):
            call.words(text)
        case messages.Stop():
            call.hung_up()
        case messages.Connected():
            pass
        case _:
            incoming.complain(BadMessage("out_of_place", "this socket already carries a call"))


def _caller(claims: Mapping[str, Any]) -> Caller:
    language = claims.get("language")
    return Caller(str(claims["number"]), str(language) if language else None, str(claims.get("address", "")))
