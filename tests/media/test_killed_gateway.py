"""A gateway that is killed in the middle of a call: the next one carries the call on from its row."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import Database
from models import Call, CallStatus, CallTurn
from settings import Settings
from tests.media.phone_client import phone

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def gateway_process(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.media.gateway_process", settings.home, str(settings.server.port)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"},
    )  # fmt: skip
    assert process.stdout is not None
    while (line := process.stdout.readline()) and line != "ready\n":
        continue
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.processes
def test_kill_9_in_the_middle_of_a_call_loses_nothing_that_was_answered(settings: Settings, database: Database) -> None:
    async def until_killed(process: subprocess.Popen[str]) -> str:
        async with phone(settings) as caller:
            token: str = (await caller.start())["token"]
            await caller.press("2")
            await caller.caption("Your PIN?")
            process.send_signal(signal.SIGKILL)
            assert (await caller.close_reason())[0] == 1006
            return token

    async def come_back(token: str) -> None:
        async with phone(settings) as caller:
            await caller.start(resume=token)
            await caller.caption("Your PIN?")
            await caller.press("1", "3", "5", "7", "#")
            await caller.until("caption", who="hotline", private=True)
            await caller.send("stop")
            await caller.until("ended")

    with gateway_process(settings) as first:
        token = asyncio.run(until_killed(first))
    with database.reading() as db:
        assert db.scalars(sa.select(Call)).one().status is CallStatus.IN_PROGRESS
    with gateway_process(settings):
        asyncio.run(come_back(token))
    with database.reading() as db:
        assert db.scalars(sa.select(Call)).one().status is CallStatus.COMPLETED
        kinds = [turn.event["kind"] for turn in db.scalars(sa.select(CallTurn).order_by(CallTurn.number))]
    assert kinds == ["call_started", "digits", "digits", "hung_up"]
