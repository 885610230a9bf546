"""`hotline start` with everything real. The tests share one hotline and run in the order they are written."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from processes.obstacles import CannotStart
from processes.start import start
from settings import Settings
from tests.ports import free_port
from tests.processes.running import CHILDREN, RunningHotline, command, environment, wait_for

pytestmark = pytest.mark.processes


def test_it_is_ready_soon_and_says_where(started: RunningHotline) -> None:
    report = wait_for(started.ready, 60, "readiness")
    assert all(check["ok"] for check in report["checks"].values() if check["needed"])
    wait_for(lambda: "Ctrl-C stops everything" in started.output.read_text(), 10, "the welcome")
    text = started.output.read_text()
    for word in (f"http://127.0.0.1:{started.port}/phone", "hotline-demo", "+8613800571001", "1000571014"):
        assert word in text
    assert set(started.children()) == CHILDREN


def test_soon_nothing_but_the_mandarin_ears_is_missing(started: RunningHotline) -> None:
    def degraded() -> list[str]:
        report = started.ready()
        return report["degraded"] if report else ["not ready"]

    wait_for(lambda: degraded() == ["recognizer zh-CN"], 20, "full health")


def test_what_is_written_is_for_its_owner_alone(started: RunningHotline) -> None:
    assert (started.home / "secret_key").stat().st_mode & 0o077 == 0
    assert (started.home / "hotline.db").exists()


def test_metrics_are_counted_over_all_processes(started: RunningHotline) -> None:
    status, text = started.get("/metrics")
    assert status == 200
    assert "# TYPE hotline_tickets gauge" in text


def test_a_second_one_on_the_same_home_is_refused_at_once(started: RunningHotline) -> None:
    began = time.monotonic()
    second = subprocess.run(
        command("start", "--port", str(free_port(2))), env=environment(started.home), capture_output=True, text=True
    )
    assert time.monotonic() - began < 40
    assert second.returncode == 1
    assert f"process {started.process.pid}, at http://127.0.0.1:{started.port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_that_is_taken_is_named(started: RunningHotline, tmp_path: Path) -> None:
    second = subprocess.run(
        command("start", "--port", str(started.port)), env=environment(tmp_path), capture_output=True, text=True
    )
    assert second.returncode == 1
    assert f"port {started.port} of 127.0.0.1 (for the web) cannot be used" in second.stderr
    assert "--port" in second.stderr


def test_a_web_that_would_share_the_port_of_another_does_not_start(started: RunningHotline, tmp_path: Path) -> None:
    """Its processes share the port among themselves, with nobody else."""
    second = subprocess.run(
        command("web"), env={**environment(tmp_path), "HOTLINE_SERVER__PORT": str(started.port)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"port {started.port} of 127.0.0.1 (for the web) cannot be used" in second.stderr
    assert "Traceback" not in second.stderr


def test_flows_that_are_wrong_are_said_before_anything_runs(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text("flow: main\nnodez: {}\n")
    variables = {**environment(tmp_path / "home"), "HOTLINE_CALLFLOWS__FOLDER": str(flows)}
    refused = subprocess.run(
        command("start", "--port", str(free_port(2))), env=variables, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert "the call flows cannot be used" in refused.stderr
    assert "main.yaml:2" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_full_disk_is_said_before_anything_runs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(CannotStart, match="5 MB left, 100 MB are needed"):
        start(settings, config_path=None, demo=False)


@pytest.mark.parametrize("name", sorted(CHILDREN))
def test_a_child_that_is_killed_comes_back(started: RunningHotline, name: str) -> None:
    before = started.children()[name]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: started.children().get(name, before) != before, 15, f"the return of {name}")
    wait_for(lambda: f"{name} ended (killed by SIGKILL)" in started.output.read_text(), 5, "the word about it")
    wait_for(started.ready, 40, "readiness")


def test_sigterm_stops_everything_and_leaves_nothing_behind(started: RunningHotline) -> None:
    before = started.processes()
    assert len(before) > len(CHILDREN)
    began = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(timeout=30) == 0, started.output.read_text()
    assert time.monotonic() - began < 30
    wait_for(lambda: not started.processes(), 10, "the end of every process")
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", started.port))
    assert "Traceback" not in started.output.read_text()


def test_a_second_start_is_quick_and_a_killed_supervisor_leaves_nothing(started: RunningHotline) -> None:
    began = time.monotonic()
    with started.output.open("wb") as file:
        started.process = subprocess.Popen(
            command("start", "--port", str(started.port)),
            env=environment(started.home),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    wait_for(started.ready, 40, "readiness")
    assert time.monotonic() - began < 40
    started.process.send_signal(signal.SIGKILL)
    started.process.wait()
    wait_for(lambda: not started.processes(), 30, "the end of every process")
