"""Telephones rung over the SIP trunk: queued call-backs, one after the other at the pace of the trunk.

An attempt is claimed before it is dialled, so that it rings once whatever dies: what was ringing when a process died
has ended as unanswered when it comes back, because a telephone may have been rung. Only what was never dialled is
given back.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from callqueue import attempts, outbound
from callqueue.attempts import rings
from media.claims import Claimed, Claims
from media.parts import GatewayParts
from media.sip.endpoint import NoTrunk, SipEndpoint, Unavailable
from media.sip_calls.line import SipLine
from media.sip_calls.opening import LineOpener, NoLine
from media.sip_calls.outcomes import Refusal, of_status
from media.switchboard import Switchboard
from media.tasks import Tasks
from models import CallStatus, Channel

log = structlog.get_logger("sip")

UNREACHABLE_FOR_S: Final = 30.0
"""A trunk that did not answer at all, and is not asked whether it is there, is not to ring anybody for so long."""


class Dialling:
    def __init__(
        self, parts: GatewayParts, endpoint: SipEndpoint, switchboard: Switchboard, lines: LineOpener, gateway: str
    ) -> None:
        self._parts = parts
        self._endpoint = endpoint
        self._switchboard = switchboard
        self._lines = lines
        self._rows = lines.rows
        self._gateway = gateway
        self._claims = Claims(parts.database, gateway, Channel.SIP)
        self._nudged = asyncio.Event()
        self._ringing: dict[str, SipLine] = {}
        self._tasks = Tasks()
        self._unreachable_until = 0.0
        self._stopping = False

    @property
    def ringing(self) -> int:
        return len(self._ringing)

    @property
    def dials(self) -> bool:
        """Whether telephones can be rung just now."""
        if self._parts.settings.sip.trunk is None or self._stopping:
            return False
        if self._endpoint.registered is False or self._endpoint.reachable is False:
            return False
        return self._now() >= self._unreachable_until

    def nudge(self) -> None:
        """There may be something to ring: look now instead of at the next poll."""
        self._nudged.set()

    async def clean_up(self) -> None:
        """Before anything is rung: what an earlier run was ringing ended with it. Raises SQLAlchemyError."""
        for call_id in await self._rows.run(self._claims.left_ringing):
            await self._rows.ended(call_id, CallStatus.NO_ANSWER, "the SIP process died while it rang")

    async def serve(self) -> None:
        """Looks for calls to ring, until cancelled."""
        trunk = self._parts.settings.sip.trunk
        if trunk is None:
            return
        pause_s = 1 / trunk.calls_per_second
        while True:
            self._nudged.clear()
            claimed: list[Claimed] = []
            try:
                if self.dials and not self._switchboard.full:
                    claimed = await self._rows.run(self._claims.take, most=1)
                for call in claimed:
                    await self._ring(call)
            except Exception:
                log.exception("dialling_failed")
            if claimed:
                await asyncio.sleep(pause_s)
                continue
            try:
                async with asyncio.timeout(self._parts.limits.ring_poll_s):
                    await self._nudged.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """What still rings is canceled."""
        self._stopping = True
        for line in list(self._ringing.values()):
            line.hang_up("restarting")
        await self._tasks.settled()

    # --- inside

    async def _ring(self, claimed: Claimed) -> None:
        timeout_s = self._parts.settings.callbacks.ring_timeout_s
        try:
            line = self._lines.open()
        except NoLine as problem:
            log.error("not_dialled", call=claimed.call_id, reason=str(problem))
            await self._rows.run(self._claims.give_back, claimed)
            return
        try:
            await self._rows.run(self._lease, claimed.call_id, timeout_s)
            line.call = self._endpoint.dial(
                claimed.number,
                from_number=claimed.from_number,
                rtp=line.stream.local,
                ring_timeout_s=timeout_s,
                listener=line.listener,
            )
        except (NoTrunk, Unavailable) as problem:
            log.warning("not_dialled", call=claimed.call_id, reason=str(problem))
            line.hang_up("not dialled")
            self._unreachable_until = self._now() + UNREACHABLE_FOR_S
            await self._rows.run(self._claims.give_back, claimed)
            return
        except ValueError as problem:  # no number that could be dialled
            line.hang_up("not dialled")
            await self._refused(claimed, Refusal(CallStatus.FAILED, str(problem)[:80], hopeless=True))
            return
        log.info("ringing", call=claimed.call_id, sip=line.call.id)
        self._ringing[claimed.call_id] = line
        self._switchboard.arrives()
        self._tasks.start(self._until_answered(claimed, line))

    async def _until_answered(self, claimed: Claimed, line: SipLine) -> None:
        try:
            await line.settled.wait()
            del self._ringing[claimed.call_id]
            if line.refusal is not None:
                await self._not_answered(claimed, line, *line.refusal)
            else:
                await self._answered(claimed, line)
        except Exception:
            log.exception("ring_not_ended", call=claimed.call_id)  # the sweep ends its row
        finally:
            self._switchboard.arrived()

    async def _answered(self, claimed: Claimed, line: SipLine) -> None:
        call_id = claimed.call_id
        try:
            answer = await self._rows.answered(call_id, claimed.ring_id, self._gateway)
            line.carries(self._switchboard.carry(answer, line))
            self._lines.counts.carried("outbound")
        except Exception:
            log.exception("call_not_brought_up", call=call_id)
            line.hang_up("failed")
            await self._rows.ended(call_id, CallStatus.FAILED, "answered, and could not be carried")

    async def _not_answered(self, claimed: Claimed, line: SipLine, status: int, phrase: str) -> None:
        assert line.call is not None
        if line.call.unreachable and self._endpoint.reachable is not None:
            self._endpoint.trunk_missed()
        elif line.call.unreachable:
            self._unreachable_until = self._now() + UNREACHABLE_FOR_S
        refusal = of_status(status, phrase, canceled=self._stopping, unreachable=line.call.unreachable)
        self._lines.counts.refused(refusal.status.value)
        await self._refused(claimed, refusal)

    async def _refused(self, claimed: Claimed, refusal: Refusal) -> None:
        log.info("not_answered", call=claimed.call_id, status=refusal.status.value, reason=refusal.reason)
        if refusal.hopeless:
            await self._rows.run(self._given_up, claimed.call_id, refusal)
        else:
            await self._rows.ended(claimed.call_id, refusal.status, refusal.reason)

    # --- rows, in threads

    def _lease(self, call_id: str, timeout_s: float) -> None:
        with self._parts.database.transaction() as db:
            rings(db, call_id, self._parts.clock(), timeout_s)

    def _given_up(self, call_id: str, refusal: Refusal) -> None:
        now = self._parts.clock()
        with self._parts.database.transaction() as db:
            call = attempts.fail(db, call_id, refusal.reason, now, before=CallStatus.RINGING)
            if call is not None:
                outbound.attempt_ended(db, call, now, self._parts.settings, hopeless=True)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
