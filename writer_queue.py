"""Fair turns for the writers of one SQLite file, within a process and between processes."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

QUEUE_FOR_S = 2.0


class WriterQueue:
    """Where writers of a SQLite file wait for their turn, first come, first served.

    SQLite lets in one writer; the others sleep, up to 100 ms at a time and long after it is free, so that under load
    the slowest of a hundred turns took ten times as long. Here a thread is woken as soon as it may write, and one
    thread of each process looks at the file lock every tenth of a millisecond. It is a courtesy only: who has waited
    `QUEUE_FOR_S` goes to SQLite, whose own lock is the one that counts.
    """

    def __init__(self, path: str) -> None:
        self._path = f"{path}-writers"
        self.forget()
        _queues.add(self)

    def forget(self) -> None:
        """After a fork: neither the places nor the opened file (and the lock on it) are this process's own."""
        self._guard = threading.Lock()
        self._taken = False
        self._line: deque[threading.Lock] = deque()
        self._file: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        deadline = time.monotonic() + QUEUE_FOR_S
        if not self._stand_in_line():
            yield
            return
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            while not _try_lock(self._file) and time.monotonic() < deadline:
                time.sleep(0.00005)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._next()

    def _stand_in_line(self) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            place = threading.Lock()
            place.acquire()
            self._line.append(place)
        if place.acquire(timeout=QUEUE_FOR_S):
            return True
        with self._guard:
            if place in self._line:
                self._line.remove(place)
                return False
        return True  # it was handed over at the last moment

    def _next(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._taken = False

    def close(self) -> None:
        with self._guard:
            if self._file is not None and not self._taken:
                os.close(self._file)
                self._file = None


_queues: weakref.WeakSet[WriterQueue] = weakref.WeakSet()


def _forget_all() -> None:
    for queue in _queues:
        queue.forget()


os.register_at_fork(after_in_child=_forget_all)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
