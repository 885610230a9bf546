"""Utterances on their way through the recognisers: who waits, who is asked for keys, what a broken one costs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY

from ivr.outputs import SpeechInput
from media import hearing
from media.hearing import EarPool, Hearing
from media.parts import Threads
from speech.recognizers import RecognizerBroken, RecognizerUnavailable
from tests.media.gateway_parts import Heard
from tests.scenarios import run

SPEECH = SpeechInput(("report an outage",))
SOUND = bytes(3200)


@dataclass
class SlowEars:
    """`size` recognisers that hear "report an outage", but do not say so before `answer` is set."""

    size: int = 1
    answer: threading.Event = field(default_factory=threading.Event)
    goes_wrong: Exception | None = None
    missing: Exception | None = None
    fed: list[int] = field(default_factory=list)
    released: list[bool] = field(default_factory=list)

    def acquire(self) -> SlowEars:
        if self.missing:
            raise self.missing
        return self

    def release(self, recognizer: object, *, broken: bool) -> None:
        self.released.append(broken)

    def start(self, phrases: tuple[str, ...], *, free: bool, repeat: bool) -> None: ...

    def feed(self, pcm: bytes) -> str:
        self.fed.append(len(pcm))
        if self.goes_wrong:
            raise self.goes_wrong
        return "report"

    def finish(self) -> Heard:
        assert self.answer.wait(60)
        return Heard("report an outage", 0.9)


@dataclass
class Caller:
    told: list[str] = field(default_factory=list)
    hearing: Hearing | None = None

    def speaks(self, pool: EarPool, *, keys: bool = True, ends: bool = True) -> Caller:
        self.hearing = pool.listen(
            SPEECH,
            partly=lambda words: self.told.append(f"partly {words}"),
            words=lambda words, confidence: self.told.append(f"{words or 'nothing'} {confidence}"),
            busy=lambda: self.told.append("busy"),
            keys=keys,
        )
        self.hearing.feed(SOUND)
        if ends:
            self.hearing.finish()
        return self

    async def hears(self, word: str) -> None:
        async with asyncio.timeout(60):
            while not any(word in said for said in self.told):
                await asyncio.sleep(0.005)


async def until(pool: EarPool, waiting: int) -> None:
    async with asyncio.timeout(60):
        while pool.waiting != waiting:
            await asyncio.sleep(0.005)


async def speaks_and_keeps(pool: EarPool) -> Caller:
    """The first to speak has the one decoder until the ears answer."""
    first = Caller().speaks(pool)
    await first.hears("partly")
    return first


async def speaks_and_waits(pool: EarPool) -> Caller:
    """The next to speak waits for it."""
    second = Caller().speaks(pool)
    await until(pool, 1)
    return second


def pool(ears: SlowEars, threads: Threads, *, waiting: int = 1, language: str = "en") -> EarPool:
    return EarPool(ears, threads, language=language, engine="slow", waiting=waiting)


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


def test_who_speaks_is_heard_and_reported_in_part_before(threads: Threads) -> None:
    async def scenario() -> None:
        ears = SlowEars()
        ears.answer.set()
        caller = Caller().speaks(pool(ears, threads))
        await caller.hears("0.9")
        assert caller.told == ["partly report", "report an outage 0.9"]
        assert ears.fed == [len(SOUND)]

    run(scenario())


def test_one_waits_for_a_decoder_and_the_next_is_asked_for_keys(threads: Threads) -> None:
    async def scenario() -> None:
        ears = SlowEars()
        ours = pool(ears, threads)
        first = await speaks_and_keeps(ours)
        second = await speaks_and_waits(ours)
        third = Caller().speaks(ours, ends=False)
        assert third.told == []  # not before it is known who is busy
        await third.hears("busy")
        assert third.hearing is not None
        third.hearing.feed(SOUND)  # sound that was on its way
        third.hearing.finish()
        ears.answer.set()
        await first.hears("0.9")
        await second.hears("0.9")
        assert third.told == ["busy"]
        assert ours.waiting == 0
        last = Caller().speaks(ours)
        await last.hears("0.9")

    run(scenario())


def test_without_keys_there_is_nothing_to_do_but_wait(threads: Threads) -> None:
    async def scenario() -> None:
        ears = SlowEars()
        ours = pool(ears, threads, waiting=0)
        await speaks_and_keeps(ours)
        second = Caller().speaks(ours, keys=False)
        await until(ours, 1)
        assert second.told == []
        ears.answer.set()
        await second.hears("0.9")

    run(scenario())


def test_a_wait_for_a_decoder_ends(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "PATIENCE_S", 0.05)

    async def scenario() -> None:
        ears = SlowEars()
        ours = pool(ears, threads, language="patience")
        first = await speaks_and_keeps(ours)
        second = Caller().speaks(ours, keys=False)
        await second.hears("nothing 0.0")
        assert ours.waiting == 0
        ears.answer.set()
        await first.hears("0.9")
        assert second.told == ["nothing 0.0"]
        assert counted("patience", "gave_up") == 1

    run(scenario())


def test_who_hangs_up_leaves_the_queue_at_once(threads: Threads) -> None:
    async def scenario() -> None:
        ears = SlowEars()
        ours = pool(ears, threads)
        await speaks_and_keeps(ours)
        second = await speaks_and_waits(ours)
        assert second.hearing is not None
        second.hearing.forget()
        await until(ours, 0)
        third = Caller().speaks(ours)
        ears.answer.set()
        await third.hears("0.9")
        assert second.told == []

    run(scenario())


@pytest.mark.parametrize("problem", [RecognizerBroken("it died"), RuntimeError("a mistake of ours")])
def test_a_recogniser_that_breaks_costs_its_utterance(threads: Threads, problem: Exception) -> None:
    async def scenario() -> None:
        ears = SlowEars(goes_wrong=problem)
        ears.answer.set()
        ours = pool(ears, threads, language=f"broken {type(problem).__name__}")
        first = Caller().speaks(ours, ends=False)
        async with asyncio.timeout(60):
            while not ears.released:
                await asyncio.sleep(0.005)
        assert first.told == []  # they are still speaking
        assert first.hearing is not None
        first.hearing.finish()
        await first.hears("nothing 0.0")
        ears.goes_wrong = None
        second = Caller().speaks(ours)
        await second.hears("0.9")
        async with asyncio.timeout(60):
            while len(ears.released) < 2:
                await asyncio.sleep(0.005)
        assert ears.released == [True, False]
        language = f"broken {type(problem).__name__}"
        assert (counted(language, "failed"), counted(language, "heard")) == (1, 1)
        assert REGISTRY.get_sample_value("hotline_recognizer_restarts_total", of(language)) == 1
        assert REGISTRY.get_sample_value("hotline_decode_seconds_count", of(language)) == 2

    run(scenario())


def test_one_that_died_while_nobody_used_it_costs_nothing(threads: Threads) -> None:
    @dataclass
    class DeadEars(SlowEars):
        dead: int = 1

        def start(self, phrases: tuple[str, ...], *, free: bool, repeat: bool) -> None:
            self.dead -= 1
            if self.dead >= 0:
                raise RecognizerBroken("its process has ended")

    async def scenario() -> None:
        ears = DeadEars()
        ears.answer.set()
        caller = Caller().speaks(pool(ears, threads))
        await caller.hears("0.9")
        assert ears.fed == [len(SOUND)], "nothing of what was said is lost"
        ears.dead = 2  # and one that cannot even begin costs one utterance
        other = Caller().speaks(pool(ears, threads))
        await other.hears("nothing 0.0")

    run(scenario())


def test_while_there_is_no_recogniser_keys_are_asked_for(threads: Threads) -> None:
    async def scenario() -> None:
        ears = SlowEars(missing=RecognizerUnavailable("it is started again in 5 s"))
        ears.answer.set()
        ours = pool(ears, threads, language="away")
        for ends in (True, False):
            caller = Caller().speaks(ours, ends=ends)
            await caller.hears("busy")
            assert caller.hearing is not None
            caller.hearing.feed(SOUND)  # on its way
            caller.hearing.finish()
        without_keys = Caller().speaks(ours, keys=False)
        await without_keys.hears("nothing 0.0")
        assert caller.told == ["busy"]
        assert counted("away", "failed") == 3
        ears.missing = None
        caller = Caller().speaks(ours)
        await caller.hears("0.9")

    run(scenario())


def of(language: str) -> dict[str, str]:
    return {"language": language, "engine": "slow"}


def counted(language: str, outcome: str) -> float | None:
    return REGISTRY.get_sample_value("hotline_utterances_total", {**of(language), "outcome": outcome})
