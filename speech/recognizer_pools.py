"""The pools that calls take their recognisers from: built ahead, one a language, replaced when they break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from speech.recognizer_process import RecognizerProcesses
from speech.recognizers import NO_ENGINE, Recognizer, RecognizerChoice, RecognizerUnavailable


class RecognizerPool:
    """Recognisers built ahead of the calls: building one takes time, which a call in progress would hear.

    Thread-safe. The first that cannot be built raises RecognizerUnavailable out of the constructor. `finally_` is
    called once the pool is closed and its last recogniser has come back.
    """

    def __init__(
        self, factory: Callable[[], Recognizer], size: int, finally_: Callable[[], None] = lambda: None
    ) -> None:
        if size < 1:
            raise ValueError("a pool holds at least one recogniser")
        self._factory = factory
        self._finally = finally_
        self._ready = threading.Condition()
        self._idle: list[Recognizer] = []
        self._vacant = 0  # places whose recogniser broke and could not be replaced yet
        self._taken: dict[int, Recognizer] = {}
        self._closed = False
        self.size = size
        for _ in range(size):
            self._idle.append(factory())

    def acquire(self, timeout_s: float) -> Recognizer | None:
        """A recogniser of one's own until it is released, or None when all are taken for `timeout_s`.

        Raises RecognizerUnavailable where the last one broke and there can be no other now.
        """
        deadline = time.monotonic() + timeout_s
        with self._ready:
            while not (self._idle or self._vacant) or self._closed:
                remaining_s = deadline - time.monotonic()
                if self._closed or remaining_s <= 0 or not self._ready.wait(remaining_s):
                    return None
            if self._idle:
                recognizer = self._idle.pop()
                self._taken[id(recognizer)] = recognizer
                return recognizer
            self._vacant -= 1
        try:
            recognizer = self._factory()
        except BaseException:
            self._vacate()
            raise
        with self._ready:
            self._taken[id(recognizer)] = recognizer
        return recognizer

    def release(self, recognizer: Recognizer, *, broken: bool = False) -> None:
        """Gives it back. `broken`, after it raised: closed, and another built in its place, now or when needed."""
        with self._ready:
            if self._taken.pop(id(recognizer), None) is None:
                raise ValueError("this recogniser was not taken from this pool, or was given back before")
            closed = self._closed
        if broken or closed:
            recognizer.close()
            if closed:
                self._end()
                return
            try:
                recognizer = self._factory()
            except RecognizerUnavailable:
                self._vacate()
                return
        with self._ready:
            self._idle.append(recognizer)
            self._ready.notify()

    @contextmanager
    def borrowed(self, timeout_s: float) -> Iterator[Recognizer | None]:
        """`acquire` and `release` round a block; a recogniser that raised within it is replaced."""
        recognizer = self.acquire(timeout_s)
        try:
            yield recognizer
        except BaseException:
            if recognizer is not None:
                self.release(recognizer, broken=True)
            raise
        if recognizer is not None:
            self.release(recognizer)

    @property
    def idle(self) -> int:
        """How many could be taken at once now."""
        with self._ready:
            return len(self._idle)

    def close(self) -> None:
        """Closes the idle ones now and the taken ones as they come back. Waiting and later acquires get None."""
        with self._ready:
            self._closed = True
            idle, self._idle = self._idle, []
            self._ready.notify_all()
        for recognizer in idle:
            recognizer.close()
        self._end()

    def _vacate(self) -> None:
        with self._ready:
            self._vacant += 1
            self._ready.notify()

    def _end(self) -> None:
        with self._ready:
            over = self._closed and not self._taken
            finally_, self._finally = (self._finally, lambda: None) if over else (lambda: None, self._finally)
        finally_()


def build_pools(
    configured: Mapping[str, RecognizerChoice],
    on_unavailable: Callable[[str, RecognizerUnavailable], None] | None = None,
) -> dict[str, RecognizerPool]:
    """A pool for every language that is heard; a language with the engine "none" has none (keypad only).

    Its recognisers are processes, ended by `close`. An engine that is unavailable raises RecognizerUnavailable, or is
    told to `on_unavailable(language, error)` and its language left out, so that a hotline starts on its keypad.
    """
    pools: dict[str, RecognizerPool] = {}
    for language, choice in configured.items():
        if choice.engine == NO_ENGINE:
            continue
        try:
            pools[language] = _pool(language, choice)
        except RecognizerUnavailable as error:
            if on_unavailable is None:
                for pool in pools.values():
                    pool.close()
                raise
            on_unavailable(language, error)
    return pools


def _pool(language: str, choice: RecognizerChoice) -> RecognizerPool:
    processes = RecognizerProcesses(language, choice)
    try:
        return RecognizerPool(processes.recognizer, choice.size, processes.close)
    except RecognizerUnavailable:
        processes.close()
        raise
