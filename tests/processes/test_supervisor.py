"""Children are kept running and stopped in order. The children here are shell commands; the supervisor is real."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from processes import supervisor
from processes.supervisor import ChildPlan, Supervisor


def shell(name: str, script: str, *, stop_last: bool = False) -> ChildPlan:
    return ChildPlan(name, ["/bin/sh", "-c", script], stop_last=stop_last)


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Runs `act` in a thread, then sends this process SIGTERM, which the supervisor in the main thread takes."""

    def run() -> None:
        try:
            act()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_child_that_was_killed_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_BACKOFF_S", 0.05)
    supervised = Supervisor([shell("a", "exec sleep 60")])
    seen: list[int] = []

    def act() -> None:
        wait_for(lambda: bool(supervised.pids()))
        seen.append(supervised.pids()["a"])
        os.kill(seen[0], signal.SIGKILL)
        wait_for(lambda: supervised.pids().get("a", seen[0]) != seen[0])
        seen.append(supervised.pids()["a"])

    with meanwhile(act):
        supervised.run()
    assert len(set(seen)) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in seen)


def test_a_child_that_dies_at_once_is_not_started_all_the_time(tmp_path: Path) -> None:
    supervised = Supervisor([shell("a", f"echo started >> {tmp_path / 'log'}; exit 3")])
    with meanwhile(lambda: time.sleep(2.0)):
        supervised.run()
    assert 2 <= len((tmp_path / "log").read_text().split()) <= 3  # after 0, 0.5 and 1.5 s


def test_what_others_need_is_stopped_last(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "trap 'sleep 0.3; echo {0} >> {1}; exit 0' TERM; echo up >> {1}; while :; do sleep 0.05; done"
    supervised = Supervisor(
        [shell("store", script.format("store", log), stop_last=True), shell("web", script.format("web", log))]
    )
    with meanwhile(lambda: wait_for(lambda: log.exists() and log.read_text().count("up") == 2)):
        supervised.run()
    assert log.read_text().split() == ["up", "up", "web", "store"]


def test_one_that_does_not_stop_is_killed_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE_S", 0.3)
    pid_file = tmp_path / "pid"
    stubborn = f"trap '' TERM; sleep 60 & echo $! > {pid_file}; while :; do sleep 0.05; done"
    supervised = Supervisor([shell("stubborn", stubborn)])
    began = time.monotonic()
    with meanwhile(lambda: wait_for(lambda: pid_file.exists() and bool(pid_file.read_text()))):
        supervised.run()
    assert time.monotonic() - began < 5
    grandchild = int(pid_file.read_text())
    wait_for(lambda: not Path(f"/proc/{grandchild}").exists())


def test_an_error_of_the_caller_leaves_no_child_behind() -> None:
    supervised = Supervisor([shell("a", "exec sleep 60")])
    pids: dict[str, int] = {}

    def fail() -> None:
        pids.update(supervised.pids())
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        supervised.run(each_round=fail)
    assert not Path(f"/proc/{pids['a']}").exists()
