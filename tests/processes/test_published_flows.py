"""A whole hotline whose folder of flows is edited while it runs, and wrong when it is started again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from settings import SHIPPED_FLOWS
from tests.ports import free_port
from tests.processes.running import RunningHotline, command, environment, wait_for

pytestmark = pytest.mark.processes


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    flows = tmp_path / "flows"
    flows.mkdir()
    for path in SHIPPED_FLOWS.glob("*.yaml"):
        shutil.copy(path, flows)
    return {**environment(tmp_path / "home"), "HOTLINE_CALLFLOWS__FOLDER": str(flows)}


@contextmanager
def running(tmp_path: Path, variables: dict[str, str], name: str) -> Iterator[RunningHotline]:
    output, port = tmp_path / name, free_port(2)
    with output.open("wb") as file:
        process = subprocess.Popen(
            command("start", "--port", str(port)), env=variables, stdout=file, stderr=subprocess.STDOUT
        )
    hotline = RunningHotline(process, Path(variables["HOTLINE_HOME"]), port, output)
    try:
        wait_for(hotline.ready, 60, "readiness")
        yield hotline
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def flow(variables: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(command("flow", *arguments), env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(300)
def test_an_author_edits_a_folder_of_a_hotline_that_runs(tmp_path: Path, variables: dict[str, str]) -> None:
    shared = Path(variables["HOTLINE_CALLFLOWS__FOLDER"]) / "shared.yaml"
    with running(tmp_path, variables, "first") as hotline:
        assert len(flow(variables, "revisions").splitlines()) == 1
        with shared.open("a", encoding="utf-8") as file:
            file.write("# edited\n")
        web = wait_for(lambda: hotline.children().get("web"), 30, "the web")
        subprocess.run(
            ["kill", "-9", str(web)], check=True
        )  # what crashes and comes back publishes nothing half written
        wait_for(lambda: hotline.children().get("web", web) != web and hotline.ready(), 60, "another web")
        assert len(flow(variables, "revisions").splitlines()) == 1
        flow(variables, "publish", "--note", "edited")
        assert len(flow(variables, "revisions").splitlines()) == 2
    shared.write_text("prompts: {\n", encoding="utf-8")
    with running(tmp_path, variables, "second") as hotline:
        ready = hotline.ready()
        assert ready is not None
        assert "flow folder" in ready["degraded"]
    said = (tmp_path / "second").read_text(encoding="utf-8")
    assert "the folder of flows has faults; what was published before stays in use" in said
    assert "shared.yaml:" in said
    doctor = subprocess.run(command("doctor", "--json"), env=variables, capture_output=True, text=True)
    findings = {finding["what"]: finding for finding in json.loads(doctor.stdout)}
    assert findings["flows"]["state"] == "poor"
    assert "number 2" in findings["flows published"]["detail"]
