"""A caller put through to another telephone: by a second call that is bridged to theirs, or by asking their network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import structlog

from ivr.events import DialEnded
from media.sip.endpoint import NoTrunk, SipEndpoint, Unavailable
from media.sip_calls.line import SipLine
from media.sip_calls.opening import LineOpener, NoLine
from media.sip_calls.outcomes import of_transfer
from settings import Settings
from speech.audio import FRAME_BYTES, pcm_to_mulaw, tone

log = structlog.get_logger("sip")

RINGING_FOR_S: Final = 1.0
RINGING_EVERY_S: Final = 5.0
"""450 Hz, one second in five: the ring-back tone of China (GB/T 3378), and near enough to that of most others."""
CHUNK_BYTES: Final = 5 * FRAME_BYTES
CHUNK_S: Final = 0.1
RINGING_AHEAD_S: Final = 0.2
"""As prompts are sent: a loop that is late for less is not heard."""
REFERRED_FOR_S: Final = 1.0
"""A caller whose network has taken the transfer is let go of after that: the flow's next step is written by then."""


class Transfers:
    def __init__(self, settings: Settings, endpoint: SipEndpoint, lines: LineOpener) -> None:
        self._settings = settings
        self.carrier_dials = settings.sip.transfer_by == "refer"
        self._endpoint = endpoint
        self._lines = lines

    async def __call__(
        self, line: SipLine, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None
    ) -> DialEnded:
        """Returns when nobody answered, when the talk is over, or when the caller has hung up."""
        if line.call is None or line.over.is_set():
            return DialEnded("failed")
        if self.carrier_dials:
            return await self._referred(line, to)
        return await self._bridged(line, to, timeout_s, answered or _nobody_asks)

    async def _referred(self, line: SipLine, to: str) -> DialEnded:
        assert line.call is not None
        outcome = await line.call.refer(to)
        log.info("referred", sip=line.call.id, done=outcome.done, status=outcome.status)
        if not outcome.done:
            return DialEnded(of_transfer(outcome.status))
        asyncio.get_running_loop().call_later(REFERRED_FOR_S, line.let_go, "transferred")
        return DialEnded("answered")

    async def _bridged(self, line: SipLine, to: str, timeout_s: float, answered: Callable[[], None]) -> DialEnded:
        try:
            other = self._lines.open()
        except NoLine as problem:
            log.error("not_put_through", reason=str(problem))
            return DialEnded("failed")
        try:
            other.call = self._endpoint.dial(
                to,
                from_number=self._caller_id(),
                rtp=other.stream.local,
                ring_timeout_s=timeout_s,
                listener=other.listener,
            )
            if not await self._answered(line, other):
                return DialEnded(self._why_not(other))
            answered()
            return await _talk(line, other)
        except (NoTrunk, Unavailable, ValueError) as problem:
            log.warning("not_put_through", reason=str(problem))
            return DialEnded("failed")
        finally:
            other.hang_up("the caller has gone")

    async def _answered(self, line: SipLine, other: SipLine) -> bool:
        """Rings; False when nobody answered or the caller did not wait for it."""
        ringing = asyncio.create_task(_ring_back(line))
        try:
            await _first(line.over, other.settled)
        finally:
            ringing.cancel()
            line.as_heard.clear()
        return other.refusal is None and other.gone is None and not line.over.is_set()

    def _why_not(self, other: SipLine) -> str:
        if other.refusal is None:
            return "failed"
        assert other.call is not None
        return of_transfer(other.refusal[0], unreachable=other.call.unreachable)

    def _caller_id(self) -> str:
        trunk = self._settings.sip.trunk
        return (trunk and trunk.caller_id) or self._settings.utility.hotline_number


def _nobody_asks() -> None:
    pass


async def _talk(line: SipLine, other: SipLine) -> DialEnded:
    """The two hear each other until one of them hangs up."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    line.join(other)
    other.join(line)
    try:
        await _first(line.over, other.over)
    finally:
        line.join(None)
        other.join(None)
        line.as_heard.clear()
    return DialEnded("answered", round(loop.time() - began, 1))


async def _ring_back(line: SipLine) -> None:
    """What a caller hears while a telephone rings, a tenth of a second at a time."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    sent = 0.0
    while True:
        if sent % RINGING_EVERY_S < RINGING_FOR_S:
            at = round(sent % RINGING_EVERY_S / CHUNK_S) * CHUNK_BYTES
            line.as_heard.play(_ring_tone()[at : at + CHUNK_BYTES])
        sent += CHUNK_S
        await asyncio.sleep(max(0.0, began + sent - RINGING_AHEAD_S - loop.time()))


@lru_cache(maxsize=1)
def _ring_tone() -> bytes:
    return pcm_to_mulaw(tone((450.0,), round(RINGING_FOR_S * 1000), level_dbfs=-20.0))


async def _first(*events: asyncio.Event) -> None:
    """Waits for the first of them."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
