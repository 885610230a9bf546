"""What is measured, added up over all processes: they write to files in PROMETHEUS_MULTIPROC_DIR.

That variable must be set before prometheus_client is imported, so the import waits for `prepare`: nothing else in
the hotline may import prometheus_client at its top.
"""

from __future__ import annotations

import os
import shutil
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_TURN_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


def prepare(folder: Path) -> dict[str, str]:
    """Empties `folder`, so that dead processes are not counted, and returns the environment for the children."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return {DIRECTORY_VARIABLE: str(folder)}


def prepare_alone(folder: Path) -> None:
    """For a process that no supervisor has prepared: the same, for itself."""
    if not os.environ.get(DIRECTORY_VARIABLE):
        os.environ.update(prepare(folder))


def observe_turn(channel: str, seconds: float, outcome: str) -> None:
    """One answer given to a caller; `outcome` is answered, replayed or fault. The runner's observer."""
    turn_seconds, turns = _of(channel, outcome)
    turn_seconds.observe(seconds)
    turns.inc()


@cache
def _of(channel: str, outcome: str) -> tuple[Histogram, Counter]:
    """Finding a label costs as much as counting; there are a dozen of these."""
    turn_seconds, turns = _instruments()
    return turn_seconds.labels(channel), turns.labels(channel, outcome)


_made: tuple[Histogram, Counter] | None = None
_making = threading.Lock()


def _instruments() -> tuple[Histogram, Counter]:
    """Made once, at the first turn: by then the folder is known. Two first turns may come at once."""
    global _made
    if _made is None:
        with _making:
            if _made is None:
                from prometheus_client import Counter, Histogram

                _made = (
                    Histogram(
                        "hotline_turn_seconds", "Time to answer one event of a call.", ["channel"],
                        buckets=_TURN_BUCKETS_S,
                    ),
                    Counter("hotline_turns", "Events of calls answered.", ["channel", "outcome"]),
                )  # fmt: skip
    return _made


def process_ended(pid: int) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def registry() -> CollectorRegistry:
    """Everything measured by all processes so far."""
    from prometheus_client import CollectorRegistry, multiprocess

    collected = CollectorRegistry()
    if os.environ.get(DIRECTORY_VARIABLE):
        multiprocess.MultiProcessCollector(collected)  # type: ignore[no-untyped-call]
    return collected
