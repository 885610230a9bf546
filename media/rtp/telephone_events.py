"""Keys as RTP payloads (RFC 4733): a press is a run of packets with one timestamp, of which any may be lost.

It is told at its first packet and not at its end, or a caller's key would stop a prompt a tenth of a second late.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from media.rtp.packets import Packet, ahead
from speech.audio import FRAME_BYTES, RATE

EVENTS: Final = "0123456789*#ABCD"
_PAYLOAD = struct.Struct("!BBH")
_END, _VOLUME_DBM0 = 0x80, 10
PRESS_PACKETS, END_PACKETS, PAUSE_PACKETS = 5, 3, 3
"""A press of ours lasts 100 ms, its end is said three times (section 2.5.1.4), and 60 ms are between two."""

SAME_PRESS: Final = RATE * 60 // 1000
"""The same key begun anew sooner than that is no second press: some telephones let the timestamp run on in one."""
LONGEST_SEGMENT: Final = 0xFFFF  # a press longer than its duration can say goes on under a new timestamp (2.5.1.3)
ANEW: Final = 5 * RATE  # so far back it is no late packet but a clock that was set anew


class PressedKeys:
    """Of one far end."""

    def __init__(self) -> None:
        self._source: int | None = None
        self._newest = self._event = self._duration = 0

    def received(self, packet: Packet) -> str | None:
        """The key that begins with this packet; None for more of a press that was told, or one that is no key."""
        if len(packet.payload) < _PAYLOAD.size:
            return None
        event, _, duration = _PAYLOAD.unpack_from(packet.payload)
        continued = False
        if self._source == packet.source:
            off = ahead(packet.timestamp, self._newest, 32)
            if -ANEW < off <= 0:
                if off == 0:
                    self._duration = max(self._duration, duration)
                return None
            continued = event == self._event and (off < SAME_PRESS or self._is_next_segment(off))
        self._source, self._newest = packet.source, packet.timestamp
        self._event, self._duration = event, duration
        return EVENTS[event] if event < len(EVENTS) and not continued else None

    def _is_next_segment(self, off: int) -> bool:
        return self._duration >= LONGEST_SEGMENT - FRAME_BYTES and abs(off - LONGEST_SEGMENT) <= FRAME_BYTES


def press(key: str) -> Iterator[bytes | None]:
    """The payloads of one press, a packet every 20 ms; None for those of the pause after it. ValueError for no key."""
    event = EVENTS.index(key.upper())
    for number in range(1, PRESS_PACKETS + 1):
        yield _PAYLOAD.pack(event, _VOLUME_DBM0, number * FRAME_BYTES)
    for _ in range(END_PACKETS):
        yield _PAYLOAD.pack(event, _END | _VOLUME_DBM0, PRESS_PACKETS * FRAME_BYTES)
    for _ in range(PAUSE_PACKETS):
        yield None
