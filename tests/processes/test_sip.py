"""The SIP process as an operator runs it: it answers, says what is in its way, and leaves no call behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from accounts.demo import load_demo
from database import Database
from models import Call, CallStatus, Gateway
from settings import Settings, load
from tests.ports import free_port
from tests.processes.running import command, environment, wait_for
from tests.scenarios import run
from tests.telephones.network import Caller, caller

pytestmark = pytest.mark.processes


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """A home with the demo utility, and ports that are free."""
    home = tmp_path / "home"
    port = free_port(3)
    first = free_port(40)
    given = {
        "HOTLINE_SERVER__PORT": str(port), "HOTLINE_SIP__ENABLED": "true", "HOTLINE_SIP__PORT": str(free_port()),
        "HOTLINE_SIP__RTP_PORTS": f"[{first}, {first + 39}]",
    }  # fmt: skip
    settings = load(environ=given, home=home)
    database = Database(settings.database_url)
    migrations.upgrade(database)
    load_demo(database, settings, datetime.now(UTC))
    database.dispose()
    return {**environment(home), **given}


@pytest.fixture
def settings(variables: dict[str, str]) -> Settings:
    return load(environ=variables, home=Path(variables["HOTLINE_HOME"]))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings.database_url)
    yield made
    made.dispose()


@contextlib.asynccontextmanager
async def sip_process(variables: dict[str, str], settings: Settings) -> AsyncIterator[subprocess.Popen[bytes]]:
    output = settings.home.parent / "output"
    with output.open("ab") as file:
        process = subprocess.Popen(command("sip"), env=variables, stdout=file, stderr=subprocess.STDOUT)
    try:
        await asyncio.to_thread(wait_for, lambda: health(settings) or process.poll() is not None, 60, "the SIP process")
        assert process.poll() is None, output.read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def health(settings: Settings) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.sip_control_port}/healthz", timeout=2) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except OSError:
        return None


def calls(database: Database) -> list[Call]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Call).order_by(Call.id)))


async def talking(made: Caller) -> None:
    """A call that hears something."""
    await made.dial("95598")
    async with asyncio.timeout(90):
        while not any(byte not in (0xFF, 0x7F) for byte in made.heard.sound_bytes):
            await asyncio.sleep(0.05)


def test_it_answers_is_found_by_others_and_hangs_up_when_it_is_told_to_stop(
    variables: dict[str, str], settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with sip_process(variables, settings) as process, caller(settings.sip.port) as made:
            await talking(made)
            found = health(settings)
            assert found is not None
            assert (found["status"], found["calls"], found["dials"]) == ("ok", 1, False)
            with database.reading() as session:
                row = session.scalars(sa.select(Gateway)).one()
            assert (row.kind, row.dials, row.url) == ("sip", False, f"ws://127.0.0.1:{settings.sip_control_port}")
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(made.heard.over.wait(), 90)
            assert await asyncio.to_thread(process.wait, 30) == 0
            call = calls(database)[0]
            assert (call.status, call.end_reason) == (CallStatus.COMPLETED, "the hotline is restarting")
            with database.reading() as session:
                assert session.scalars(sa.select(Gateway)).all() == []

    run(scenario(), 240)


def test_calls_of_one_that_was_killed_have_ended_when_it_is_back(
    variables: dict[str, str], settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with caller(settings.sip.port) as made:
            async with sip_process(variables, settings) as process:
                await talking(made)
                process.kill()
                await asyncio.to_thread(process.wait)
            assert calls(database)[0].status is CallStatus.IN_PROGRESS
            async with sip_process(variables, settings):
                call = calls(database)[0]
                assert (call.status, call.end_reason) == (CallStatus.COMPLETED, "connection lost")

    run(scenario(), 240)


def test_a_port_that_is_taken_is_named(variables: dict[str, str], settings: Settings) -> None:
    async def scenario() -> None:
        async with sip_process(variables, settings):
            other = {**variables, "HOTLINE_SIP__CONTROL_PORT": str(free_port())}
            second = await asyncio.to_thread(
                subprocess.run, command("sip"), env=other, capture_output=True, text=True, timeout=60
            )
            assert second.returncode == 1
            assert f"port {settings.sip.port} of 127.0.0.1 (for the SIP, UDP) cannot be used" in second.stderr
            assert "sip.port" in second.stderr
            assert "Traceback" not in second.stderr

    run(scenario(), 240)


def test_start_with_sip_runs_it_beside_the_others(variables: dict[str, str], settings: Settings) -> None:
    output = settings.home.parent / "started"
    given = {name: value for name, value in variables.items() if name != "HOTLINE_SIP__ENABLED"}
    with output.open("wb") as file:
        process = subprocess.Popen(command("start", "--sip"), env=given, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: health(settings), 60, "the SIP process")
        wait_for(lambda: f"sip:95598@127.0.0.1:{settings.sip.port}" in output.read_text(), 40, "the welcome")
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.server.port}/readyz", timeout=5) as answer:
            assert "sip" in json.load(answer)["checks"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, output.read_text()
        assert health(settings) is None
    finally:
        process.kill()
        process.wait()
