"""One call's recording in threads: its file and its row. One thread at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import sqlalchemy.exc
import structlog

import outbox
from database import Database
from media.taping.tape import Block
from models import Call, CallStatus, Recording, RecordingKind, RecordingStatus, new_id
from recording_store import CALL, NoSuchRecording, RecordingDamaged, RecordingError, RecordingStore, RecordingWriter
from speech.audio import RATE, audioop, mulaw_to_pcm

log = structlog.get_logger("recordings")
_PADDED_AT_ONCE: Final = 10 * RATE
_FINAL: Final = [status for status in CallStatus if status.final]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """As rows keep them: [from_ms, to_ms] each."""

    pauses: list[list[int]]
    gaps: list[list[int]]

    def changes(self, end_ms: int) -> tuple[int, list[list[int]]]:
        """Differs when one has begun, or has ended by `end_ms`; not while one goes on."""
        spans = self.pauses + self.gaps
        return len(spans), [span for span in spans if span[1] < end_ms]


@dataclass(frozen=True, slots=True)
class GoneOn:
    """A recording that another process had begun: for how long it has been going on, and what there is of it."""

    file: TapeFile
    age_s: float
    samples: int
    left_out: LeftOut


class TapeFile:
    """Nothing is written before `open`, which may be tried again when it raises (OSError, SQLAlchemyError)."""

    def __init__(
        self, store: RecordingStore, database: Database, clock: Callable[[], datetime], call_id: str, begun: datetime
    ) -> None:
        self._store = store
        self._database = database
        self._clock = clock
        self._call_id = call_id
        self._begun = begun
        self._recording_id = new_id()
        self._row_written = False
        self._changes_kept: tuple[int, list[list[int]]] = (0, [])
        self._writer: RecordingWriter | None = None
        self._seconds: float | None = None  # once the file is finished

    def open(self) -> RecordingWriter:
        """The row first: a file that no row names would never be deleted."""
        if self._writer is None:
            if not self._row_written:
                with self._database.transaction() as rows:
                    rows.add(
                        Recording(
                            id=self._recording_id, call_id=self._call_id, kind=RecordingKind.CALL,
                            status=RecordingStatus.RUNNING, path=self._store.name_for(self._recording_id),
                            created_at=self._begun, pauses=[], gaps=[],
                        )
                    )  # fmt: skip
                    outbox.notify(rows, "call", self._call_id)
                self._row_written = True
            self._writer = self._store.begin(self._recording_id, CALL)
        return self._writer

    def write(self, block: Block, left_out: LeftOut) -> None:
        """What is missing before `block` is silence. May be tried again when it raises; it does for the sound alone."""
        writer = self.open()
        while (missing := block.start - writer.frames) > 0:
            writer.append(bytes(CALL.frame_bytes * min(missing, _PADDED_AT_ONCE)))
        if writer.frames < block.end:
            writer.append(_stereo(block))
        changes = left_out.changes(block.end * 1000 // RATE)
        if changes != self._changes_kept:  # at a begin and an end, not every second of what is left out
            try:
                self._update(left_out)
                self._changes_kept = changes
            except sqlalchemy.exc.SQLAlchemyError as error:  # with the next block again: the sound is in the file
                log.warning("recording_row_not_written", call=self._call_id, error=type(error).__name__)

    def finish(self, left_out: LeftOut) -> None:
        """The call is over. May be tried again when it raises (OSError, SQLAlchemyError); where it is not,
        `adopt_recordings` does it later."""
        if not self._row_written:
            return
        if self._seconds is None:
            writer = self.open()
            seconds = writer.seconds
            writer.finish()
            self._seconds = seconds
        self._update(left_out, status=RecordingStatus.STORED, seconds=round(self._seconds, 2))

    def leave(self, left_out: LeftOut) -> None:
        """The process ends and the call goes on: the next process goes on with the file."""
        if self._writer is not None:
            self.close()
            self._update(left_out)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _update(self, left_out: LeftOut, **values: object) -> None:
        new = {"pauses": left_out.pauses, "gaps": left_out.gaps, **values}
        with self._database.transaction() as rows:
            rows.execute(sa.update(Recording).where(Recording.id == self._recording_id).values(new))
            if values:
                outbox.notify(rows, "call", self._call_id)

    @classmethod
    def going_on(
        cls, store: RecordingStore, database: Database, clock: Callable[[], datetime], call_id: str
    ) -> GoneOn | None:
        """The recording of `call_id` that another process has begun; None where there is none to go on with."""
        with database.reading() as rows:
            found = rows.scalars(
                sa.select(Recording)
                .where(Recording.call_id == call_id, Recording.kind == RecordingKind.CALL)
                .where(Recording.status == RecordingStatus.RUNNING)
            ).first()
        if found is None or not found.path:
            return None
        file = cls(store, database, clock, call_id, found.created_at)
        file._recording_id, file._row_written = found.id, True
        try:
            file._writer = store.go_on(found.path)
        except NoSuchRecording:  # it died between the row and the file
            samples = 0
        except (RecordingError, OSError) as error:
            log.error("recording_not_gone_on_with", call=call_id, error=str(error))
            return None
        else:
            samples = file._writer.frames
        age_s = (clock() - found.created_at).total_seconds()
        return GoneOn(file, age_s, samples, LeftOut(found.pauses, found.gaps))


def adopt_recordings(
    store: RecordingStore, database: Database, now: datetime, *, mine: str, all_days: bool, grace: timedelta
) -> int:
    """Finishes the recordings of calls that are over, whose process has died; how many.

    Calls of gateway `mine` at once, those of others after `grace`: they may be about to do it themselves.
    """
    wanted = (
        sa.select(Recording.id, Recording.path, Recording.call_id)
        .join(Call, Call.id == Recording.call_id)
        .where(Recording.status == RecordingStatus.RUNNING, Call.status.in_(_FINAL))
        .where(sa.or_(Call.gateway == mine, Call.ended_at < now - grace))
    )
    if not all_days:  # by index; a call does not last for days
        wanted = wanted.where(Recording.created_at > now - timedelta(days=2))
    with database.reading() as rows:
        found = rows.execute(wanted).all()
    adopted = 0
    for recording_id, path, call_id in found:
        values: dict[str, object] = {"status": RecordingStatus.STORED}
        try:
            values["seconds"] = round(store.mend(path or ""), 2)
        except NoSuchRecording:
            values = {"status": RecordingStatus.LOST}
        except RecordingDamaged as error:  # it will not mend by itself: the file stays until its time is over
            log.error("recording_damaged", recording=recording_id, call=call_id, error=str(error))
            values = {"status": RecordingStatus.LOST}
        except (RecordingError, OSError) as error:  # the next start tries again: with the right key, a healthy disk
            log.error("recording_not_finished", recording=recording_id, call=call_id, error=str(error))
            continue
        with database.transaction() as session:
            still = sa.and_(Recording.id == recording_id, Recording.status == RecordingStatus.RUNNING)
            session.execute(sa.update(Recording).where(still).values(values))
            outbox.notify(session, "call", call_id)
        adopted += 1
        log.info("recording_finished", recording=recording_id, call=call_id, seconds=values.get("seconds"))
    return adopted


def _stereo(block: Block) -> bytes:
    left = audioop.tostereo(mulaw_to_pcm(block.left), 2, 1, 0)
    return audioop.add(left, audioop.tostereo(mulaw_to_pcm(block.right), 2, 0, 1), 2)
