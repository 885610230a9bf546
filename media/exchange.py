"""The calls of browser phones: who may phone in, how a call comes up, is answered, or is come back to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ivr.calls import CallEnded, CallError, NewCall, TurnAnswer
from ivr.channels import tokens
from media.browser_line import BrowserLine
from media.live_call import LiveCall
from media.messages import Out, Start
from media.parts import GatewayParts
from media.ringing import Ringing
from media.rows import Rows
from media.sockets import Bucket, Close, PhoneSocket
from media.switchboard import AlreadyCarried, Switchboard
from models import CallStatus, Channel, new_id

ALIVE_WITHIN_S = 2.0
RESTARTING = "the gateway is restarting"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a phone's token says it is. `address` is the one the web has seen, for limits."""

    number: str
    language: str | None
    address: str


class Refused(Exception):
    """The phone cannot have this call; told to it and closed with `code`."""

    def __init__(self, code: Close, error: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.error = error


class Exchange:
    def __init__(
        self, parts: GatewayParts, rows: Rows, switchboard: Switchboard, ringing: Ringing, gateway: str
    ) -> None:
        self._parts = parts
        self._rows = rows
        self._switchboard = switchboard
        self._ringing = ringing
        self._gateway = gateway
        self._buckets: dict[str, Bucket] = {}

    async def connect(self, start: Start, caller: Caller, socket: PhoneSocket) -> LiveCall:
        """A call for what `start` asks: a new one, an incoming one answered, or one come back to. Raises Refused."""
        self._check_room(start, caller)
        self._switchboard.arrives()
        try:
            if start.resume is not None:
                answer = await self._come_back(start.resume)
            elif start.answer is not None:
                answer = await self._answer(start.answer, caller)
            else:
                answer = await self._new(caller)
            return self._carry(answer, start, socket)
        except CallError as error:
            raise Refused(Close.NO_SUCH_CALL, "no_such_call", str(error)) from error
        except AlreadyCarried as error:
            raise Refused(Close.ALREADY_CONNECTED, "already_connected", str(error)) from error
        finally:
            self._switchboard.arrived()

    def _check_room(self, start: Start, caller: Caller) -> None:
        if self._switchboard.closing:
            raise Refused(Close.RESTART, "restarting", RESTARTING)
        if self._switchboard.full and start.resume is None:
            raise Refused(Close.FULL, "full", "all lines are busy; please call again in a few minutes")
        if start.resume is None and start.answer is None and not self._bucket(caller.address).take(1, self._now()):
            raise Refused(Close.TOO_MUCH, "too_many_calls", "too many calls from here; please wait a little")

    async def _new(self, caller: Caller) -> TurnAnswer:
        settings = self._parts.settings
        new = NewCall(
            channel=Channel.BROWSER,
            provider_id=self._provider_id(),
            from_number=caller.number,
            to_number=settings.utility.hotline_number,
            language=caller.language,
            gateway=self._gateway,
        )
        return await self._rows.begin(new)

    async def _answer(self, call_id: str, caller: Caller) -> TurnAnswer:
        if not self._ringing.take(call_id, caller.number):
            raise Refused(Close.NO_SUCH_CALL, "not_ringing", "this call is not ringing any more")
        return await self._rows.answered(call_id, self._provider_id(), self._gateway)

    async def _come_back(self, token: str) -> TurnAnswer:
        settings = self._parts.settings
        longest_s = settings.callflows.cut_off_after_s + settings.media.reconnect_s
        try:
            call_id = str(tokens.check(settings, "call", token, max_age_s=round(longest_s)).get("call"))
        except tokens.TokenError as error:
            raise Refused(Close.BAD_TOKEN, "bad_token", str(error)) from error
        carried = self._switchboard.get(call_id)
        if carried is not None and isinstance(carried.line, BrowserLine):
            if await carried.line.socket.alive(ALIVE_WITHIN_S):
                raise AlreadyCarried("this call is already on another phone")
            carried.line.socket.close(Close.ALREADY_CONNECTED, "this call was taken over by another connection")
            await self._switchboard.lost(call_id, carried.call)
        with self._switchboard.found(call_id):
            if await self._rows.status(call_id, Channel.BROWSER) is not CallStatus.IN_PROGRESS:
                raise CallEnded("this call is over")
            await self._rows.carry_here(call_id, self._gateway)
            return await self._rows.current(call_id)

    def _carry(self, answer: TurnAnswer, start: Start, socket: PhoneSocket) -> LiveCall:
        call_id = answer.call_id
        if self._switchboard.get(call_id) is not None:
            raise AlreadyCarried("this call is already on another phone")
        token = tokens.issue(self._parts.settings, "call", call=call_id)
        socket.send(Out("call", {"call": call_id, "token": token, "language": answer.language}))
        return self._switchboard.carry(
            answer, BrowserLine(socket, start.stream, call_id), again=start.resume is not None
        )

    async def close(self) -> None:
        """Calls are left as they are: their phones come back to whoever serves them next."""
        for carried in self._switchboard.all():
            if isinstance(carried.line, BrowserLine):
                carried.line.socket.close(Close.RESTART, RESTARTING)
                await carried.call.detach()

    def _provider_id(self) -> str:
        return f"{self._gateway}/{new_id()[12:]}"

    def _bucket(self, address: str) -> Bucket:
        if address not in self._buckets:
            if len(self._buckets) > 10_000:
                self._buckets = {known: bucket for known, bucket in self._buckets.items() if not bucket.full}
            limits = self._parts.limits
            self._buckets[address] = Bucket(limits.starts_per_address, 1 / limits.start_refill_s)
        return self._buckets[address]

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
