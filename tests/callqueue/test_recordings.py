"""Recordings whose time is over are gone, whatever happens while they are deleted."""

from __future__ import annotations

import itertools
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import outbox
from callqueue import recordings
from models import CallTurn, Recording, RecordingStatus, Speaker, TranscriptLine
from recording_store import RecordingStore
from tests.callqueue.desk import Desk

NIGHTS = itertools.count()


@pytest.fixture
def folder(desk: Desk) -> Path:
    made = desk.settings.home / "recordings"
    made.mkdir(parents=True, exist_ok=True)
    return made


def record(desk: Desk, *names: str, days_more: float = 1) -> None:
    """Older than they may be by `days_more`."""
    at = out_of_time(desk, days_more=days_more)
    call_id = desk.call()
    with desk.database.transaction() as session:
        for number, name in enumerate(names):
            path = RecordingStore.of(desk.settings).write(name, b"\0\0" * 100)
            session.add(
                Recording(
                    id=name, call_id=call_id, status=RecordingStatus.STORED, path=path, transcript="no power",
                    created_at=at + timedelta(seconds=number),
                )
            )  # fmt: skip


def expire(desk: Desk) -> None:
    with desk.database.transaction() as session:
        outbox.add_job(session, "recordings.expire", key=f"night {next(NIGHTS)}", now=desk.now)
    desk.work()


def statuses(desk: Desk) -> dict[str, RecordingStatus]:
    with desk.database.reading() as session:
        return {row.id: row.status for row in session.scalars(sa.select(Recording))}


def test_a_process_that_dies_between_file_and_row_is_caught_up_with(desk: Desk, folder: Path) -> None:
    record(desk, "one", "two")
    (folder / "one.wav").unlink()
    expire(desk)
    assert set(statuses(desk).values()) == {RecordingStatus.DELETED}
    assert list(folder.iterdir()) == []
    expire(desk)
    assert set(statuses(desk).values()) == {RecordingStatus.DELETED}


