"""The two laws of G.711, as a telephone's offer names them and as sound is packed."""

from __future__ import annotations

import enum


class Codec(enum.Enum):
    """8 kHz, one byte a sample. The value is the encoding's name of RFC 3551."""

    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def payload_type(self) -> int:
        """The static RTP payload type (RFC 3551 section 6)."""
        return 0 if self is Codec.PCMU else 8
