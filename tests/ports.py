"""Ports for whatever listens in a test."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from typing import Final

_FROM: Final = 10_000
_EPHEMERAL_FROM: Final = 32_768  # the kernel gives ports from there on to whoever asks for none in particular


def _share() -> tuple[int, int]:
    """From where to where, for this process: tests that run beside it look for ports as well."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (_EPHEMERAL_FROM - _FROM) // workers
    return _FROM + number * width, _FROM + (number + 1) * width


class _Ports:
    """Given out one after the other: most are not listened at when the next are asked for."""

    def __init__(self, first: int, end: int) -> None:
        self._first, self._end = first, end
        self._next = first + secrets.randbelow(end - first)

    def row(self, count: int) -> int:
        port = self._next + self._next % 2
        if port + count > self._end:
            port = self._first + self._first % 2
        self._next = port + count
        return port


_ports: Final = _Ports(*_share())


def free_port(count: int = 1) -> int:
    """The first, an even one, of `count` ports in a row that nobody uses, by UDP or TCP, that the kernel gives nobody,
    and that were not given out before, as far as there are others."""
    while True:
        port = _ports.row(count)
        with contextlib.ExitStack() as stack:
            try:
                for offset in range(count):
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        trial = stack.enter_context(socket.socket(socket.AF_INET, kind))
                        trial.bind(("127.0.0.1", port + offset))
            except OSError:
                continue
            return port
