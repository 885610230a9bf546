"""Recordings come to the disk while calls go on, and are whole when they end, however the process fares."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from database import Database, sqlite_url
from ivr.events import NoInput
from ivr.outputs import Gather, Say, Segment
from media.taping import LiveLines, Tapes
from media.taping.tape import MOST_BACKLOG_S, Block
from media.taping.tape_file import LeftOut, TapeFile
from models import (
    Base,
    Call,
    CallStatus,
    Channel,
    Direction,
    FlowRevision,
    Recording,
    RecordingKind,
    RecordingStatus,
    Speaker,
    TranscriptLine,
)
from recording_store import RecordingStore, RecordingWriter
from settings import Settings
from speech.audio import RATE
from tests.console.conftest import settings_of

CALL, OTHER = "c" * 32, "d" * 32
NOTICE = Say((Segment("This call may be recorded.", "en", "recorded_notice"),))
MENU = Say((Segment("One or two?", "en", "menu"),))
PIN, NEXT = Gather("en", None, None, private=True), Gather("en", None, None)
FRAME = bytes([2]) * 160


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = settings_of(tmp_path)
    key = SecretStr("the key of the recordings")
    return made.model_copy(update={"recordings": made.recordings.model_copy(update={"key": key})})


@pytest.fixture
def database(settings: Settings) -> Database:
    made = Database(sqlite_url(settings.home / "hotline.db"))
    Base.metadata.create_all(made.engine)
    now = datetime.now(UTC)
    with made.transaction() as rows:
        rows.add(FlowRevision(id="r", files={}, published_at=now))
        rows.flush()
        for id_ in (CALL, OTHER):
            rows.add(
                Call(id=id_, channel=Channel.BROWSER, direction=Direction.INBOUND, from_number="+861", to_number="1",
                     language="en", status=CallStatus.IN_PROGRESS, flow="main", flow_revision_id="r", variables={},
                     started_at=now, answered_at=now, gateway="here")
            )  # fmt: skip
    return made


@contextmanager
def _away() -> Iterator[None]:
    raise sa.exc.OperationalError("BEGIN", None, Exception("the database is away"))
    yield


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


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def seconds_on_disk(tapes: Tapes, database: Database) -> float:
    with database.reading() as rows:
        found = rows.scalars(sa.select(Recording)).first()
    if found is None or not (tapes.store.folder / (found.path or "none")).exists():
        return 0.0
    with tapes.store.open(found.path or "", running=True) as file:
        return file.seconds


def ended(database: Database, *, ago: timedelta = timedelta()) -> None:
    with database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.status, call.ended_at = CallStatus.COMPLETED, datetime.now(UTC) - ago


def test_a_call_is_recorded_while_it_goes_on_and_whole_when_it_ends(settings: Settings, database: Database) -> None:
    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 5.0)
        tapes.turn()
        await until(lambda: seconds_on_disk(tapes, database) > 3.8)
        running = row(database)
        assert (running.status, running.kind) == (RecordingStatus.RUNNING, RecordingKind.CALL)
        tapes.over(CALL)
        await until(lambda: status(database) is RecordingStatus.STORED)
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
        tapes.over(CALL)
        await until(lambda: status(database) is RecordingStatus.STORED)
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


def test_a_process_that_goes_leaves_it_to_the_next_one(settings: Settings, database: Database) -> None:
    """One recording for one call, the time between silent."""

    async def first() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 3.0)
        await tapes.close()

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
        tapes.over(CALL)
        await until(lambda: status(database) is RecordingStatus.STORED)
        await tapes.close()

    asyncio.run(first())
    assert row(database).status is RecordingStatus.RUNNING
    asyncio.run(second())
    with RecordingStore.of(settings).open(row(database).path or "") as file:
        sound = b"".join(file.pieces())
    assert sound[: 4 * 8000].count(0) < 100
    between = sound[4 * 8000 * 4 : 4 * 8000 * 10]
    assert between == bytes(len(between))


def test_a_call_that_is_over_is_finished_by_the_next_process(settings: Settings, database: Database) -> None:
    async def first() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 3.0)
        await tapes.close()

    async def second() -> None:
        tapes = tapes_of(settings, database)
        await tapes.adopt()
        await tapes.close()

    asyncio.run(first())
    asyncio.run(second())
    assert row(database).status is RecordingStatus.RUNNING
    ended(database)
    asyncio.run(second())
    assert row(database).status is RecordingStatus.STORED
    assert row(database).seconds == pytest.approx(3, abs=0.2)


def test_a_file_that_is_gone_is_lost_and_one_of_another_key_waits_for_it(
    settings: Settings, database: Database
) -> None:
    async def first() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 3.0)
        await tapes.close()

    async def second(settings: Settings) -> None:
        tapes = tapes_of(settings, database)
        await tapes.adopt()
        await tapes.close()

    asyncio.run(first())
    ended(database)
    turned = settings.model_copy(
        update={"recordings": settings.recordings.model_copy(update={"key": SecretStr("another key of ours")})}
    )
    asyncio.run(second(turned))
    assert row(database).status is RecordingStatus.RUNNING
    (settings.home / "recordings" / (row(database).path or "")).unlink()
    asyncio.run(second(settings))
    assert row(database).status is RecordingStatus.LOST


def test_a_full_disk_costs_sound_and_not_the_call(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True

    async def run() -> None:
        nonlocal full
        tapes = tapes_of(settings, database)
        writer = type(tapes.store.begin("probe"))
        append = writer.append

        def refusing(self: RecordingWriter, pcm: bytes) -> None:
            if full:
                raise OSError(28, "No space left on device")
            append(self, pcm)

        monkeypatch.setattr(writer, "append", refusing)
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
        tapes.over(CALL)
        await until(lambda: status(database) is RecordingStatus.STORED)
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
    refused = 0

    async def run() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 5.0)
        tapes.turn()
        await until(lambda: tapes.settled)
        writer = type(tapes.store.begin("probe"))
        append = writer.append

        def refusing(self: RecordingWriter, pcm: bytes) -> None:
            nonlocal refused
            refused += 1
            if refused == 1:
                raise OSError(28, "No space left on device")
            append(self, pcm)

        monkeypatch.setattr(writer, "append", refusing)
        tapes.over(CALL)
        await until(lambda: status(database) is RecordingStatus.STORED)
        await tapes.close()

    asyncio.run(run())
    assert refused > 1
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


def test_the_row_of_a_running_recording_knows_how_long_a_pause_was(settings: Settings, database: Database) -> None:
    """A process that is killed has no time to say so."""
    file = TapeFile(RecordingStore.of(settings), database, lambda: datetime.now(UTC), CALL, datetime.now(UTC))
    for start, end, pause_ms in ((0, 3, 3000), (3, 4, 4000), (4, 6, 4500)):
        silence = b"\xff" * RATE * (end - start)
        file.write(Block(start * RATE, silence, silence), LeftOut([[2000, pause_ms]], []))
    assert row(database).pauses == [[2000, 4500]]
    file.close()


def test_a_damaged_recording_of_a_dead_process_is_given_up_and_its_file_stays(
    settings: Settings, database: Database
) -> None:
    async def first() -> None:
        tapes = tapes_of(settings, database)
        talk(tapes, 3.0)
        await tapes.close()

    async def second() -> None:
        tapes = tapes_of(settings, database)
        await tapes.adopt()
        await tapes.close()

    asyncio.run(first())
    ended(database)
    path = settings.home / "recordings" / (row(database).path or "")
    kept = bytearray(path.read_bytes())
    kept[20] ^= 1
    path.write_bytes(kept)
    asyncio.run(second())
    assert row(database).status is RecordingStatus.LOST
    assert path.read_bytes() == kept


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
