"""No dead air: what a caller hears while the hotline owes them a sound. Times are monotonic seconds.

Nothing heard for `after_s` is followed by "one moment, please", and that by a soft tone every now and then, until the
answer is there. Who was told so a moment ago only hears the tone: "one moment" after every answer wears off.
"""

from __future__ import annotations

from functools import lru_cache

from ivr.outputs import Say
from speech.audio import RATE, pcm_to_mulaw, tone

TONE_EVERY_S = 1.7
"""Silence between two sounds: after two seconds a line is taken for dead."""
SAID_AGAIN_AFTER_S = 30.0


class Comfort:
    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._moments: dict[str, tuple[Say, bytes]] = {}
        self._due: float | None = None
        self._said_at: float | None = None

    def know(self, language: str, say: Say, mulaw: bytes) -> None:
        """How "one moment" is said; a language that is not known has the tone alone."""
        self._moments[language] = (say, mulaw)

    @property
    def owed(self) -> bool:
        return self._due is not None

    def owe(self, since: float) -> None:
        """Nothing is heard since then. Told again, with whatever time, while it goes on."""
        if self._due is None:
            self._due = since + self._after_s

    def no_more(self) -> None:
        """The answer is there, or it is the caller's turn."""
        self._due = None

    def due(self, language: str, now: float) -> tuple[Say | None, bytes] | None:
        """What is to be played now, with its caption."""
        if self._due is None or now < self._due:
            return None
        moment = self._moments.get(language)
        if moment is None or (self._said_at is not None and now < self._said_at + SAID_AGAIN_AFTER_S):
            sound: tuple[Say | None, bytes] = (None, waiting_tone())
        else:
            sound = moment
            self._said_at = now
        self._due = now + len(sound[1]) / RATE + TONE_EVERY_S
        return sound

    def deadline(self) -> float | None:
        return self._due


@lru_cache(maxsize=1)
def waiting_tone() -> bytes:
    """mu-law: two soft notes, 12 dB under speech: the line is alive, and nobody is asked for anything."""
    return pcm_to_mulaw(tone((392.0,), 120, -32.0) + bytes(2 * RATE * 60 // 1000) + tone((523.25,), 160, -32.0))
