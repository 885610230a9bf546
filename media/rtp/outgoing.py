"""What a call's far end is to hear, frame by frame: sound, keys, and silence where there is neither.

The owner fills it on the loop, the engine's thread empties it.
"""

from __future__ import annotations

import secrets
import struct
from collections import deque
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Final

from media.codec import Codec
from media.rtp.laws import SILENCE, to_line
from media.rtp.packets import HEADER_BYTES
from media.rtp.telephone_events import EVENTS, press
from speech.audio import FRAME_BYTES, RATE, dtmf, pcm_to_mulaw

MOST_QUEUED: Final = 3000  # pieces of sound waiting to be sent, a minute or more: nobody is ahead that far
MOST_KEYS: Final = 64
TONE_MS: Final = 120
TONE_PAUSE_MS: Final = 80
_QUIET: Final = SILENCE * FRAME_BYTES
_FIXED = struct.Struct("!BBHII")
_MARKER: Final = 0x80


class Outgoing:
    """`sent_mark` is told of a mark, on the engine's thread, when the last sound before it has had its time."""

    def __init__(self, sent_mark: Callable[[str], None]) -> None:
        self.source = secrets.randbits(32)
        self.timestamp = secrets.randbits(32)
        self.packets = self.octets = 0
        self._sequence = secrets.randbits(16)
        self._sent_mark = sent_mark
        self._lock = Lock()  # held for microseconds: nothing of what was cleared is sent
        self._queue: deque[bytes | str] = deque()
        self._queued = 0  # bytes in it
        self._rest = b""
        self._keys: deque[str] = deque()
        self._pressing: Iterator[bytes | None] | None = None
        self._pressed_at = 0
        self._paused = True  # nothing was sent before: the next packet is marked (RFC 3550 section 5.1)
        self._buffer = bytearray(HEADER_BYTES + FRAME_BYTES)

    # --- on the loop

    @property
    def waiting_s(self) -> float:
        """Of sound that has not been sent."""
        return (self._queued + len(self._rest)) / RATE

    def play(self, mulaw: bytes) -> None:
        with self._lock:
            if len(self._queue) >= MOST_QUEUED:
                return
            self._queue.append(mulaw)
            self._queued += len(mulaw)

    def mark(self, name: str) -> None:
        with self._lock:
            if len(self._queue) < 2 * MOST_QUEUED:
                self._queue.append(name)

    def clear(self) -> None:
        """What has not been sent is dropped, and its marks with it."""
        with self._lock:
            self._queue.clear()
            self._queued = 0
            self._rest = b""

    def press(self, digits: str, *, as_tones: bool) -> None:
        """ValueError for what is no key."""
        for digit in digits:
            if digit.upper() not in EVENTS:
                raise ValueError(f"{digit!r} is not a key of a telephone")
        if as_tones:
            for digit in digits:
                self.play(pcm_to_mulaw(dtmf(digit, TONE_MS)) + SILENCE * (TONE_PAUSE_MS * RATE // 1000))
        else:
            self._keys.extend(digits[: MOST_KEYS - len(self._keys)])

    # --- on the engine's thread, every 20 ms

    def packet(self, codec: Codec, dtmf_type: int | None) -> bytearray:
        """What is due now. The buffer is ours and good until the next."""
        if self._pressing is not None or self._keys:
            event = self._event(dtmf_type)
            if event is not None:
                return event
        frame = self._frame()
        if frame is None:
            frame = _QUIET
        buffer = self._buffer
        buffer[HEADER_BYTES:] = frame if codec is Codec.PCMU else to_line(frame, codec)
        self._sequence = (self._sequence + 1) & 0xFFFF
        second = codec.payload_type | _MARKER if self._paused else codec.payload_type
        _FIXED.pack_into(buffer, 0, 0x80, second, self._sequence, self.timestamp, self.source)
        self.timestamp = (self.timestamp + FRAME_BYTES) & 0xFFFFFFFF
        self._paused = False
        self.packets += 1
        self.octets += FRAME_BYTES
        return buffer

    def unheard(self) -> None:
        """20 ms pass in which the far end wants to hear nothing: so does its sound."""
        self._frame()
        self.skip(1)

    def skip(self, frames: int) -> None:
        """Time passes in which nothing was sent."""
        self.timestamp = (self.timestamp + frames * FRAME_BYTES) & 0xFFFFFFFF
        self._paused = True

    def _event(self, dtmf_type: int | None) -> bytearray | None:
        """The key that is being pressed; None between two, and where keys cannot be sent any more."""
        marker = 0
        if self._pressing is None:
            self._pressing, self._pressed_at, marker = press(self._keys.popleft()), self.timestamp, _MARKER
        try:
            payload = next(self._pressing)
        except StopIteration:
            self._pressing = None
            return self._event(dtmf_type) if self._keys else None
        if payload is None or dtmf_type is None:
            return None
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + FRAME_BYTES) & 0xFFFFFFFF
        self.packets += 1
        self.octets += len(payload)
        header = _FIXED.pack(0x80, dtmf_type | marker, self._sequence, self._pressed_at, self.source)
        return bytearray(header + payload)

    def _frame(self) -> bytes | None:
        """20 ms of what is queued, or None; the marks before it are told."""
        if not self._queue and not self._rest:
            return None
        marks: list[str] = []
        with self._lock:
            sound, self._rest = self._rest, b""
            while len(sound) < FRAME_BYTES and self._queue:
                piece = self._queue[0]
                if isinstance(piece, str):
                    if sound:  # its sound ends with this frame: told before the next
                        break
                    marks.append(piece)
                else:
                    sound += piece
                    self._queued -= len(piece)
                self._queue.popleft()
            self._rest = sound[FRAME_BYTES:]
        for mark in marks:
            self._sent_mark(mark)
        if not sound:
            return None
        return sound[:FRAME_BYTES] if len(sound) >= FRAME_BYTES else sound + SILENCE * (FRAME_BYTES - len(sound))
