"""Tones that tests tell apart in what somebody heard: the energy at one pitch, after Goertzel."""

from __future__ import annotations

import math

import numpy as np

from speech.audio import FRAME_BYTES, FULL_SCALE, RATE, mulaw_to_pcm, pcm_to_mulaw, tone

PITCHES = (400.0, 700.0, 1100.0, 1500.0, 1900.0, 2300.0)


def tone_frames(hertz: float, count: int, level_dbfs: float = -12.0) -> list[bytes]:
    """`count` frames of 20 ms of mu-law, one sine through all of them."""
    mulaw = pcm_to_mulaw(tone((hertz,), 20 * count + 20, level_dbfs))[FRAME_BYTES // 2 :]
    return [mulaw[at : at + FRAME_BYTES] for at in range(0, count * FRAME_BYTES, FRAME_BYTES)]


def level_of(hertz: float, mulaw: bytes) -> float:
    """dB below full scale of the part of `mulaw` that is a sine of `hertz`; -inf for none at all."""
    samples = np.frombuffer(mulaw_to_pcm(mulaw), dtype="<i2").astype(float)
    if not len(samples):
        return -math.inf
    turns = np.exp(-2j * math.pi * hertz * np.arange(len(samples)) / RATE)
    amplitude = 2 * abs((samples * turns).mean())
    return 20 * math.log10(amplitude / math.sqrt(2) / FULL_SCALE) if amplitude > 0 else -math.inf
