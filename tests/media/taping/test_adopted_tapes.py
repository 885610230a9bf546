"""A recording that a process has left behind is gone on with, or finished, by the next one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from database import Database
from models import RecordingStatus
from recording_store import RecordingStore
from settings import Settings
from tests.media.taping.recorded_calls import (
    CALL,
    adopted,
    ended,
    left_behind,
    over_and_stored,
    row,
    seconds_on_disk,
    talk,
    tapes_of,
)
from tests.scenarios import until


def test_a_process_that_goes_leaves_it_to_the_next_one(settings: Settings, database: Database) -> None:
    """One recording for one call, the time between silent."""

    async def second() -> None:
        tapes = tapes_of(settings, database, lambda: datetime.now(UTC) + timedelta(seconds=10))
        await tapes.adopt()
        tape = tapes.of(CALL)
        tapes.come_back(CALL)
        await until(lambda: tape.begun_at is not None)
        assert tape.begun_at is not None
        talk(tapes, 2.0, since=tape.begun_at + 11, notice=False)
        tapes.turn()
        await until(lambda: seconds_on_disk(tapes, database) > 10)
        await over_and_stored(tapes, database)
        await tapes.close()

    left_behind(settings, database)
    assert row(database).status is RecordingStatus.RUNNING
    asyncio.run(second())
    with RecordingStore.of(settings).open(row(database).path or "") as file:
        sound = b"".join(file.pieces())
    assert sound[: 4 * 8000].count(0) < 100
    between = sound[4 * 8000 * 4 : 4 * 8000 * 10]
    assert between == bytes(len(between))


def test_a_call_that_is_over_is_finished_by_the_next_process(settings: Settings, database: Database) -> None:
    left_behind(settings, database)
    adopted(settings, database)
    assert row(database).status is RecordingStatus.RUNNING
    ended(database)
    adopted(settings, database)
    assert row(database).status is RecordingStatus.STORED
    assert row(database).seconds == pytest.approx(3, abs=0.2)


def test_a_file_that_is_gone_is_lost_and_one_of_another_key_waits_for_it(
    settings: Settings, database: Database
) -> None:
    left_behind(settings, database)
    ended(database)
    turned = settings.model_copy(
        update={"recordings": settings.recordings.model_copy(update={"key": SecretStr("another key of ours")})}
    )
    adopted(turned, database)
    assert row(database).status is RecordingStatus.RUNNING
    (settings.home / "recordings" / (row(database).path or "")).unlink()
    adopted(settings, database)
    assert row(database).status is RecordingStatus.LOST


def test_a_damaged_recording_of_a_dead_process_is_given_up_and_its_file_stays(
    settings: Settings, database: Database
) -> None:
    left_behind(settings, database)
    ended(database)
    path = settings.home / "recordings" / (row(database).path or "")
    kept = bytearray(path.read_bytes())
    kept[20] ^= 1
    path.write_bytes(kept)
    adopted(settings, database)
    assert row(database).status is RecordingStatus.LOST
    assert path.read_bytes() == kept
