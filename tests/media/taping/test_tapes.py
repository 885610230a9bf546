"""Recordings come to the disk while calls go on, and are whole when they end."""

from __future__ import annotations

import asyncio
import io
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from database import Database
from ivr.outputs import Gather
from media.taping.tape import Block
from media.taping.tape_file import LeftOut, TapeFile
from models import Call, Recording, RecordingKind, RecordingStatus, Speaker, TranscriptLine
from recording_store import RecordingStore
from settings import Settings
from speech.audio import RATE
from tests.media.taping.recorded_calls import CALL, MENU, now, over_and_stored, row, seconds_on_disk, talk, tapes_of
from tests.scenarios import until


def test_a_call_is_recorded_while_it_goes_on_and_whole_when_it_ends(settings: Settings, database: Database) -> None:
    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 5.0)
        tapes.turn()
        await until(lambda: seconds_on_disk(tapes, database) > 3.8)
        running = row(database)
        assert (running.status, running.kind) == (RecordingStatus.RUNNING, RecordingKind.CALL)
        await over_and_stored(tapes, database)
        stored = row(database)
        assert stored.seconds == pytest.approx(5, abs=0.05)
        assert abs(stored.created_at - (datetime.now(UTC) - timedelta(seconds=5))) < timedelta(seconds=5)
        with tapes.store.open(stored.path or "") as file, wave.open(io.BytesIO(file.read_at(0, file.size))) as sound:
            assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
            assert sound.getnframes() == pytest.approx(5 * 8000, abs=400)
        await tapes.close()

    asyncio.run(run())


def test_a_call_without_the_notice_leaves_nothing(settings: Settings, database: Database) -> None:
    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 3.0, notice=False)
        tapes.turn()
        tapes.over(CALL)
        await tapes.close()

    asyncio.run(run())
    with database.reading() as rows:
        assert rows.scalars(sa.select(Recording)).all() == []
    assert not (settings.home / "recordings").exists()


def test_what_was_private_stands_in_the_row(settings: Settings, database: Database) -> None:
    async def run() -> None:
        tapes = tapes_of(settings, database)
        begun = now() - 6
        talk(tapes, 2.0, since=begun)
        tapes.of(CALL).answering([Gather("en", None, None, private=True)], begun + 2)
        talk(tapes, 2.0, since=begun + 2, notice=False)
        tapes.of(CALL).answering([Gather("en", None, None)], begun + 4)
        talk(tapes, 2.0, since=begun + 4, notice=False)
        await over_and_stored(tapes, database)
        await tapes.close()

    asyncio.run(run())
    [[start, end]] = row(database).pauses
    assert (start, end) == (pytest.approx(2000, abs=2), pytest.approx(4000, abs=2))


def test_the_transcript_is_kept_with_its_times(settings: Settings, database: Database) -> None:
    async def run() -> None:
        tapes = tapes_of(settings, database)
        serving = asyncio.create_task(tapes.serve())
        talk(tapes, 1.0)
        tapes.of(CALL).saying(MENU, now() + 2)
        tapes.of(CALL).line(Speaker.AGENT, "Good morning.", "en", at=now() + 5)

        def kept() -> int:
            with database.reading() as rows:
                return rows.scalar(sa.select(sa.func.count(TranscriptLine.id))) or 0

        await until(lambda: kept() == 3)
        tapes.of(CALL).line(Speaker.CALLER, "Bye.", "en", at=now() + 6)
        tapes.over(CALL)
        serving.cancel()
        await tapes.close()
        assert kept() == 4

    asyncio.run(run())
    with database.reading() as rows:
        lines = rows.get_one(Call, CALL).transcript
        assert [line.speaker for line in lines] == [Speaker.HOTLINE, Speaker.HOTLINE, Speaker.AGENT, Speaker.CALLER]
        assert lines[2].at_ms - lines[1].at_ms == pytest.approx(3000, abs=5)


def test_the_row_of_a_running_recording_knows_how_long_a_pause_was(settings: Settings, database: Database) -> None:
    """A process that is killed has no time to say so."""
    file = TapeFile(RecordingStore.of(settings), database, lambda: datetime.now(UTC), CALL, datetime.now(UTC))
    for start, end, pause_ms in ((0, 3, 3000), (3, 4, 4000), (4, 6, 4500)):
        silence = b"\xff" * RATE * (end - start)
        file.write(Block(start * RATE, silence, silence), LeftOut([[2000, pause_ms]], []))
    assert row(database).pauses == [[2000, 4500]]
    file.close()


def test_many_short_calls_leave_nothing_open(settings: Settings, database: Database) -> None:
    folder = Path("/proc/self/fd")

    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 0.2)
        tapes.over(CALL)
        await until(lambda: tapes.settled)
        before = len(list(folder.iterdir()))
        for _ in range(100):
            talk(tapes, 0.2)
            tapes.over(CALL)
        await until(lambda: tapes.settled)
        assert len(list(folder.iterdir())) <= before + 2
        await tapes.close()

    asyncio.run(run())
    with database.reading() as rows:
        states = rows.scalars(sa.select(Recording.status)).all()
    assert states == [RecordingStatus.STORED] * 101
