"""Steady noise and distant talk turned down before a recogniser that was trained on quiet speech. A Wiener filter.

Frames of 32 ms, half over each other: what comes out is 16 ms behind what went in. The noise of each frequency is what
it was at least in the last 1.5 s; how much of a frequency is speech is carried over from the frame before (Ephraim and
Malah's decision-directed estimate), or single peaks would be left that sing. Pure: one sound always gives one result.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Spectrum = NDArray[np.float64]

FRAME, HOP = 256, 128
_REMEMBERED = 94  # frames in which the noise is looked for
_FIRST = 12  # frames before there is a least to go by: their mean is the noise
_LEAST_TO_MEAN = 1.8  # the least of so many smoothed frames is that much below their mean
_SMOOTHING, _CARRIED_OVER = 0.7, 0.9
# Chosen on the `dev` part of bench/telephone_utterances.yaml. Harder filtering hears no more, and less bends the ends
# of words; with a floor of 0.1 talk in the background is taken for phrases again.
_OVERRATED = 4.0  # the noise is taken to be that much louder than it is
_FLOOR = 0.04


class Quieter:
    """Of one utterance, from its beginning on."""

    def __init__(self) -> None:
        self._window = np.sqrt(np.hanning(FRAME + 1)[:FRAME])
        self._rest = np.zeros(0)
        self._last = np.zeros(HOP)
        self._overlap = np.zeros(HOP)
        self._smooth = np.zeros(FRAME // 2 + 1)
        self._seen: deque[Spectrum] = deque(maxlen=_REMEMBERED)
        self._speech_before = np.zeros(FRAME // 2 + 1)

    def feed(self, pcm: bytes) -> bytes:
        """Any number of samples, PCM of 16 bit at 8 kHz; gives back as many as make whole hops of 16 ms."""
        sound = np.concatenate([self._rest, np.frombuffer(pcm, np.int16)])
        whole = len(sound) - len(sound) % HOP
        self._rest = sound[whole:]
        hops = [self._quieted(sound[at : at + HOP]) for at in range(0, whole, HOP)]
        if not hops:
            return b""
        quiet: bytes = np.clip(np.rint(np.concatenate(hops)), -32768, 32767).astype(np.int16).tobytes()
        return quiet

    def _quieted(self, hop: Spectrum) -> Spectrum:
        frame = np.concatenate([self._last, hop])
        self._last = hop
        spectrum = np.fft.rfft(frame * self._window)
        power = np.square(np.abs(spectrum))
        self._smooth = _SMOOTHING * self._smooth + (1 - _SMOOTHING) * power if self._seen else power
        self._seen.append(self._smooth)
        noise = self._noise() + 1e-3
        ratio = (1 - _CARRIED_OVER) * np.maximum(power / noise - 1, 0) + _CARRIED_OVER * self._speech_before
        gain = np.maximum(ratio / (ratio + _OVERRATED), _FLOOR)
        self._speech_before = np.square(gain) * power / noise
        quieted = np.fft.irfft(spectrum * gain) * self._window
        heard: Spectrum = self._overlap + quieted[:HOP]
        self._overlap = quieted[HOP:]
        return heard

    def _noise(self) -> Spectrum:
        if len(self._seen) <= _FIRST:
            mean: Spectrum = np.mean(self._seen, axis=0)
            return mean
        least: Spectrum = np.minimum.reduce(list(self._seen))
        return least * _LEAST_TO_MEAN
