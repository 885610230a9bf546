"""Whether what comes in is only our own sound coming back: by a loud telephone, or by the line itself."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from speech.audio import audioop

_ALIKE = 0.4
"""Normalised correlation from which on it is an echo. Over a bad line (six equal reflections within 20 ms, mu-law
twice, noise) 19 of 20 echoes reach 0.41 to 0.48, and of callers who speak over a prompt one in a hundred does."""
_LOUDEST_GAIN = 10 ** (-2 / 20)  # an echo is no louder than what it comes from
_FAINTEST_GAIN = 10 ** (-34 / 20)  # nobody speaks so softly over a prompt: whatever it is, it is of the line
_QUIET = 10.0  # RMS under which nothing was played


def is_echo(heard: bytes, played: bytes) -> bool:
    """`heard`: the last moments of what came in (200 ms or more); `played`: what was sent in the second or two before.

    Both are 8 kHz 16-bit PCM. Looks at every delay there may have been, so the longer `played` the dearer: 0.3 ms for
    300 ms in 1.5 s.
    """
    loudness, reference = audioop.rms(heard, 2), _loudest(played, len(heard))
    if reference < _QUIET:
        return False
    gain = loudness / reference
    if gain < _FAINTEST_GAIN:
        return True
    before = bytes(len(heard))  # what is heard may have begun before anything was played
    return gain <= _LOUDEST_GAIN and _most_alike(_edges(heard), _edges(before + played)) >= _ALIKE


def _loudest(pcm: bytes, window: int) -> float:
    """RMS of the loudest of the pieces as long as `window` bytes."""
    return max((audioop.rms(pcm[at : at + window], 2) for at in range(0, len(pcm), window)), default=0)


def _edges(pcm: bytes) -> NDArray[np.float64]:
    """Differences of neighbours: the deep tones that every voice has in common count less."""
    return np.diff(np.frombuffer(pcm, dtype="<i2").astype(np.float64))


def _most_alike(heard: NDArray[np.float64], played: NDArray[np.float64]) -> float:
    size = 1 << math.ceil(math.log2(len(heard) + len(played)))
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
    products = np.fft.irfft(spectrum, size)[: len(played) - len(heard) + 1]
    energy = np.concatenate(([0.0], np.cumsum(played * played)))
    energies = energy[len(heard) :] - energy[: -len(heard)]
    sounding = energies > energies.max() / 1000
    if not sounding.any():
        return 0.0
    alike = np.abs(products[sounding]) / np.sqrt(energies[sounding] * float(heard @ heard) + 1e-9)
    return float(alike.max())
