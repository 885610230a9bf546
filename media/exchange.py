"""The calls of one gateway: how they come up, who carries them, and what happens when a phone is lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from ivr.calls import CallEnded, CallError, NewCall, TurnAnswer
from ivr.channels import tokens
from media.live_call import CallTools, LiveCall
from media.messages import Out, Start
from media.parts import GatewayParts
from media.ringing import Ringing
from media.rows import Rows
from media.sockets import Bucket, Close, PhoneSocket
from models import CallStatus, Channel, new_id

log = structlog.get_logger("media")
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


@dataclass(slots=True)
class _Carried:
    call: LiveCall
    socket: PhoneSocket
    limit: asyncio.TimerHandle


class Exchange:
    def __init__(self, parts: GatewayParts, rows: Rows, tools: CallTools, ringing: Ringing, gateway: str) -> None:
        self._parts = parts
        self._rows = rows
        self._tools = tools
        self._ringing = ringing
        self._gateway = gateway
        self._carried: dict[str, _Carried] = {}
        self._arriving = 0
        self._lost: dict[str, asyncio.Task[None]] = {}
        self._buckets: dict[str, Bucket] = {}
        self._closing = False

    @property
    def calls(self) -> int:
        return len(self._carried)

    # --- calls come up

    async def connect(self, start: Start, caller: Caller, socket: PhoneSocket) -> LiveCall:
        """A call for what `start` asks: a new one, an incoming one answered, or one come back to. Raises Refused."""
        self._check_room(start, caller)
        self._arriving += 1
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
        finally:
            self._arriving -= 1

    def _check_room(self, start: Start, caller: Caller) -> None:
        if self._closing:
            raise Refused(Close.RESTART, "restarting", RESTARTING)
        if self.calls + self._arriving >= self._parts.settings.media.max_calls:
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
        )
        return await self._rows.begin(new)

    async def _answer(self, call_id: str, caller: Caller) -> TurnAnswer:
        if not self._ringing.take(call_id, caller.number):
            raise Refused(Close.NO_SUCH_CALL, "not_ringing", "this call is not ringing any more")
        return await self._rows.answered(call_id, self._provider_id())

    async def _come_back(self, token: str) -> TurnAnswer:
        settings = self._parts.settings
        longest_s = settings.callflows.cut_off_after_s + settings.media.reconnect_s
        try:
            call_id = str(tokens.check(settings, "call", token, max_age_s=round(longest_s)).get("call"))
        except tokens.TokenError as error:
            raise Refused(Close.BAD_TOKEN, "bad_token", str(error)) from error
        carried = self._carried.get(call_id)
        if carried is not None:
            if await carried.socket.alive(ALIVE_WITHIN_S):
                raise Refused(Close.ALREADY_CONNECTED, "already_connected", "this call is already on another phone")
            carried.socket.close(Close.ALREADY_CONNECTED, "this call was taken over by another connection")
            await self.lost(call_id, carried.call)
        waiting = self._lost.pop(call_id, None)
        if waiting is not None:
            waiting.cancel()
        status = await self._rows.status(call_id)
        if status is None or status is not CallStatus.IN_PROGRESS:
            raise CallEnded("this call is over")
        return await self._rows.current(call_id)

    def _carry(self, answer: TurnAnswer, start: Start, socket: PhoneSocket) -> LiveCall:
        settings = self._parts.settings
        call_id = answer.call_id
        if call_id in self._carried:
            raise Refused(Close.ALREADY_CONNECTED, "already_connected", "this call is already on another phone")

        def over(reason: str) -> None:
            self._drop(call_id, call)
            socket.send(Out("ended", {"call": call_id, "reason": reason}))
            socket.close(Close.OVER, reason)

        call = LiveCall(self._tools, call_id, start.stream, send=socket.send, over=over)
        limit = asyncio.get_running_loop().call_later(
            settings.callflows.cut_off_after_s, call.say_last, "too_long", "time limit"
        )
        self._carried[call_id] = _Carried(call, socket, limit)
        token = tokens.issue(settings, "call", call=call_id)
        socket.send(Out("call", {"call": call_id, "token": token, "language": answer.language}))
        log.info("call_up", call=call_id, came_back=start.resume is not None, calls=self.calls)
        try:
            call.begin(answer, again=start.resume is not None)
        except Exception:
            self._drop(call_id, call)
            raise
        return call

    # --- phones are lost

    async def lost(self, call_id: str, call: LiveCall) -> None:
        """The phone's socket is gone without a word. The call waits for it, then ends."""
        carried = self._carried.get(call_id)
        if carried is None or carried.call is not call or self._closing:
            return
        self._drop(call_id, call)
        message = await call.detach()
        if call.over:  # it was hanging up
            return
        log.info("phone_lost", call=call_id, waits_s=self._parts.settings.media.reconnect_s)

        async def give_up() -> None:
            await asyncio.sleep(self._parts.settings.media.reconnect_s)
            del self._lost[call_id]
            await call.left(message, "connection lost")

        self._lost[call_id] = asyncio.get_running_loop().create_task(give_up())

    async def adopt_orphans(self) -> None:
        """After a restart: calls that were up get the same time to come back as any other."""
        for call_id in await self._rows.up(self._gateway):
            self._lost[call_id] = asyncio.get_running_loop().create_task(self._give_up_orphan(call_id))

    async def _give_up_orphan(self, call_id: str) -> None:
        await asyncio.sleep(self._parts.settings.media.reconnect_s)
        del self._lost[call_id]
        try:
            await self._rows.ended(call_id, CallStatus.COMPLETED, "connection lost")
        except Exception:
            log.exception("call_not_ended", call=call_id)

    async def close(self) -> None:
        """Calls are left as they are: their phones come back to whoever serves them next."""
        self._closing = True
        for waiting in self._lost.values():
            waiting.cancel()
        for carried in list(self._carried.values()):
            carried.socket.close(Close.RESTART, RESTARTING)
            await carried.call.detach()

    def _drop(self, call_id: str, call: LiveCall) -> None:
        carried = self._carried.get(call_id)
        if carried is not None and carried.call is call:
            carried.limit.cancel()
            del self._carried[call_id]

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
