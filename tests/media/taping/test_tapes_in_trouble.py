"""A full disk or a database that is away costs no call, and as little of its recording as can be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from database import Database
from ivr.events import NoInput
from ivr.outputs import Gather
from media.taping.tape import MOST_BACKLOG_S
from media.taping.tape_file import LeftOut, TapeFile
from models import RecordingStatus
from recording_store import RecordingStore
from settings import Settings
from tests.media.taping.recorded_calls import (
    CALL,
    full_disk,
    now,
    over_and_stored,
    row,
    seconds_on_disk,
    status,
    talk,
    tapes_of,
)
from tests.scenarios import until

PIN, NEXT = Gather("en", None, None, private=True), Gather("en", None, None)


@contextmanager
def _away() -> Iterator[None]:
    raise sa.exc.OperationalError("BEGIN", None, Exception("the database is away"))
    yield


def test_a_full_disk_costs_sound_and_not_the_call(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True

    async def run() -> None:
        nonlocal full
        tapes = tapes_of(settings, database)
        full_disk(monkeypatch, tapes, lambda: full)
        begun = now() - 60
        talk(tapes, 10.0, since=begun)
        tapes.turn()
        await until(lambda: tapes.settled)
        talk(tapes, 50.0, since=begun + 10, notice=False)
        tapes.turn()
        await until(lambda: tapes.settled)
        full = False
        tapes.turn()
        await until(lambda: seconds_on_disk(tapes, database) > 55)
        await over_and_stored(tapes, database)
        await tapes.close()

    asyncio.run(run())
    found = row(database)
    assert found.seconds == pytest.approx(60, abs=0.1)
    lost = sum(end - start for start, end in found.gaps) / 1000
    assert 60 - MOST_BACKLOG_S - 12 < lost <= 60 - MOST_BACKLOG_S + 1
    with RecordingStore.of(settings).open(found.path or "") as file:
        sound = b"".join(file.pieces())
    start, end = found.gaps[-1]
    assert not any(sound[start * 32 : end * 32 - 64])
    assert sound[55 * 32_000 : 59 * 32_000].count(0) < 1000


def test_a_disk_that_is_full_as_a_call_ends_is_waited_for(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def full() -> bool:
        nonlocal asked
        asked += 1
        return asked == 1

    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 5.0)
        tapes.turn()
        await until(lambda: tapes.settled)
        full_disk(monkeypatch, tapes, full)
        await over_and_stored(tapes, database)
        await tapes.close()

    asyncio.run(run())
    assert asked > 1
    assert row(database).seconds == pytest.approx(5, abs=0.05)
    assert row(database).gaps == []


def test_sound_goes_on_while_the_database_is_away(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a recording that is under way; what is to be written of it, is written when the database is back."""

    async def run() -> None:
        tapes = tapes_of(settings, database)
        begun = now() - 20
        talk(tapes, 5.0, since=begun)
        tapes.turn()
        await until(lambda: tapes.settled)
        with monkeypatch.context() as patched:
            patched.setattr(Database, "transaction", lambda _database: _away())
            tape = tapes.of(CALL)
            tape.answering([PIN], begun + 6)
            talk(tapes, 10.0, since=begun + 5, notice=False)
            tape.answered(NoInput(), "en", begun + 8)
            tape.answering([NEXT], begun + 8)
            tapes.turn()
            await until(lambda: tapes.settled)
            assert seconds_on_disk(tapes, database) > 14
            tapes.over(CALL)
            await asyncio.sleep(0)
            await until(lambda: "finishing" in asked)
        await until(lambda: status(database) is RecordingStatus.STORED)
        await tapes.close()

    asked: list[str] = []
    finish = TapeFile.finish

    def finishing(self: TapeFile, left_out: LeftOut) -> None:
        try:
            finish(self, left_out)
        finally:
            asked.append("finishing")

    monkeypatch.setattr(TapeFile, "finish", finishing)
    asyncio.run(run())
    found = row(database)
    assert found.pauses == [[6000, 8500]]
    assert found.gaps == []
    assert found.seconds == pytest.approx(20, abs=5.1)
