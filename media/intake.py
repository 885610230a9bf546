"""Sound as it comes from a line: in any pieces, in bursts, now and then faster than anybody can speak."""

from __future__ import annotations

from collections.abc import Iterator

from speech.audio import FRAME_BYTES

FRAME_S = 0.02
BURST_S = 3.0
"""How much more sound may come than time has passed: what a phone sends in one go after its network was away."""


class Intake:
    """Cuts sound into frames of 20 ms. Times are monotonic seconds.

    A line that sends faster than real time is let have `BURST_S` of it; what is beyond is left out, so that nobody
    fills a recogniser, or a message, with an hour of sound in a minute.
    """

    def __init__(self) -> None:
        self._partial = b""
        self._ahead_s = 0.0
        self._at: float | None = None
        self.left_out = 0

    def frames(self, mulaw: bytes, now: float) -> Iterator[bytes]:
        if self._at is not None:
            self._ahead_s = max(0.0, self._ahead_s - max(0.0, now - self._at))
        self._at = now
        sound = self._partial + mulaw
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._partial = sound[whole:]
        for at in range(0, whole, FRAME_BYTES):
            if self._ahead_s >= BURST_S:
                self.left_out += 1
                continue
            self._ahead_s += FRAME_S
            yield sound[at : at + FRAME_BYTES]
