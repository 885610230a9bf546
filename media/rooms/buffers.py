"""Sound on its way into a room: a small jitter buffer for people, a queue with marks for prompts."""

from __future__ import annotations

from collections import deque

from speech.audio import FRAME_BYTES

START_FRAMES = 2
"""So much must be there before somebody is heard (again): 40 ms of unevenness cost nothing."""
MOST_FRAMES = 12
"""Sound that comes in a burst is cut to its newest 240 ms: who is heard later than that talks past the others."""
DRAIN_AFTER = 50
"""A buffer that was never near empty for so many frames gives one up: late sound becomes prompt again."""


class JitterBuffer:
    """mu-law in any pieces in, a frame of 20 ms each tick out."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._partial = b""
        self._primed = False
        self._least = MOST_FRAMES
        self._ticks = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, mulaw: bytes) -> None:
        sound = self._partial + mulaw
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._partial = sound[whole:]
        self._frames.extend(sound[at : at + FRAME_BYTES] for at in range(0, whole, FRAME_BYTES))
        while len(self._frames) > MOST_FRAMES:
            self._frames.popleft()
            self.dropped += 1

    def pop(self) -> bytes | None:
        """None: there is nothing to be heard now."""
        if not self._primed:
            if len(self._frames) < START_FRAMES:
                return None
            self._primed = True
        if not self._frames:
            self._primed = False
            return None
        frame = self._frames.popleft()
        self._drain()
        return frame

    def clear(self) -> None:
        self._frames.clear()
        self._partial = b""
        self._primed = False

    def _drain(self) -> None:
        self._least = min(self._least, len(self._frames))
        self._ticks += 1
        if self._ticks >= DRAIN_AFTER:
            if self._least > START_FRAMES:
                self._frames.popleft()
                self.dropped += 1
            self._least, self._ticks = MOST_FRAMES, 0


class PromptQueue:
    """What the hotline says: nothing is dropped, a last piece shorter than a frame is filled with silence, and marks
    come out once the sound before them has."""

    def __init__(self) -> None:
        self._items: deque[bytes | str] = deque()

    @property
    def idle(self) -> bool:
        return not self._items

    def push(self, mulaw: bytes) -> None:
        for at in range(0, len(mulaw), FRAME_BYTES):
            self._items.append(mulaw[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff"))

    def mark(self, name: str) -> None:
        self._items.append(name)

    def pop(self) -> bytes | None:
        """The next frame. Marks before it must have been taken; see `marks`."""
        return self._items.popleft() if self._items and isinstance(self._items[0], bytes) else None  # type: ignore[return-value]

    def marks(self) -> list[str]:
        """The marks whose sound has been taken, each once."""
        due: list[str] = []
        while self._items and isinstance(self._items[0], str):
            due.append(str(self._items.popleft()))
        return due

    def rest(self) -> list[bytes | str]:
        """Everything that is left, taken out in its order."""
        left = list(self._items)
        self._items.clear()
        return left

    def clear(self) -> None:
        self._items.clear()
