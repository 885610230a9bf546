"""How the sound of a recording is written, and the header that says so in a WAV file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

WAV_HEADER_BYTES: Final = 44
_WAV: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")


@dataclass(frozen=True, slots=True)
class Form:
    """PCM, little-endian, channels in turn."""

    channels: int = 1
    sample_bytes: int = 2
    rate: int = 8000

    @property
    def frame_bytes(self) -> int:
        """All channels of one moment."""
        return self.channels * self.sample_bytes

    @property
    def bytes_a_second(self) -> int:
        return self.frame_bytes * self.rate


MESSAGE: Final = Form(channels=1)
CALL: Final = Form(channels=2)


def wav_header(form: Form, sound_bytes: int) -> bytes:
    """The canonical 44 bytes. A file too long for its 32-bit lengths says so by the greatest there is."""
    return _WAV.pack(
        b"RIFF", min(36 + sound_bytes, 0xFFFFFFFF), b"WAVE", b"fmt ", 16, 1, form.channels, form.rate,
        form.bytes_a_second, form.frame_bytes, 8 * form.sample_bytes, b"data", min(sound_bytes, 0xFFFFFFFF),
    )  # fmt: skip


def wav_form(start: bytes) -> Form | None:
    """How a file that begins with the canonical header is written; None for any other."""
    if len(start) < WAV_HEADER_BYTES:
        return None
    riff, _, wave, fmt, length, pcm, channels, rate, _, _, bits, data, _ = _WAV.unpack(start[:WAV_HEADER_BYTES])
    if (riff, wave, fmt, length, pcm, data) != (b"RIFF", b"WAVE", b"fmt ", 16, 1, b"data"):
        return None
    return Form(channels, bits // 8, rate) if channels and bits >= 8 and rate else None


def wav_sound_bytes(start: bytes, size: int) -> int:
    """Of a file of `size` bytes: what its header says where that can be, for something may follow the sound."""
    there, said = size - WAV_HEADER_BYTES, int(_WAV.unpack(start[:WAV_HEADER_BYTES])[-1])
    return said if 0 < said <= there else there
