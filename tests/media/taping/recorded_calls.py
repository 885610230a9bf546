"""Calls that are recorded, and what is found of their recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from database import Database
from ivr.outputs import Say, Segment
from media.taping import LiveLines, Tapes
from models import Call, CallStatus, Recording, RecordingKind, RecordingStatus
from recording_store import RecordingWriter
from settings import Settings
from tests.scenarios import until

CALL, OTHER = "c" * 32, "d" * 32
NOTICE = Say((Segment("This call may be recorded.", "en", "recorded_notice"),))
MENU = Say((Segment("One or two?", "en", "menu"),))
FRAME = bytes([2]) * 160


def tapes_of(
    settings: Settings, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Tapes:
    return Tapes(settings, database, clock, "here", LiveLines(None))


def now() -> float:
    return asyncio.get_running_loop().time()


def talk(tapes: Tapes, seconds: float, *, since: float | None = None, notice: bool = True) -> None:
    """`seconds` of a call on CALL that lie in the past: nothing has to be waited for."""
    begun = now() - seconds if since is None else since
    tape = tapes.of(CALL)
    if notice:
        tape.saying(NOTICE, begun)
    for number in range(round(seconds * 50)):
        tape.heard_by_caller(FRAME, begun + number / 50)
        tape.said_by_caller(FRAME, begun + (number + 1) / 50)


def row(database: Database) -> Recording:
    with database.reading() as rows:
        return rows.scalars(sa.select(Recording).where(Recording.kind == RecordingKind.CALL)).one()


def status(database: Database) -> RecordingStatus | None:
    with database.reading() as rows:
        return rows.scalars(sa.select(Recording.status).where(Recording.kind == RecordingKind.CALL)).one_or_none()


def seconds_on_disk(tapes: Tapes, database: Database) -> float:
    with database.reading() as rows:
        found = rows.scalars(sa.select(Recording)).first()
    if found is None or not (tapes.store.folder / (found.path or "none")).exists():
        return 0.0
    with tapes.store.open(found.path or "", running=True) as file:
        return file.seconds


def ended(database: Database) -> None:
    """The call is over, and the process that recorded it is not there to finish the recording."""
    with database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.status, call.ended_at = CallStatus.COMPLETED, datetime.now(UTC)


async def over_and_stored(tapes: Tapes, database: Database) -> None:
    """The call ends; waits until its recording is stored."""
    tapes.over(CALL)
    await until(lambda: status(database) is RecordingStatus.STORED)


def left_behind(settings: Settings, database: Database) -> None:
    """By a process that records 3 seconds, and goes while the call goes on."""

    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 3.0)
        await tapes.close()

    asyncio.run(run())


def adopted(settings: Settings, database: Database) -> None:
    """By the next process: it takes over what is there, and goes."""

    async def run() -> None:
        tapes = tapes_of(settings, database)
        await tapes.adopt()
        await tapes.close()

    asyncio.run(run())


def full_disk(monkeypatch: pytest.MonkeyPatch, tapes: Tapes, full: Callable[[], bool]) -> None:
    """Nothing can be written to a recording whenever `full` says so."""
    writer = type(tapes.store.begin("probe"))
    append = writer.append

    def refusing(self: RecordingWriter, pcm: bytes) -> None:
        if full():
            raise OSError(28, "No space left on device")
        append(self, pcm)

    monkeypatch.setattr(writer, "append", refusing)
