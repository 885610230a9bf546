"""What a recogniser is, the pools they are kept in, and the registry of engines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class RecognizerUnavailable(Exception):
    """An engine cannot be used: says what is missing and the command or setting that mends it."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was heard. `text` is empty, and `confidence` 0, when it was nothing the recogniser was asked to expect."""

    text: str
    confidence: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence {self.confidence} is not between 0 and 1")


NOTHING_RECOGNIZED = Recognition("", 0.0)


class Recognizer(Protocol):
    """Hears one utterance at a time: start, feed..., finish, and again. Not thread-safe; taken from a pool.

    Decoding takes processor time on the thread that feeds: never feed from an event loop.
    """

    def start(self, phrases: Sequence[str], *, free: bool = False, repeat: bool = False) -> None:
        """Begins an utterance, dropping an unfinished one.

        `phrases` is the grammar of this wait: one of them is expected, or with `repeat` any sequence of them (digits).
        `free` decodes without a grammar where the engine can.
        """

    def feed(self, pcm: bytes) -> str:
        """Any amount of 8 kHz 16-bit mono PCM; returns the text so far, "" if there is none. It may still change."""

    def finish(self) -> Recognition:
        """Ends the utterance. Speech outside the grammar is `NOTHING_RECOGNIZED`."""

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        """Words this engine cannot hear; a phrase that holds one is left out of its grammar."""

    def close(self) -> None:
        """Gives its memory back."""


class RecognizerPool:
    """Recognisers built ahead of the calls: building one takes 0.1 s and 30 MB, which a call in progress would hear.

    Thread-safe. The first that cannot be built raises RecognizerUnavailable out of the constructor.
    """

    def __init__(self, factory: Callable[[], Recognizer], size: int) -> None:
        if size < 1:
            raise ValueError("a pool holds at least one recogniser")
        self._factory = factory
        self._ready = threading.Condition()
        self._idle: list[Recognizer] = []
        self._taken: dict[int, Recognizer] = {}
        self._closed = False
        self.size = size
        for _ in range(size):
            self._idle.append(factory())

    def acquire(self, timeout_s: float) -> Recognizer | None:
        """A recogniser of one's own until it is released, or None when all are taken for `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        with self._ready:
            while not self._idle:
                remaining_s = deadline - time.monotonic()
                if self._closed or remaining_s <= 0 or not self._ready.wait(remaining_s):
                    return None
            recognizer = self._idle.pop()
            self._taken[id(recognizer)] = recognizer
            return recognizer

    def release(self, recognizer: Recognizer, *, broken: bool = False) -> None:
        """Gives it back. `broken`, after it raised: closed, and another built in its place."""
        with self._ready:
            if self._taken.pop(id(recognizer), None) is None:
                raise ValueError("this recogniser was not taken from this pool, or was given back before")
            closed = self._closed
        if broken or closed:
            recognizer.close()
            if closed:
                return
            recognizer = self._factory()
        with self._ready:
            self._idle.append(recognizer)
            self._ready.notify()

    @contextmanager
    def borrowed(self, timeout_s: float) -> Iterator[Recognizer | None]:
        """`acquire` and `release` round a block; a recogniser that raised within it is replaced."""
        recognizer = self.acquire(timeout_s)
        try:
            yield recognizer
        except BaseException:
            if recognizer is not None:
                self.release(recognizer, broken=True)
            raise
        if recognizer is not None:
            self.release(recognizer)

    @property
    def idle(self) -> int:
        """How many could be taken at once now."""
        with self._ready:
            return len(self._idle)

    def close(self) -> None:
        """Closes the idle ones now and the taken ones as they come back. Waiting and later acquires get None."""
        with self._ready:
            self._closed = True
            idle, self._idle = self._idle, []
            self._ready.notify_all()
        for recognizer in idle:
            recognizer.close()


ENGINES = ("pocketsphinx", "vosk", "none")


@dataclass(frozen=True, slots=True)
class RecognizerChoice:
    """What hears one language: `engine` of `ENGINES`, `model` its folder (Vosk), `size` how many at once."""

    engine: str
    model: Path | None = None
    size: int = 2

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise ValueError(f"unknown recogniser {self.engine!r}; there are {', '.join(ENGINES)}")
        if self.size < 1:
            raise ValueError("size: at least one recogniser a language")


def build_pools(
    configured: Mapping[str, RecognizerChoice],
    on_unavailable: Callable[[str, RecognizerUnavailable], None] | None = None,
) -> dict[str, RecognizerPool]:
    """A pool for every language that is heard; a language with the engine "none" has none (keypad only).

    An engine that is unavailable raises RecognizerUnavailable, or is told to `on_unavailable(language, error)` and its
    language left out, so that a hotline starts on its keypad.
    """
    pools: dict[str, RecognizerPool] = {}
    for language, choice in configured.items():
        try:
            factory = _factory(language, choice)
            if factory is not None:
                pools[language] = RecognizerPool(factory, choice.size)
        except RecognizerUnavailable as error:
            if on_unavailable is None:
                for pool in pools.values():
                    pool.close()
                raise
            on_unavailable(language, error)
    return pools


def _factory(language: str, choice: RecognizerChoice) -> Callable[[], Recognizer] | None:
    # Imported when chosen: each engine costs a tenth of a second and tens of megabytes.
    if choice.engine == "pocketsphinx":
        if language.split("-")[0].lower() != "en" or choice.model is not None:
            raise RecognizerUnavailable(
                f"pocketsphinx hears English only, with the model in its own package; for {language!r} set "
                f"`engine: vosk` and a model's folder under speech.recognizers.{language} (docs/operating.md)"
            )
        from speech.pocketsphinx_recognizer import PocketSphinxRecognizer

        return PocketSphinxRecognizer
    if choice.engine == "vosk":
        if choice.model is None:
            raise RecognizerUnavailable(
                f"no Vosk model is named for {language!r}: set its folder as speech.recognizers.{language}.model in "
                "config.yaml (docs/operating.md says where to get one)"
            )
        from speech.vosk_recognizer import VoskRecognizer, load_model

        model = load_model(choice.model)
        return lambda: VoskRecognizer(model)
    return None
