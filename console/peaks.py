"""The wave form of a recording: how loud each of its stretches is, as a page draws it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from recording_store import RecordingFile

STRETCHES: Final = 480
_STEP: Final = 160  # samples: 20 ms
_FULL: Final = 32768.0
_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Peaks:
    """`channels`: for each, the height of every stretch, 0 to 100. Quiet speech is seen: heights go by the root."""

    seconds: float
    channels: tuple[tuple[int, ...], ...]


class PeaksKept:
    """The last few hundred wave forms, some 2 KB each; a recording that has grown since is looked through anew."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Peaks] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, file: RecordingFile) -> Peaks:
        with self._lock:
            known = self._kept.get(file.mark)
            if known is not None:
                self._kept.move_to_end(file.mark)
                return known
        made = peaks(file)
        with self._lock:
            self._kept[file.mark] = made
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made


def peaks(file: RecordingFile) -> Peaks:
    """Of a file of 16-bit PCM; any other has no wave form. Raises RecordingDamaged."""
    form = file.form
    if not file.known or form.sample_bytes != 2:
        return Peaks(file.seconds, ())
    steps: list[np.ndarray[Any, np.dtype[np.int32]]] = []
    rest = b""
    step_bytes = _STEP * form.frame_bytes
    for piece in file.pieces():
        piece = rest + piece
        whole = len(piece) - len(piece) % step_bytes
        rest = piece[whole:]
        steps.append(_loudest(piece[:whole], form.channels))
    if rest:
        steps.append(_loudest(rest + bytes(step_bytes - len(rest)), form.channels))
    loudest = np.concatenate(steps) if steps else np.zeros((0, form.channels), dtype=np.int32)
    count = min(STRETCHES, len(loudest))
    if not count:
        return Peaks(file.seconds, tuple(() for _ in range(form.channels)))
    starts = np.arange(count) * len(loudest) // count
    heights = np.sqrt(np.maximum.reduceat(loudest, starts, axis=0) / _FULL) * 100
    return Peaks(file.seconds, tuple(tuple(int(height) for height in channel) for channel in heights.round().T))


def _loudest(pcm: bytes, channels: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Of each step, by channel. Each channel is laid out by itself first: ten times as fast for an hour of sound."""
    steps = np.ascontiguousarray(np.frombuffer(pcm, dtype="<i2").reshape(-1, _STEP, channels).transpose(0, 2, 1))
    loudest: np.ndarray[Any, np.dtype[np.int32]] = np.maximum(
        steps.max(axis=2).astype(np.int32), -steps.min(axis=2).astype(np.int32)
    )
    return loudest
