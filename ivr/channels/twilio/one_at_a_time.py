"""Turns one after the other, for a database with one writer."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

COURTESY_S: Final = 0.25


class OneAtATime:
    """Where the database has one writer (SQLite), threads that read their forms and write their XML take the
    interpreter from the one that holds the write lock, and everybody waits the longer. So a turn is answered, and its
    answer written, before the process begins the next. It is a courtesy: who has waited `COURTESY_S` goes on.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._gate = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self._gate.acquire(timeout=COURTESY_S):
            return self._application(environ, start_response)
        try:
            return _HeldUntilSent(self._application(environ, start_response), self._gate)
        except BaseException:
            self._gate.release()
            raise


class _HeldUntilSent:
    """A response that lets the next turn begin when its last part has been written, or when it is closed."""

    def __init__(self, body: Iterable[bytes], gate: threading.Lock) -> None:
        self._body = body
        self._parts = iter(body)
        self._gate: threading.Lock | None = gate

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except BaseException:  # the end of it, or a fault
            self._release()
            raise

    def close(self) -> None:
        self._release()
        close = getattr(self._body, "close", None)
        if close is not None:
            close()

    def _release(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.release()
