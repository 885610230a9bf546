"""Between the two laws of G.711. Inside the hotline sound is mu-law; on the line it is what was agreed."""

from __future__ import annotations

from typing import Final

from media.codec import Codec
from speech.audio import audioop

_ALL: Final = bytes(range(256))
_TO_A_LAW: Final = audioop.lin2alaw(audioop.ulaw2lin(_ALL, 2), 2)
_TO_MU_LAW: Final = audioop.lin2ulaw(audioop.alaw2lin(_ALL, 2), 2)
_PCMU: Final = Codec.PCMU.payload_type
_PCMA: Final = Codec.PCMA.payload_type
SILENCE: Final = b"\xff"  # mu-law


def to_line(mulaw: bytes, codec: Codec) -> bytes:
    return mulaw if codec is Codec.PCMU else mulaw.translate(_TO_A_LAW)


def from_line(payload: bytes, payload_type: int) -> bytes | None:
    """mu-law; None for a payload type that is none of G.711's."""
    if payload_type == _PCMU:
        return payload
    if payload_type == _PCMA:
        return payload.translate(_TO_MU_LAW)
    return None
