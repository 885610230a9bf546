"""Deadlines that are kept: one thread for the whole process strikes whoever is not done in time.

A strike comes again every few hundredths of a second until its alarm is taken off, because what it interrupts may be
between two statements at that moment. Once `off` has returned, no strike comes any more.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AGAIN_S = 0.02
_NEVER = float("inf")


class Alarms:
    """Safe to share between threads, and after a fork: the thread is begun where it is first needed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._set: set[int] = set()
        self._numbers = itertools.count()
        self._wakes_at = _NEVER
        self._thread: threading.Thread | None = None

    @contextmanager
    def at(self, deadline: float, strike: Callable[[], None]) -> Iterator[None]:
        """Strikes from `deadline` (of `time.monotonic()`) on while the block runs. `strike` must be quick."""
        with self._changed:
            number = next(self._numbers)
            self._set.add(number)
            heapq.heappush(self._due, (deadline, number, strike))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._set.discard(number)

    def _keep(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                while self._due and (self._due[0][0] <= now or self._due[0][1] not in self._set):
                    _, number, strike = heapq.heappop(self._due)
                    if number in self._set:
                        strike()
                        heapq.heappush(self._due, (now + AGAIN_S, number, strike))
                self._wakes_at = self._due[0][0] if self._due else _NEVER
                self._changed.wait(None if self._wakes_at == _NEVER else self._wakes_at - now)
