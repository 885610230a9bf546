"""A process that must not outlive the one that started it, and a home that one hotline uses at a time."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(signal_number: int = signal.SIGTERM) -> None:
    """The kernel sends `signal_number` to this process when its parent ends, however it ends (Linux)."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)


class HomeInUse(Exception):
    """Another hotline runs in this home; the message says which."""


@contextmanager
def home_lock(home: Path, about: str) -> Iterator[None]:
    """Holds `home` until the block is left or the process ends. Raises HomeInUse at once when it is taken.

    `about` is what another one trying is told: our process id is added.
    """
    home.mkdir(parents=True, exist_ok=True)
    handle = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 400).decode(errors="replace").strip() or "another process"
            raise HomeInUse(f"a hotline already runs in {home}: {holder}") from None
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()}, {about}\n".encode())
        yield
    finally:
        os.close(handle)
