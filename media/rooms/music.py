"""What is heard on hold and while waiting: the operator's WAV file, else a quiet pattern of chimes of our own."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from pathlib import Path

import structlog

from speech.audio import FRAME_BYTES, FULL_SCALE, RATE, AudioError, level_normalised, pcm_to_mulaw, read_wav

log = structlog.get_logger("media")

LEVEL_DBFS = -26.0  # under the level of speech: a prompt over it stands out, and nobody is shouted at
_CHIME_S = 0.8
_PAUSE_S = 2.4
_PHRASES = (("E4", "G4", "C5"), ("D4", "G4", "B4"), ("C4", "E4", "A4"), ("D4", "F4", "G4"))
_HERTZ = {
    "C4": 261.63, "D4": 293.66, "E4": 329.63, "F4": 349.23, "G4": 392.0, "A4": 440.0, "B4": 493.88, "C5": 523.25,
}  # fmt: skip


class Music:
    """A loop of 20 ms frames of mu-law; shared by everybody who waits."""

    def __init__(self, pcm: bytes) -> None:
        """`pcm`: 16 bit, 8 kHz, at least one frame."""
        mulaw = pcm_to_mulaw(pcm)
        mulaw = mulaw[: len(mulaw) - len(mulaw) % FRAME_BYTES]
        if not mulaw:
            raise ValueError("music must be 20 ms long at least")
        self._frames = [mulaw[at : at + FRAME_BYTES] for at in range(0, len(mulaw), FRAME_BYTES)]

    def __len__(self) -> int:
        return len(self._frames)

    def frame(self, number: int) -> bytes:
        return self._frames[number % len(self._frames)]


def hold_music(path: Path | None) -> Music:
    """The file of `media.hold_music`; the chimes where there is none, or where it cannot be played, which is logged."""
    if path is not None:
        try:
            return Music(level_normalised(read_wav(path), LEVEL_DBFS))
        except (AudioError, ValueError) as error:
            log.error("hold_music_unreadable", file=str(path), error=str(error), instead="chimes")
    return Music(chimes())


@lru_cache(maxsize=1)
def chimes() -> bytes:
    """PCM: soft bells in threes with a rest after each three, 19 s in all: who waits hears that the line is alive."""
    notes = {name: _bell(hertz) for name, hertz in _HERTZ.items()}
    rest = bytes(2 * round(RATE * _PAUSE_S))
    return b"".join(b"".join(notes[name] for name in phrase) + rest for phrase in _PHRASES)


def _bell(hertz: float) -> bytes:
    amplitude = 10 ** (LEVEL_DBFS / 20) * FULL_SCALE * math.sqrt(2)
    count = round(RATE * _CHIME_S)
    samples = array("h", bytes(2 * count))
    for index in range(count):
        seconds = index / RATE
        envelope = min(1.0, seconds / 0.01) * math.exp(-4 * seconds) * min(1.0, (count - index) / 80)
        samples[index] = round(
            amplitude
            * envelope
            * (math.sin(2 * math.pi * hertz * seconds) + 0.3 * math.sin(4 * math.pi * hertz * seconds))
        )
    return samples.tobytes()
