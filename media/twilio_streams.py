"""Calls over Twilio's Media Streams: the socket Twilio opens for `<Connect><Stream>`, from its start to its stop.

The address holds a token that binds it to one call, and Twilio signs the request that opens the socket. When we close
the socket Twilio asks the web how to go on, and so it does when the socket breaks: see `ivr.channels.twilio.streams`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from twilio.request_validator import RequestValidator
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from ivr.calls import CallEnded, CallError
from ivr.channels.tokens import TokenError
from ivr.channels.twilio.signature import SIGNATURE_HEADER
from ivr.channels.twilio.streams import HANDED_OVER, TOKEN_S, StreamClaims
from ivr.events import DialEnded
from media import messages
from media.incoming import Incoming, served
from media.line import CannotTransfer, HandedOver
from media.live_call import LiveCall
from media.messages import Message, Out
from media.parts import GatewayParts
from media.phone_line import hand_over
from media.rows import Rows
from media.socket_line import SocketLine
from media.sockets import Close, PhoneSocket
from media.switchboard import AlreadyCarried, Switchboard
from models import CallStatus, Channel

log = structlog.get_logger("media")
PATH = "/twilio/"
ALIVE_WITHIN_S = 2.0


class TwilioLine(SocketLine):
    """A `media.line.Line` on Twilio's socket. It has no screen: what is told is dropped."""

    carrier_dials = True

    def __init__(self, socket: PhoneSocket, stream: str, handing_over: Callable[[str | None], Awaitable[None]]) -> None:
        super().__init__(socket, stream)
        self._handing_over = handing_over
        self.handed_over = False

    def tell(self, out: Out) -> None:
        pass

    def hang_up(self, reason: str) -> None:
        self.socket.close(Close.OVER, reason)

    async def transfer(self, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None) -> DialEnded:
        """Twilio dials: it asks the web what is next when the stream ends, and is told the number there.

        That it was handed over stands in the row first, with the number where an agent has named it (`answered`): a
        stream that broke before is begun again by the web."""
        by_agent = answered is not None
        try:
            await self._handing_over(to if by_agent else None)
        except SQLAlchemyError as error:  # the web has the stream begun again, and the caller hears the words twice
            log.warning("handing_over_not_written", error=type(error).__name__)
            if by_agent:
                raise CannotTransfer("this could not be written down; try again") from error
        self.handed_over = True
        self.socket.close(Close.OVER, "put through")
        raise HandedOver


class TwilioStreams:
    def __init__(self, parts: GatewayParts, rows: Rows, switchboard: Switchboard, gateway: str) -> None:
        self._parts = parts
        self._rows = rows
        self._switchboard = switchboard
        self._gateway = gateway
        self._used: dict[str, float] = {}  # tokens that have begun a stream here, with the time they run out

    def refusal(self, request: Request) -> str | None:
        """Why this request to open a socket is not Twilio's, or None. Told to the log; Twilio gets 403."""
        settings = self._parts.settings
        token = settings.twilio.auth_token
        if not settings.twilio.enabled or token is None:
            return "Twilio is not configured here"
        signature = request.headers.get(SIGNATURE_HEADER, "")
        if not signature:
            return f"the request carries no {SIGNATURE_HEADER}"
        address = (settings.media.public_url or "").rstrip("/") + request.path
        validator = RequestValidator(token.get_secret_value())
        if not any(validator.validate(url, {}, signature) for url in (address, f"{address}/")):
            return f"the signature does not fit {address.rpartition('/')[0]}/... and our auth token"
        return None

    async def serve(self, connection: ServerConnection, token: str) -> None:
        async with served(connection) as socket:
            incoming = Incoming(socket, self._parts.limits, messages.parse)
            try:
                claims = StreamClaims.read(self._parts.settings, token)
            except TokenError as error:
                incoming.refuse(Close.BAD_TOKEN, "bad_token", str(error))
            start = await incoming.first(messages.Connected)
            if not isinstance(start, messages.Start):
                incoming.refuse(Close.BAD_MESSAGE, "not_started", "the first message must be 'start'")
            if start.call_sid != claims.sid:
                incoming.refuse(Close.NO_SUCH_CALL, "no_such_call", "this address was made for another call")
            if not self._first_use(token):
                incoming.refuse(Close.BAD_TOKEN, "bad_token", "this address has had its stream")
            call_id = claims.call_id
            line = TwilioLine(socket, start.stream, lambda to: self._rows.hand_over(call_id, HANDED_OVER, to))
            call = await self._carried(call_id, line, incoming)
            try:
                while True:
                    hand_over(await incoming.message(), call, incoming)
            finally:
                if line.handed_over:
                    self._switchboard.drop(call.call_id, call)
                    await call.detach()
                else:
                    await self._switchboard.lost(call.call_id, call)

    async def close(self) -> None:
        """The calls are left as they are: Twilio asks the web how to go on, which tries another stream."""
        for carried in self._switchboard.all():
            if isinstance(carried.line, TwilioLine):
                carried.line.socket.close(Close.RESTART, "the gateway is restarting")
                await carried.call.detach()

    async def _carried(self, call_id: str, line: TwilioLine, incoming: Incoming[Message]) -> LiveCall:
        """The call on this stream: for the first time, or again after another stream of it broke."""
        if self._switchboard.closing:
            incoming.refuse(Close.RESTART, "restarting", "the gateway is restarting")
        if self._switchboard.full and not self._switchboard.knows(call_id):
            incoming.refuse(Close.FULL, "full", "all lines are busy")
        before = self._switchboard.get(call_id)
        if before is not None and isinstance(before.line, TwilioLine):
            if await before.line.socket.alive(ALIVE_WITHIN_S):
                incoming.refuse(Close.ALREADY_CONNECTED, "already_connected", "this call has a stream already")
            await self._switchboard.lost(call_id, before.call)
        self._switchboard.arrives()
        try:
            with self._switchboard.found(call_id):
                if await self._rows.status(call_id, Channel.TWILIO) is not CallStatus.IN_PROGRESS:
                    raise CallEnded("this call is over")
                earlier = await self._rows.carry_here(call_id, self._gateway)
                answer = await self._rows.current(call_id)
            return self._switchboard.carry(answer, line, again=earlier is not None or answer.turn > 0)
        except AlreadyCarried as error:
            incoming.refuse(Close.ALREADY_CONNECTED, "already_connected", str(error))
        except CallError as error:
            incoming.refuse(Close.NO_SUCH_CALL, "no_such_call", str(error))
        except Exception:
            log.exception("stream_not_begun", call=call_id)
            incoming.refuse(Close.FAILED, "failed", "the hotline is out of order at the moment")
        finally:
            self._switchboard.arrived()

    def _first_use(self, token: str) -> bool:
        now = asyncio.get_running_loop().time()
        self._used = {used: until for used, until in self._used.items() if until > now}
        if token in self._used:
            return False
        self._used[token] = now + TOKEN_S
        return True
