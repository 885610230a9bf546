"""Time as the signalling sees it, so that every timer can be tested to the millisecond and counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float:
        """Monotonic seconds."""

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> Timer: ...


class _Pending:
    __slots__ = ("args", "callback", "clock", "handle")

    def __init__(self, clock: LoopClock, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        self.clock = clock
        self.callback = callback
        self.args = args
        self.handle: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        self.handle = None
        self.clock.pending -= 1
        self.callback(*self.args)

    def cancel(self) -> None:
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None
            self.clock.pending -= 1


class LoopClock:
    """The event loop's clock. `pending` is the number of timers that will still fire."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.pending = 0

    def time(self) -> float:
        return self._loop.time()

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> Timer:
        timer = _Pending(self, callback, args)
        timer.handle = self._loop.call_later(delay, timer)
        self.pending += 1
        return timer
