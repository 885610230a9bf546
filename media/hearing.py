"""One utterance on its way through a recogniser: fed in order, decoded in threads, its words handed back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from ivr.outputs import SpeechInput
from media.parts import Ears, Recognizer, Threads

log = structlog.get_logger("media")
Result = TypeVar("Result")


class EarPool:
    """The recognisers of one language, handed out in turn to whoever speaks. Who must wait is heard a little later."""

    def __init__(self, ears: Ears, threads: Threads) -> None:
        self._ears = ears
        self._threads = threads
        self._free = asyncio.Semaphore(ears.size)

    def listen(
        self, speech: SpeechInput, *, partly: Callable[[str], None], words: Callable[[str, float], None]
    ) -> Hearing:
        return Hearing(self, speech, partly, words)

    async def use(self, hearing: Hearing) -> None:
        async with self._free:
            recognizer = await self.run(self._ears.acquire)
            broken = True  # one that raised is replaced: it costs an utterance, not the next caller's as well
            try:
                await hearing.decode(recognizer)
                broken = False
            finally:
                await self.run(self._ears.release, recognizer, broken=broken)

    async def run(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads.decoding, partial(function, *arguments, **named))


class Hearing:
    """`partly` and `words` are called on the event loop; `words` exactly once unless it is forgotten."""

    def __init__(
        self, pool: EarPool, speech: SpeechInput, partly: Callable[[str], None], words: Callable[[str, float], None]
    ) -> None:
        self._pool = pool
        self._speech = speech
        self._partly = partly
        self._words = words
        self._sound = bytearray()
        self._complete = self._forgotten = False
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def feed(self, pcm: bytes) -> None:
        self._sound += pcm
        self._more.set()

    def finish(self) -> None:
        self._complete = True
        self._more.set()

    def forget(self) -> None:
        """Nothing is called any more. The recogniser is still given back in good order."""
        self._forgotten = True
        self._more.set()

    async def _run(self) -> None:
        try:
            await self._pool.use(self)
        except Exception:
            log.exception("recogniser_failed")
            while not (self._complete or self._forgotten):
                await self._more.wait()
                self._more.clear()
            if not self._forgotten:
                self._words("", 0.0)

    async def decode(self, recognizer: Recognizer) -> None:
        speech = self._speech
        phrases = speech.phrases
        await self._pool.run(recognizer.start, phrases, free=speech.free, repeat=speech.digits)
        heard = ""
        while not self._forgotten:
            await self._more.wait()
            self._more.clear()
            sound = bytes(self._sound)
            self._sound.clear()
            if sound and not self._forgotten:
                so_far = await self._pool.run(recognizer.feed, sound)
                if so_far and so_far != heard and not self._forgotten:
                    heard = so_far
                    self._partly(so_far)
            if self._complete and not self._sound:
                break
        recognition = await self._pool.run(recognizer.finish)
        if not self._forgotten:
            self._words(recognition.text, recognition.confidence)
