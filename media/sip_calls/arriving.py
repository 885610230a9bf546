"""A call that comes in by SIP: room for it, its row and first words, then an answer; a refusal costs nothing."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from ivr.calls import NewCall, TurnAnswer
from ivr.outputs import Say
from media.call_tools import CallTools
from media.parts import GatewayParts
from media.sip.call import SipCall
from media.sip.listening import EndReason
from media.sip.numbers import is_callable
from media.sip_calls.last_resort import LastResort
from media.sip_calls.line import SipLine, in_words
from media.sip_calls.opening import LineOpener, NoLine
from media.switchboard import Switchboard
from media.tasks import Tasks
from models import CallStatus, Channel, new_id

log = structlog.get_logger("sip")

ACKNOWLEDGED_WITHIN_S: Final = 2.0
"""An answer whose ACK is late is played all the same: the caller may hear us already."""
FULL_RETRY_S: Final = 10

ANONYMOUS: Final = "anonymous"
"""What flows take a caller for whose number is withheld or no number: a name (`alice`) could not be called back."""

_EARLY: Final = {EndReason.CANCELLED: CallStatus.CANCELED, EndReason.FAR_END: CallStatus.COMPLETED}


class Arrivals:
    """`endpoint`'s `on_call`. `gateway` is the process's name in the rows."""

    def __init__(
        self, parts: GatewayParts, tools: CallTools, switchboard: Switchboard, lines: LineOpener, gateway: str
    ) -> None:
        self._parts = parts
        self._tools = tools
        self._switchboard = switchboard
        self._lines = lines
        self._gateway = gateway
        self._last_resort = LastResort(parts.settings, tools.renderer)
        self._tasks = Tasks()
        self._without_rows = Tasks()

    def __call__(self, call: SipCall) -> None:
        if self._switchboard.closing or self._switchboard.full:
            reason = "restarting" if self._switchboard.closing else "all lines are busy"
            log.warning("call_refused", sip=call.id, reason=reason, calls=self._switchboard.calls)
            self._lines.counts.refused(reason)
            call.reject(503, reason.capitalize(), FULL_RETRY_S)
            return
        try:
            line = self._lines.open()
        except NoLine as problem:
            log.error("call_refused", sip=call.id, reason=str(problem))
            self._lines.counts.refused("no port left")
            call.reject(503, "No port left", FULL_RETRY_S)
            return
        line.call, call.listener = call, line.listener
        call.ring()
        self._switchboard.arrives()
        self._tasks.start(self._bring_up(call, line))

    async def settled(self) -> None:
        """No call is being brought up any more, and none is talked on that has no row."""
        await self._tasks.settled()
        self._without_rows.cancel()
        await self._without_rows.settled()

    async def _bring_up(self, call: SipCall, line: SipLine) -> None:
        answer: TurnAnswer | None = None
        try:
            try:
                answer = await self._rows_begin(call)
            except Exception:
                log.exception("call_not_begun", sip=call.id)
                self._lines.counts.refused("failed")
                await self._bring_up_without_rows(call, line)
                return
            log.info("call_rings", call=answer.call_id, sip=call.id, source=call.source[0])
            await self._first_words(answer)
            await _accepted(call, line)
            if line.gone is not None:  # also: nothing to be heard could be agreed on
                await self._never_up(answer, line.gone)
                return
            line.carries(self._switchboard.carry(answer, line))
            self._lines.counts.carried("inbound")
        except Exception:
            log.exception("call_not_brought_up", sip=call.id)
            self._lines.counts.refused("failed")
            call.reject(500, "Server Internal Error")
            line.hang_up("failed")
            if answer is not None:
                await self._end(answer.call_id, CallStatus.FAILED, "could not be answered")
        finally:
            self._switchboard.arrived()

    async def _bring_up_without_rows(self, call: SipCall, line: SipLine) -> None:
        words = await self._last_resort.words()
        await _accepted(call, line)
        if line.gone is not None:
            return
        self._switchboard.arrives()
        task = self._without_rows.start(self._last_resort.offer(call, line, words))
        task.add_done_callback(lambda _: self._switchboard.arrived())

    async def _rows_begin(self, call: SipCall) -> TurnAnswer:
        hotline = self._parts.settings.utility.hotline_number
        new = NewCall(
            channel=Channel.SIP,
            provider_id=f"{self._gateway}/{new_id()[12:]}",  # a Call-ID is the caller's choice: not to be trusted
            from_number=call.from_number if is_callable(call.from_number) else ANONYMOUS,
            to_number=call.to_number if is_callable(call.to_number) else hotline,
            gateway=self._gateway,
        )
        return await self._lines.rows.begin(new)

    async def _first_words(self, answer: TurnAnswer) -> None:
        """It rings until there is something to hear: nobody pays for silence. Rendered speech is kept for the call."""
        say = next((output for output in answer.outputs if isinstance(output, Say)), None)
        if say is not None and not say.private:
            await self._tools.renderer.sound(say)

    async def _never_up(self, answer: TurnAnswer, reason: EndReason) -> None:
        """The caller was quicker than our first word, or heard none."""
        status = _EARLY.get(reason, CallStatus.FAILED)
        await self._end(answer.call_id, status, in_words(reason))

    async def _end(self, call_id: str, status: CallStatus, reason: str) -> None:
        try:
            await self._lines.rows.ended(call_id, status, reason)
        except Exception:
            log.exception("call_not_ended", call=call_id)  # the sweep ends the row when its time is up


async def _accepted(call: SipCall, line: SipLine) -> None:
    """Unless the caller has gone meanwhile, and is gone then: see `SipLine.gone`."""
    if line.gone is None:
        call.accept(line.stream.local)
        line.connect()
        await _acknowledged(line)


async def _acknowledged(line: SipLine) -> None:
    """The caller hears us. Until then a call without an offer has no place to send sound to."""
    try:
        async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
            await line.settled.wait()
    except TimeoutError:
        assert line.call is not None
        if line.call.remote is None:
            await line.settled.wait()
