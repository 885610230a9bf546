"""What every kind of wait answers to. A session owns one at a time and hands it only input that may count."""

from __future__ import annotations

import enum
from typing import Protocol

from media.actions import Action


class Voiced(enum.Enum):
    """What an endpointer makes of one more frame."""

    QUIET = "quiet"
    ONSET = "onset"  # speech has begun, a few frames ago
    SPEECH = "speech"
    ENDED = "ended"  # the silence that ends an utterance is complete


class Endpointer(Protocol):
    def accept(self, frame: bytes, *, over_prompt: bool = False) -> Voiced:
        """`frame`: 20 ms of PCM. `over_prompt`: the caller hears something of ours, so that more is asked of speech."""

    @property
    def quiet_s(self) -> float:
        """How long nothing was heard of the utterance that goes on."""

    def reset(self) -> None:
        """What it took for speech was none: it begins anew."""


class EndpointerFactory(Protocol):
    def __call__(self, end_silence_s: float) -> Endpointer: ...


class Mouth(Protocol):
    """What a wait must know of what the caller is hearing."""

    def sounding(self, now: float) -> bool:
        """Something of ours is being heard."""

    def lately(self, now: float) -> bytes:
        """mu-law of what may come back as an echo now; b"" when nothing can."""


class Wait(Protocol):
    """Each method answers what is to be done; a `TurnOver` (or its like) among it ends the wait.

    Times are monotonic seconds. `frame` is 20 ms of PCM.
    """

    def prompts_heard(self, now: float) -> list[Action]: ...
    def key(self, key: str, now: float) -> list[Action]: ...
    def frame(self, frame: bytes, now: float) -> list[Action]: ...
    def words(self, text: str, now: float) -> list[Action]: ...
    def recognized(self, utterance: int, text: str, confidence: float) -> list[Action]: ...
    def tick(self, now: float) -> list[Action]: ...
    def deadline(self) -> float | None: ...