def test_a_file_that_cannot_be_deleted_keeps_no_other_from_it(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(desk, "stuck", "next", "last")
    unlink = Path.unlink

    def refusing(self: Path, missing_ok: bool = False) -> None:
        if self.name == "stuck.wav":
            raise PermissionError(1, "Operation not permitted")
        unlink(self, missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refusing)
        expire(desk)
    assert [path.name for path in folder.iterdir()] == ["stuck.wav"]
    assert statuses(desk) == {
        "stuck": RecordingStatus.STORED, "next": RecordingStatus.DELETED, "last": RecordingStatus.DELETED
    }  # fmt: skip
    expire(desk)
    assert list(folder.iterdir()) == []
    assert statuses(desk)["stuck"] is RecordingStatus.DELETED


def test_many_are_deleted_in_one_night(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "BATCH", 3)
    record(desk, *(f"r{number}" for number in range(10)))
    expire(desk)
    assert list(folder.iterdir()) == []


def test_what_a_dead_process_has_left_without_a_row_goes_as_well(desk: Desk, folder: Path) -> None:
    record(desk, "young", days_more=-1)
    old = (desk.now - timedelta(days=desk.settings.recordings.keep_days + 2)).timestamp()
    for name in ("stray.wav", "stray.sealed", "stray.abc.part", "fresh.part", "README"):
        (folder / name).write_bytes(b"RIFF")
    for name in ("young.wav", "stray.wav", "stray.sealed", "stray.abc.part", "README"):
        os.utime(folder / name, (old, old))
    fresh = desk.now.timestamp()
    os.utime(folder / "fresh.part", (fresh, fresh))
    expire(desk)
    assert sorted(path.name for path in folder.iterdir()) == ["README", "fresh.part", "young.wav"]


def test_old_recordings_are_deleted_and_their_rows_say_so(desk: Desk, folder: Path) -> None:
    call_id = desk.call()
    days = desk.settings.recordings.keep_days
    with desk.database.transaction() as session:
        for name, age in (("old", days + 1), ("young", days - 1)):
            (folder / f"{name}.wav").write_bytes(b"RIFF")
            session.add(
                Recording(
                    id=name, call_id=call_id, status=RecordingStatus.STORED, path=f"{name}.wav", seconds=3.0,
                    transcript="no power", created_at=desk.now - timedelta(days=age),
                )
            )  # fmt: skip
    expire(desk)
    assert not (folder / "old.wav").exists()
    assert (folder / "young.wav").exists()
    old, young = desk.row(Recording, "old"), desk.row(Recording, "young")
    assert (old.status, old.path, old.transcript) == (RecordingStatus.DELETED, None, "")
    assert (young.status, young.path) == (RecordingStatus.STORED, "young.wav")


def test_a_path_that_leads_out_of_the_folder_deletes_nothing(desk: Desk) -> None:
    (desk.settings.home / "recordings").mkdir(parents=True, exist_ok=True)
    outside = desk.settings.home / "secret_key"
    outside.write_text("x")
    call_id = desk.call()
    with desk.database.transaction() as session:
        session.add(
            Recording(
                id="odd",
                call_id=call_id,
                status=RecordingStatus.STORED,
                path="../secret_key",
                created_at=desk.now - timedelta(days=999),
            )
        )
    expire(desk)
    assert outside.read_text() == "x"
    assert desk.row(Recording, "odd").status is RecordingStatus.DELETED


def test_old_transcripts_are_deleted_in_batches_by_index(desk: Desk) -> None:
    call_id, expired, kept = desk.call(), out_of_time(desk), out_of_time(desk, days_more=-1)
    with desk.database.transaction() as session:
        for number in range(recordings.BATCH + 20):
            session.add(transcript_line(call_id, number, expired - timedelta(seconds=number)))
        session.add(transcript_line(call_id, 0, kept, "kept"))
    expire(desk)
    desk.work()
    with desk.database.reading() as session:
        assert list(session.scalars(sa.select(TranscriptLine.text))) == ["kept"]
        if desk.database.is_sqlite:
            old = "SELECT id FROM transcript_lines WHERE created_at < '2026-01-01' ORDER BY created_at LIMIT 500"
            [step] = session.execute(sa.text(f"EXPLAIN QUERY PLAN {old}")).all()
            assert "ix_transcript_lines_created_at" in step[3]


def test_what_callers_said_and_keyed_goes_from_the_turns_as_well(desk: Desk) -> None:
    expired, kept = out_of_time(desk), out_of_time(desk, days_more=-1)
    old, young = desk.call(), desk.call()
    with desk.database.transaction() as session:
        for number in range(recordings.BATCH + 20):
            session.add(call_turn(old, number, expired + timedelta(seconds=number)))
        session.add(call_turn(young, 0, kept))
    expire(desk)
    desk.work()
    with desk.database.reading() as session:
        assert list(session.scalars(sa.select(CallTurn.call_id))) == [young]
        if desk.database.is_sqlite:
            oldest = "SELECT call_id, number FROM call_turns WHERE at < '2026-01-01' ORDER BY at LIMIT 500"
            [step] = session.execute(sa.text(f"EXPLAIN QUERY PLAN {oldest}")).all()
            assert "ix_call_turns_at" in step[3]


def out_of_time(desk: Desk, *, days_more: float = 1) -> datetime:
    return desk.now - timedelta(days=desk.settings.recordings.keep_days + days_more)


def transcript_line(call_id: str, at_ms: int, created_at: datetime, text: str = "old") -> TranscriptLine:
    return TranscriptLine(
        call_id=call_id, at_ms=at_ms, speaker=Speaker.CALLER, language="en", text=text, created_at=created_at
    )


def call_turn(call_id: str, number: int, at: datetime) -> CallTurn:
    event = {"kind": "speech", "text": "18 Elm Street", "confidence": 0.9}
    return CallTurn(call_id=call_id, number=number, event=event, outputs=[], at=at, took_us=900)
