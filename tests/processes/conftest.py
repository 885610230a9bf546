"""One hotline, shared by the tests of a module."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.ports import free_port
from tests.processes.running import RunningHotline, command, environment


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHotline]:
    """Shared by the tests of a module: they run in the order they are written, and the last one stops it."""
    home = tmp_path_factory.mktemp("hotline") / "home"
    port = free_port(2)
    output = home.parent / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command("start", "--port", str(port)), env=environment(home), stdout=file, stderr=subprocess.STDOUT
        )
    hotline = RunningHotline(process, home, port, output)
    try:
        yield hotline
    finally:
        if hotline.process.poll() is None:
            hotline.process.kill()
            hotline.process.wait()
