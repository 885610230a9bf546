"""What callers say in tests, by voices that are none of ours, and whether they heard what was played to them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from speech.audio import RATE, read_wav

Samples = npt.NDArray[np.float64]


@lru_cache(maxsize=64)
def spoken(words: str, voice: str = "kal") -> bytes:
    """PCM, 16 bit, 8 kHz, by flite. Skips the test where flite is not installed."""
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian: flite)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", words, "-o", path], check=True, capture_output=True)
        return read_wav(path)


def write_sound(path: Path, pcm: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return path


def find(part: bytes, whole: bytes) -> tuple[float, float]:
    """Where `part` is best found in `whole` (both PCM), in seconds, and how alike they are there: 1.0 for the same.

    The normalised cross-correlation at every offset, so neither the law it was coded with nor its level matters.
    """
    wanted, heard = _samples(part), _samples(whole)
    if len(heard) < len(wanted) or not len(wanted):
        return 0.0, 0.0
    size = 1 << (len(heard) + len(wanted) - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    at_each = product[: len(heard) - len(wanted) + 1]
    squares = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = squares[len(wanted) :] - squares[: -len(wanted)]
    alike = at_each / np.sqrt(np.maximum(energy, 1.0) * max(float(np.sum(wanted**2)), 1.0))
    best = int(np.argmax(alike))
    return best / RATE, float(alike[best])


def _samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.float64)
