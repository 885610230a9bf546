"""SIPp (Debian: sip-tester) as a caller and as the called party; the scenarios are beside this file."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.ports import free_port

SCENARIOS = Path(__file__).parent / "scenarios"

needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed (Debian: sip-tester)")


class Sipp:
    """One run. `finished` waits for its calls, and fails with what SIPp says where one of them failed."""

    def __init__(self, process: asyncio.subprocess.Process, folder: tempfile.TemporaryDirectory[str]) -> None:
        self._process = process
        self._folder = folder

    @staticmethod
    async def start(scenario: str, *args: str, calls: int = 1, said: str = "") -> Sipp:
        """`said`: put in place of [said] in the scenario, where SIPp's own keywords may not stand."""
        folder = tempfile.TemporaryDirectory()
        played = Path(folder.name) / "scenario.xml"
        played.write_text((SCENARIOS / f"{scenario}.xml").read_text("utf-8").replace("[said]", said), "utf-8")
        process = await asyncio.create_subprocess_exec(
            "sipp",
            *("-sf", str(played)),
            *("-i", "127.0.0.1", "-m", str(calls), "-mp", str(free_port()), "-s", "95598"),
            *("-nostdin", "-trace_err", "-error_file", str(Path(folder.name) / "errors"), "-timeout", "60"),
            *args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        return Sipp(process, folder)

    async def finished(self) -> None:
        _, stderr = await asyncio.wait_for(self._process.communicate(), 60)
        errors = Path(self._folder.name) / "errors"
        told = errors.read_text("utf-8", "replace") if errors.exists() else ""
        self._folder.cleanup()
        assert self._process.returncode == 0, f"{stderr.decode(errors='replace')[-500:]}\n{told[:3000]}"


async def calls(port: int, scenario: str, *args: str, calls: int = 1) -> None:
    """SIPp calls the endpoint at `port`."""
    sipp = await Sipp.start(scenario, *args, f"127.0.0.1:{port}", calls=calls)
    await sipp.finished()
