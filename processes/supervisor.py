"""Keeps a handful of child processes running: starts them, starts them again when they die, stops them in order.

One thread, no event loop: a pipe that the signal handlers write to is what the waiting wakes up for.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

log = structlog.get_logger()

_TIED = Path(__file__).with_name("tied.py")
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0
STABLE_AFTER_S = 30.0
GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """`stop_last`: stopped only after the others, because they need it until they end."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_last: bool = False
    quiet: bool = False


@dataclass(slots=True)
class _Child:
    plan: ChildPlan
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    backoff_s: float = FIRST_BACKOFF_S
    start_at: float = 0.0  # monotonic time from which it may be started (again)


class Supervisor:
    def __init__(self, plans: list[ChildPlan]) -> None:
        self._children = [_Child(plan) for plan in plans]
        self._stopping = False
        self._hurried = False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def pids(self) -> dict[str, int]:
        return {c.plan.name: c.process.pid for c in self._children if c.process is not None}

    def run(self, *, each_round: Callable[[], None] = lambda: None) -> None:
        """Starts everything and returns after SIGINT or SIGTERM, when every child is gone.

        `each_round` is called about once a second, in this thread; what it raises stops everything first.
        """
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: self._wake())
        previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._on_signal)
        try:
            while not self._stopping:
                self._start_due()
                each_round()
                self._wait(1.0)
                self._reap()
        finally:
            self._stop()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._hurried = self._stopping
        self._stopping = True
        self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            os.write(self._wake_write, b".")

    def _wait(self, seconds: float) -> None:
        due = [c.start_at - time.monotonic() for c in self._children if c.process is None]
        select.select([self._wake_read], [], [], max(0.0, min([seconds, *due])))
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)

    def _start_due(self) -> None:
        for child in self._children:
            if child.process is None and child.start_at <= time.monotonic():
                output = subprocess.DEVNULL if child.plan.quiet else None
                child.process = subprocess.Popen(  # noqa: S603 - our own commands
                    [sys.executable, "-I", "-S", str(_TIED), str(os.getpid()), *child.plan.command],
                    env={**os.environ, **child.plan.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    process_group=0,  # Ctrl-C in the terminal reaches us alone: we stop the children, in order
                )
                child.started_at = time.monotonic()

    def _reap(self) -> None:
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            code, ran_s = child.process.returncode, time.monotonic() - child.started_at
            _signal_group(child.process, signal.SIGKILL)  # what it left behind would hold its port
            child.process = None
            if ran_s > STABLE_AFTER_S:
                child.backoff_s = FIRST_BACKOFF_S
            child.start_at = time.monotonic() + child.backoff_s
            if not self._stopping:
                again = f"starting it again in {child.backoff_s:g} s"
                log.warning(f"{child.plan.name} ended ({_ending(code)}) after {ran_s:.0f} s; {again}")
            child.backoff_s = min(child.backoff_s * 2, LONGEST_BACKOFF_S)

    def _stop(self) -> None:
        self._stopping = True
        for last in (False, True):
            group = [c for c in self._children if c.plan.stop_last is last and c.process is not None]
            for child in group:
                assert child.process is not None
                with suppress(ProcessLookupError):
                    child.process.terminate()
            deadline = time.monotonic() + GRACE_S
            while time.monotonic() < deadline and not self._hurried:
                if all(c.process is None or c.process.poll() is not None for c in group):
                    break
                self._wait_stopping()
            for child in group:
                assert child.process is not None
                if child.process.poll() is None:
                    log.warning(f"{child.plan.name} did not stop in time and is killed")
                _signal_group(child.process, signal.SIGKILL)
                child.process.wait()
                child.process = None

    def _wait_stopping(self) -> None:
        select.select([self._wake_read], [], [], 0.2)
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
