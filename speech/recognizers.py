"""What a recogniser is: what it promises, what it answers with, how one is chosen for a language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

NO_ENGINE = "none"
"""The engine of a language that is not heard: its callers use the keypad."""


class RecognizerUnavailable(Exception):
    """An engine cannot be used: says what is missing and the command or setting that mends it."""


class RecognizerBroken(Exception):
    """A recogniser failed in the middle of its work: it is of no use any more, and another takes its place."""


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
        With `free` anything may be said besides: what fits no phrase is decoded without a grammar, where the engine
        can.
        """

    def feed(self, pcm: bytes) -> str:
        """Any amount of 8 kHz 16-bit mono PCM; returns the text so far, "" if there is none. It may still change."""

    def finish(self) -> Recognition:
        """Ends the utterance. Speech outside the grammar is `NOTHING_RECOGNIZED`."""

    def missing_words(self, phrases: Sequence[str]) -> list[str]:
        """Words this engine cannot hear; a phrase that holds one is left out of its grammar."""

    def close(self) -> None:
        """Gives its memory back."""


@dataclass(frozen=True, slots=True)
class RecognizerChoice:
    """What hears one language: the name of an installed engine, the folder of its model, how many at once."""

    engine: str
    model: Path | None = None
    size: int = 2

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("size: at least one recogniser a language")
