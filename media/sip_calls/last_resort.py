"""A caller of whom nothing can be written down, because the database is away: told so, and put through to a person.

`utility.transfer_number` says to whom; without one the caller is asked to call again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from media import texts
from media.rendering import Renderer
from media.sip.call import SipCall
from media.sip_calls.line import SipLine
from settings import Settings
from speech.audio import RATE

log = structlog.get_logger("sip")


class LastResort:
    def __init__(self, settings: Settings, renderer: Renderer) -> None:
        self._utility = settings.utility
        self._renderer = renderer

    async def words(self) -> bytes:
        """mu-law of what the caller is told."""
        code = "apology_transfer" if self._utility.transfer_number else "apology"
        sound, _spoken = await self._renderer.sound(texts.say(code, self._utility.default_language))
        return sound

    async def offer(self, call: SipCall, line: SipLine, words: bytes) -> None:
        """`line` carries an answered call and no `LiveCall`. Returns when the call is over."""
        log.warning("call_without_rows", sip=call.id, transferred=self._utility.transfer_number is not None)
        try:
            line.play(words)
            with suppress(TimeoutError):
                async with asyncio.timeout(len(words) / RATE):
                    await line.over.wait()
            if self._utility.transfer_number and not line.over.is_set():
                await line.put_through_at_last(self._utility.transfer_number)
        finally:
            line.hang_up("the hotline is out of order")
