"""What a studio, or somebody with a headset, recorded, made ready to be played to callers: or why it cannot be."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from pathlib import Path

from speech.audio import (
    FULL_SCALE,
    PCM_FRAME_BYTES,
    RATE,
    audioop,
    level_normalised,
    read_wav_as_it_is,
    resample,
    speech_level_dbfs,
)
from speech.voicing import periodicity

_SHORTEST_S, _LONGEST_S = 0.2, 180.0
_FAINTEST_DBFS = -50.0  # quieter speech is a microphone that was off, or far away
_CLIPPED = round(0.985 * FULL_SCALE)
_CLIPPED_RUN = 3  # neighbours at full scale: a wave whose top is cut off, not one that just touches it
_MOST_CLIPPED = 0.0005
_FRAME_BYTES = 160  # 10 ms
_PAUSE_BELOW_DB = -36.0  # under the loudest moment
_KEPT_BEFORE_S, _KEPT_AFTER_S = 0.06, 0.14  # a breath; a last consonant dies away
_RAMP_S = 0.005
# Of the moments as loud as speech, the share with a pitch. Voices of five makers reached 0.64 and more, short words and
# such full of sibilants among them; white, pink and brown noise at most 0.01.
_PITCHED, _FEWEST_PITCHED = 0.5, 0.1
_LOUD_DB = -12.0  # under the level of the whole


class UnfitRecording(Exception):
    """It cannot be played to callers: says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ReadyRecording:
    """`pcm`: 8 kHz, 16 bit, mono, as loud as the voice. `level_dbfs`, `rate` and `trimmed_s`: what it was like."""

    pcm: bytes
    rate: int
    level_dbfs: float
    trimmed_s: float

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / RATE


def ready(path: Path) -> ReadyRecording:
    """A WAV file of any rate and width. Raises UnfitRecording, and AudioError for a file that cannot be read."""
    raw, rate = read_wav_as_it_is(path)
    if rate < RATE:
        raise UnfitRecording(f"it has {rate} samples a second; at least {RATE} are needed")
    if not len(raw) / 2 / rate <= _LONGEST_S:
        raise UnfitRecording(f"it is longer than {_LONGEST_S / 60:.0f} minutes")
    if _clipped_share(raw) > _MOST_CLIPPED:
        raise UnfitRecording("it is overdriven (its loudest parts are cut off): record it again, less loud")
    pcm = resample(_without_offset(raw), rate, RATE)
    level = speech_level_dbfs(pcm)
    if level < _FAINTEST_DBFS:
        said = "silent" if math.isinf(level) else f"all but silent ({level:.0f} dB under full scale)"
        raise UnfitRecording(f"it is {said}: was the microphone on?")
    if _pitched_share(pcm, level) < _FEWEST_PITCHED:
        raise UnfitRecording("nobody speaks in it, it is noise: was the right microphone chosen?")
    trimmed = _trimmed(pcm)
    seconds = len(trimmed) / 2 / RATE
    if seconds < _SHORTEST_S + _KEPT_BEFORE_S + _KEPT_AFTER_S - 0.05:
        raise UnfitRecording(f"nothing but a moment of sound is in it ({seconds:.1f} s)")
    even = level_normalised(level_normalised(_ramped(trimmed)))  # of a faint one only the loudest was measured at first
    return ReadyRecording(even, rate, level, (len(pcm) - len(trimmed)) / 2 / RATE)


def _clipped_share(pcm: bytes) -> float:
    """The share of the samples that stand in runs at full scale, or at the file's own ceiling just under it."""
    samples = array("h", pcm)
    peak = audioop.max(pcm, 2) if pcm else 0
    if peak < _CLIPPED:
        return 0.0
    clipped = run = 0
    for sample in samples:
        if abs(sample) >= _CLIPPED:
            run += 1
            continue
        if run >= _CLIPPED_RUN:
            clipped += run
        run = 0
    return clipped / len(samples)


def _pitched_share(pcm: bytes, level_dbfs: float) -> float:
    floor = FULL_SCALE * 10 ** ((level_dbfs + _LOUD_DB) / 20)
    windows = (pcm[at : at + 2 * PCM_FRAME_BYTES] for at in range(0, len(pcm) - PCM_FRAME_BYTES, PCM_FRAME_BYTES))
    loud = [window for window in windows if len(window) == 2 * PCM_FRAME_BYTES and audioop.rms(window, 2) >= floor]
    if not loud:
        return 1.0  # too short to tell: whether it is too short altogether is another question
    return sum(periodicity(window) >= _PITCHED for window in loud) / len(loud)


def _without_offset(pcm: bytes) -> bytes:
    """Cheap sound cards add a constant, which clicks at both ends."""
    return audioop.bias(pcm, 2, -audioop.avg(pcm, 2)) if pcm else pcm


def _trimmed(pcm: bytes) -> bytes:
    frames = [audioop.rms(pcm[at : at + _FRAME_BYTES], 2) for at in range(0, len(pcm), _FRAME_BYTES)]
    floor = max(frames) * 10 ** (_PAUSE_BELOW_DB / 20)
    loud = [number for number, level in enumerate(frames) if level >= floor]
    begin = loud[0] * _FRAME_BYTES - 2 * round(_KEPT_BEFORE_S * RATE)
    end = (loud[-1] + 1) * _FRAME_BYTES + 2 * round(_KEPT_AFTER_S * RATE)
    return pcm[max(0, begin) : end]


def _ramped(pcm: bytes) -> bytes:
    samples = array("h", pcm)
    count = round(_RAMP_S * RATE)
    for index in range(count):
        samples[index] = round(samples[index] * index / count)
        samples[-1 - index] = round(samples[-1 - index] * index / count)
    return samples.tobytes()
