"""One utterance on its way through a recogniser: fed in order, decoded elsewhere, its words handed back.

What is heard of an utterance comes to the session in one of three ways, each at most once:

    words(text, confidence)   what was said; text "" and confidence 0.0 when it was not understood, for whatever reason
    busy()                    all decoders are taken and as many utterances wait as may, or those there were have ended
                              and are not back yet: the caller is to be asked for keys instead. Called soon after
                              `listen`, while the caller may still be speaking; nothing else is called for that
                              utterance then. Never called at a wait without keys (`keys=False`): there it waits for a
                              decoder, and comes to `words("", 0.0)` when none was free `PATIENCE_S` after it had ended.

`LiveCall` passes them on as `MediaSession.recognized(utterance, text, confidence, now)` and
`MediaSession.recognized(utterance, "", 0.0, now, busy=True)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog

import metrics
from ivr.listening import grammar
from ivr.outputs import SpeechInput
from media.parts import Ears, GatewayParts, Recognizer, Threads
from speech.audio import RATE
from speech.recognizers import RecognizerBroken, RecognizerUnavailable

log = structlog.get_logger("media")
Result = TypeVar("Result")

PATIENCE_S = 5.0
"""An utterance that has ended so long ago without a decoder becoming free is given up."""
FED_AT_ONCE = 1600
"""Bytes, 100 ms: each piece costs two changes of thread, and recognisers tell what they heard no more often."""


class EarPool:
    """The recognisers of one language, handed out in turn to whoever speaks.

    At most `waiting` utterances wait for one; those beyond it are `busy` (see the module). `language` and `engine`
    are what they are counted under.
    """

    def __init__(self, ears: Ears, threads: Threads, *, language: str, engine: str = "", waiting: int = 4) -> None:
        self._ears = ears
        self._threads = threads
        self._most_waiting = waiting
        self._free = asyncio.Semaphore(ears.size)
        self.waiting = 0
        self.language = language
        self.counts = metrics.Hearing(language, engine)

    def listen(
        self,
        speech: SpeechInput,
        *,
        partly: Callable[[str], None],
        words: Callable[[str, float], None],
        busy: Callable[[], None],
        keys: bool,
        so_far: Callable[[str, float], None] = lambda text, heard_s: None,
    ) -> Hearing:
        """Called on the event loop, as are the callbacks. `keys`: whether the wait can be answered by keys as well.

        `partly` is told what is heard when it changes, `so_far` after each piece, with the seconds it was made of.
        """
        hearing = Hearing(self, speech, partly, words, busy, so_far, keys=keys)
        if keys and self._free.locked() and self.waiting >= self._most_waiting:
            hearing.turn_away()
        else:
            hearing.begin()
        return hearing

    async def use(self, hearing: Hearing) -> None:
        if not await self._turn_came(hearing):
            return
        try:
            try:
                await self._hear(hearing)
            except RecognizerBroken:
                if hearing.begun:
                    raise
                await self._hear(hearing)  # it had died while nobody used it: no sound is lost yet
        finally:
            self._free.release()

    async def _hear(self, hearing: Hearing) -> None:
        recognizer = await self.run(self._ears.acquire)
        broken = True  # one that raised is replaced: it costs an utterance, not the next caller's as well
        try:
            await hearing.decode(recognizer)
            broken = False
        finally:
            if broken:
                self.counts.restarted()
            await self.run(self._ears.release, recognizer, broken=broken)

    async def _turn_came(self, hearing: Hearing) -> bool:
        """False when the utterance was given up before: then there is nothing to give back."""
        if not self._free.locked():
            await self._free.acquire()
            return True
        self._wait(+1)
        turn = asyncio.ensure_future(self._free.acquire())
        given_up = asyncio.ensure_future(hearing.given_up.wait())
        try:
            await asyncio.wait((turn, given_up), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._wait(-1)
            given_up.cancel()
            came = turn.done()
            if not came:
                turn.cancel()
        return came

    def _wait(self, change: int) -> None:
        self.waiting += change
        self.counts.waiting(self.waiting)

    async def run(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads.decoding, partial(function, *arguments, **named))


def ear_pools(parts: GatewayParts, threads: Threads) -> dict[str, EarPool]:
    """Of every language that `parts` has ears for; made inside the running loop."""
    configured = parts.settings.speech.recognizers
    pools: dict[str, EarPool] = {}
    for language, ears in parts.ears.items():
        section = configured.get(language)
        pools[language] = EarPool(
            ears,
            threads,
            language=language,
            engine=section.engine if section else "",
            waiting=section.waiting if section else 0,
        )
    return pools


class Hearing:
    """`partly`, `words` and `busy` are called on the event loop; one of the latter two once, unless it is forgotten."""

    def __init__(
        self,
        pool: EarPool,
        speech: SpeechInput,
        partly: Callable[[str], None],
        words: Callable[[str, float], None],
        busy: Callable[[], None],
        so_far: Callable[[str, float], None],
        *,
        keys: bool,
    ) -> None:
        self.begun = False  # a recogniser has taken it up
        self._keys = keys
        self._pool = pool
        self._speech = speech
        self._partly = partly
        self._words = words
        self._busy = busy
        self._so_far = so_far
        self._sound = bytearray()
        self._complete = self._forgotten = self._over = False
        self._ended_at = 0.0
        self._more = asyncio.Event()
        self.given_up = asyncio.Event()
        self._patience: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(self._run())

    def turn_away(self) -> None:
        """No decoder for this one. Told in the next round of the loop: whoever listens has not our name yet."""
        asyncio.get_running_loop().call_soon(self._told_busy)

    def feed(self, pcm: bytes) -> None:
        if self._task is not None and not self._over:
            self._sound += pcm
            if len(self._sound) >= FED_AT_ONCE:
                self._more.set()

    def finish(self) -> None:
        loop = asyncio.get_running_loop()
        self._complete = True
        self._ended_at = loop.time()
        self._patience = loop.call_later(PATIENCE_S, self.given_up.set)
        self._more.set()

    def forget(self) -> None:
        """Nothing is called any more. The recogniser is still given back in good order."""
        self._forgotten = True
        self._more.set()
        self.given_up.set()
        self._no_more_patience()

    async def _run(self) -> None:
        outcome = "gave_up"  # unless a decoder becomes free
        try:
            await self._pool.use(self)
        except (RecognizerBroken, RecognizerUnavailable) as problem:
            outcome = "failed"
            log.warning("recogniser_failed", error=str(problem))
            if self._keys and not self._forgotten and isinstance(problem, RecognizerUnavailable):
                self._over = True
                self._told_busy(outcome)  # the next one would not be heard either
        except Exception:
            outcome = "failed"
            log.exception("recogniser_failed")
        finally:
            self._no_more_patience()
        while not (self._over or self._complete or self._forgotten):
            await self._more.wait()
            self._more.clear()
        if not self._over:
            self._told("", 0.0, outcome)

    async def decode(self, recognizer: Recognizer) -> None:
        self._no_more_patience()
        phrases, repeat = grammar(self._speech, self._pool.language)
        await self._pool.run(recognizer.start, phrases, free=self._speech.free, repeat=repeat)
        self.begun = True
        heard, fed_bytes = "", 0
        while not self._forgotten:
            await self._more.wait()
            self._more.clear()
            sound = bytes(self._sound)
            self._sound.clear()
            if sound and not self._forgotten:
                so_far = await self._pool.run(recognizer.feed, sound)
                fed_bytes += len(sound)
                if so_far and so_far != heard and not self._forgotten:
                    heard = so_far
                    self._partly(so_far)
                if so_far and not (self._forgotten or self._complete):
                    self._so_far(so_far, fed_bytes / 2 / RATE)
            if self._complete and not self._sound:
                break
        if self._forgotten:  # the next utterance of this recogniser begins by dropping this one
            self._told("", 0.0, "forgotten")
            return
        recognition = await self._pool.run(recognizer.finish)
        self._told(recognition.text, recognition.confidence, "heard" if recognition.text else "nothing")

    def _told(self, text: str, confidence: float, outcome: str) -> None:
        self._over = True
        self._sound.clear()
        if self._forgotten:
            self._pool.counts.utterance("forgotten")
            return
        self._pool.counts.utterance(outcome, asyncio.get_running_loop().time() - self._ended_at)
        self._words(text, confidence)

    def _told_busy(self, outcome: str = "busy") -> None:
        if not self._forgotten:
            self._pool.counts.utterance(outcome)
            self._busy()

    def _no_more_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
