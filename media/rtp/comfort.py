"""The noise of a line on which nobody speaks (RFC 3389), for far ends that send its level instead of silence."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from speech.audio import FRAME_BYTES, pcm_to_mulaw

PAYLOAD_TYPE: Final = 13
LOUDEST, FAINTEST = 40, 78
"""-dBov. Louder than 40 dB below overload is no background; below 78 dB mu-law has nothing left."""
_FRAMES: Final = 8


def level_of(payload: bytes) -> int | None:
    """-dBov, held within what makes sense; None for an empty payload. The spectrum that may follow is not used."""
    return min(FAINTEST, max(LOUDEST, payload[0] & 0x7F)) if payload else None


def noise(level: int, number: int) -> bytes:
    """Frame `number` of white noise, `level` dB below overload: 20 ms of mu-law."""
    return _noise(level)[number * 5 % _FRAMES]


@lru_cache(maxsize=FAINTEST - LOUDEST + 1)
def _noise(level: int) -> tuple[bytes, ...]:
    samples = np.random.default_rng(level).normal(0.0, 32768 * 10 ** (-level / 20), _FRAMES * FRAME_BYTES)
    mulaw = pcm_to_mulaw(np.clip(samples, -32768, 32767).astype("<i2").tobytes())
    return tuple(mulaw[at : at + FRAME_BYTES] for at in range(0, len(mulaw), FRAME_BYTES))
