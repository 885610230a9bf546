"""What is in a WAV file (RIFF): the kinds of samples that studios, sound editors and makers of telephone prompts write.

Python's own `wave` reads plain PCM alone, and before 3.12 not even that where it is written as "extensible", as most
programs do with 24 bits. Pure: bytes in, what they are out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

PCM: Final = 1
FLOAT: Final = 3
A_LAW: Final = 6
MU_LAW: Final = 7
_EXTENSIBLE: Final = 0xFFFE  # the kind is then the first two bytes of a GUID that ends like this
_GUID_END: Final = bytes.fromhex("000000001000800000aa00389b71")
_WIDTHS: Final = {PCM: (1, 2, 3, 4), FLOAT: (4, 8), A_LAW: (1,), MU_LAW: (1,)}
_COMPRESSED: Final = {2: "ADPCM", 0x11: "ADPCM", 0x31: "GSM", 0x50: "MPEG", 0x55: "MP3"}
_BY_ANOTHER_NAME: Final = {
    b"ID3": "MP3", b"\xff\xfb": "MP3", b"\xff\xf3": "MP3", b"\xff\xf2": "MP3", b"\xff\xfa": "MP3",
    b"OggS": "Ogg", b"fLaC": "FLAC", b"FORM": "AIFF", b"\x1aE\xdf\xa3": "WebM", b"RF64": "RF64",
}  # fmt: skip
_UNKNOWN_LENGTH: Final = 0xFFFFFFFF
"""What programs write as the length of sound whose end they do not know yet: it goes to the end of the file."""


@dataclass(frozen=True, slots=True)
class Wave:
    """`samples`: whole ones of all channels, `width` bytes each. Not `whole`: fewer than the file says it has."""

    kind: int
    channels: int
    width: int
    rate: int
    samples: bytes
    whole: bool


def parse(file: bytes) -> Wave:
    """Raises ValueError, with what it is instead."""
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        raise ValueError(_what_else(file))
    form: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(file):
        name, size = struct.unpack_from("<4sI", file, at)
        body = at + 8
        if name == b"fmt ":
            form = _form(file[body : body + size])
        elif name == b"data":
            if form is None:
                break
            kind, channels, width, rate = form
            to_the_end = size == _UNKNOWN_LENGTH
            samples = file[body:] if to_the_end else file[body : body + size]
            whole = to_the_end or len(samples) == size
            return Wave(kind, channels, width, rate, samples[: len(samples) - len(samples) % (channels * width)], whole)
        at = body + size + size % 2
    raise ValueError("it ends before its sound begins")


def _form(chunk: bytes) -> tuple[int, int, int, int]:
    """Kind, channels, bytes a sample, samples a second."""
    if len(chunk) < 16:
        raise ValueError("its format is cut short")
    kind, channels, rate, _bytes_a_second, _block, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and chunk[26:40] == _GUID_END:
        (kind,) = struct.unpack_from("<H", chunk, 24)
    if kind not in _WIDTHS:
        raise ValueError(f"it is compressed: {_COMPRESSED.get(kind, f'format {kind}')}")
    width = (bits + 7) // 8
    if width not in _WIDTHS[kind] or not channels or not rate:
        raise ValueError(f"{channels} channels of {bits} bits at {rate} Hz are no sound")
    return kind, channels, width, rate


def _what_else(file: bytes) -> str:
    for begins, name in _BY_ANOTHER_NAME.items():
        if file.startswith(begins):
            return f"it is {name} by another name"
    if file[4:8] == b"ftyp":
        return "it is MP4 by another name"
    return "it is empty" if not file else "it does not begin as one does"
