"""One side of a call, lined up by time. Places and lengths are samples since the recording began: mu-law, 8 kHz."""

from __future__ import annotations

from collections import deque

from speech.audio import RATE

SILENCE = b"\xff"
JOINED = RATE * 8 // 100
"""Sound that seems to begin so little after the end of what came before it follows at once: packets jitter."""
MOST_AHEAD = RATE // 2
"""Sound that would come to lie so much later than it was spoken is left out: more came in than a telephone sends."""


class Track:
    """Pieces in order, none over another. What is taken is gone."""

    def __init__(self) -> None:
        self._laid: deque[tuple[int, bytes]] = deque()
        self._end = 0  # of what was laid last

    @property
    def end(self) -> int:
        return self._end

    def take(self, start: int, end: int) -> bytes:
        """What is heard from `start` to `end`; gaps are silence. What lies before `start` is lost."""
        block = bytearray(SILENCE * (end - start))
        while self._laid and self._laid[0][0] < end:
            at, sound = self._laid.popleft()
            if at + len(sound) <= start:
                continue
            if at < start:
                at, sound = start, sound[start - at :]
            part = sound[: end - at]
            block[at - start : at - start + len(part)] = part
            if len(part) < len(sound):
                self._laid.appendleft((end, sound[len(part) :]))
        return bytes(block)

    def begins(self) -> int | None:
        """Where the first piece that was not taken yet begins."""
        return self._laid[0][0] if self._laid else None

    def _lay(self, start: int, sound: bytes) -> None:
        self._laid.append((start, sound))
        self._end = start + len(sound)


class HeardTrack(Track):
    """Sound that is sent ahead of time: it is heard after what was sent before it, unless that is cut off."""

    def add(self, sound: bytes, at: int) -> tuple[int, int]:
        """`at`: when it was sent. From where to where it is heard."""
        start = max(self._end, at)
        if sound:
            self._lay(start, sound)
        return start, start + len(sound)

    def cut(self, at: int) -> None:
        """What was to be heard later than `at` never is."""
        while self._laid and self._laid[-1][0] >= at:
            self._laid.pop()
        if self._laid:
            start, sound = self._laid.pop()
            self._laid.append((start, sound[: max(0, at - start)]))
        self._end = min(self._end, at)


class SpokenTrack(Track):
    """Sound as it comes in: in bursts after a hold-up, a little early or late otherwise.

    A piece was spoken before it came in, and not while the piece after it was: looking back from the newest, each is
    put as late as that allows. So a burst lies before its arrival and a pause stays a pause. Hence pieces are kept
    for a moment (`settle`) before they are laid.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pending: deque[tuple[int, bytes]] = deque()

    def add(self, sound: bytes, at: int) -> None:
        """`at`: when it had come in."""
        if sound:
            self._pending.append((at, sound))

    def settle(self, before: int) -> None:
        """Lays what begins before `before`."""
        starts: list[int] = []
        latest: int | None = None
        for at, sound in reversed(self._pending):
            latest = (at if latest is None else min(at, latest)) - len(sound)
            starts.append(latest)
        for start in reversed(starts):
            if start >= before:
                return
            _, sound = self._pending.popleft()
            place = self._end if start - self._end < JOINED else start
            if place - start <= MOST_AHEAD:
                self._lay(place, sound)
