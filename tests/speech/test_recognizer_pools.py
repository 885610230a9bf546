"""Pools that calls take their ears from, and the choice of an engine a language."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from speech.recognizer_pools import RecognizerPool, build_pools
from speech.recognizers import NOTHING_RECOGNIZED, Recognition, RecognizerChoice, RecognizerUnavailable


class DeafRecognizer:
    """Hears nothing; what the pool does with it is the point."""

    def __init__(self) -> None:
        self.closed = False

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None: ...

    def feed(self, pcm: bytes) -> str:
        return ""

    def finish(self) -> Recognition:
        return NOTHING_RECOGNIZED

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        return []

    def close(self) -> None:
        self.closed = True


def test_no_more_are_handed_out_than_there_are() -> None:
    pool = RecognizerPool(DeafRecognizer, 2)
    first, second = pool.acquire(0), pool.acquire(0)
    assert first is not None
    assert second is not None
    assert first is not second
    assert pool.acquire(0.01) is None
    pool.release(first)
    assert pool.acquire(0) is first


def test_who_waits_gets_the_next_one_given_back() -> None:
    pool = RecognizerPool(DeafRecognizer, 1)
    taken = pool.acquire(0)
    assert taken is not None
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(pool.acquire(10)))
    waiting.start()
    pool.release(taken)
    waiting.join(10)
    assert got == [taken]


def test_one_that_raised_is_replaced() -> None:
    pool = RecognizerPool(DeafRecognizer, 1)
    broken: list[object] = []

    def use() -> None:
        with pool.borrowed(0) as recognizer:
            broken.append(recognizer)
            raise RuntimeError("the decoder broke")

    with pytest.raises(RuntimeError, match="decoder"):
        use()
    assert isinstance(broken[0], DeafRecognizer)
    assert broken[0].closed
    with pool.borrowed(0) as recognizer:
        assert recognizer is not broken[0]
    assert pool.idle == 1


def test_a_recogniser_is_given_back_once() -> None:
    pool = RecognizerPool(DeafRecognizer, 1)
    taken = pool.acquire(0)
    assert taken is not None
    pool.release(taken)
    with pytest.raises(ValueError, match="given back"):
        pool.release(taken)
    with pytest.raises(ValueError, match="not taken"):
        pool.release(DeafRecognizer())


def test_a_closed_pool_closes_them_all_and_hands_out_none() -> None:
    pool = RecognizerPool(DeafRecognizer, 2)
    taken = pool.acquire(0)
    assert isinstance(taken, DeafRecognizer)
    pool.close()
    assert pool.acquire(10) is None
    assert not taken.closed
    pool.release(taken)
    assert taken.closed


def test_one_that_could_not_be_replaced_is_built_when_it_is_needed() -> None:
    """A model that could not be loaded for a moment does not cost a place for ever."""
    possible = True

    def build() -> DeafRecognizer:
        if not possible:
            raise RecognizerUnavailable("no memory")
        return DeafRecognizer()

    pool = RecognizerPool(build, 1)
    first = pool.acquire(0)
    assert first is not None
    possible = False
    pool.release(first, broken=True)
    for _ in range(2):
        with pytest.raises(RecognizerUnavailable, match="no memory"):
            pool.acquire(0)
    possible = True
    second = pool.acquire(0)
    assert second is not None
    assert second is not first
    assert pool.acquire(0) is None


def test_what_it_was_built_on_is_closed_after_its_last_recogniser() -> None:
    ends: list[str] = []
    pool = RecognizerPool(DeafRecognizer, 2, lambda: ends.append("closed"))
    taken = pool.acquire(0)
    assert taken is not None
    pool.close()
    assert ends == []
    pool.release(taken)
    assert ends == ["closed"]


def test_every_language_gets_its_engine_and_the_keypad_only_ones_none() -> None:
    pools = build_pools({"en": RecognizerChoice("pocketsphinx", size=1), "zh-CN": RecognizerChoice("none")})
    try:
        assert list(pools) == ["en"]
        assert pools["en"].size == 1
        with pools["en"].borrowed(0) as recognizer:
            assert recognizer is not None
            assert recognizer.missing_words(["report an outage", "blorfgh"]) == ["blorfgh"]
    finally:
        pools["en"].close()


def test_what_is_missing_stops_the_start_unless_somebody_takes_note() -> None:
    configured = {"en": RecognizerChoice("pocketsphinx", size=1), "zh-CN": RecognizerChoice("vosk")}
    with pytest.raises(RecognizerUnavailable, match="hotline speech models pull zh-CN"):
        build_pools(configured)
    missing: dict[str, str] = {}
    pools = build_pools(configured, lambda language, error: missing.update({language: str(error)}))
    pools["en"].close()
    assert list(pools) == ["en"]
    assert list(missing) == ["zh-CN"]


def test_a_size_and_a_confidence_are_checked() -> None:
    with pytest.raises(ValueError, match="at least one"):
        RecognizerChoice("vosk", Path("x"), 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        Recognition("yes", 1.5)
