"""The jobs about recordings: bringing them home, and deleting them when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import InstrumentedAttribute

from callqueue.context import JobContext
from models import CallTurn, Recording, RecordingStatus, TranscriptLine
from recording_store import RecordingError, RecordingStore

log = structlog.get_logger("recordings")
BATCH: Final = 500


def fetch(context: JobContext, recording_id: str) -> None:
    """The job `recordings.fetch`. Raises what the fetcher raises when it is to be tried again."""
    if context.recording_fetcher is None:
        raise RuntimeError("recordings cannot be fetched: no carrier is set up")
    context.recording_fetcher(recording_id)


def expire(context: JobContext) -> datetime | None:
    """The job `recordings.expire`: files, transcripts and the turns of calls, in which stands what callers said and
    keyed, go when they are older than `recordings.keep_days`; rows of files say so.

    A batch of each at a time, so that no transaction is long; when there may be more it is run again at once. Last go
    files as old that no row names, which a process has left that died while it wrote them.
    """
    before = context.clock() - timedelta(days=context.settings.recordings.keep_days)
    files, more = _expire_files(context, before)
    lines = _expire_rows(context, TranscriptLine.created_at, before)
    turns = _expire_rows(context, CallTurn.at, before)
    more = more or BATCH in (lines, turns)
    strays = 0 if more else _expire_strays(context, before)
    if files or lines or turns or strays:
        log.info("recordings deleted", recordings=files, transcript_lines=lines, call_turns=turns, strays=strays)
    return context.clock() if more else None


def _expire_files(context: JobContext, before: datetime) -> tuple[int, bool]:
    """How many, and whether there may be more. The file goes first: a process that dies in between finds no file the
    next time and writes the row. One that cannot be deleted keeps its row as it is and is tried again the next night.
    """
    store = RecordingStore.of(context.settings)
    deleted = 0
    with context.database.transaction() as session:
        old = session.scalars(
            sa.select(Recording)
            .where(Recording.created_at < before, Recording.status != RecordingStatus.DELETED)
            .order_by(Recording.created_at)
            .limit(BATCH)
        ).all()
        for recording in old:
            if recording.path and not _deleted(store, recording.path, recording.id):
                continue
            recording.status, recording.path = RecordingStatus.DELETED, None
            recording.transcript, recording.remote_url = "", None
            deleted += 1
    return deleted, len(old) == BATCH and deleted > 0


def _expire_strays(context: JobContext, before: datetime) -> int:
    store = RecordingStore.of(context.settings)
    old = store.untouched_since(before)
    named: set[str | None] = set()
    with context.database.reading() as session:
        for at in range(0, len(old), BATCH):
            named |= set(session.scalars(sa.select(Recording.path).where(Recording.path.in_(old[at : at + BATCH]))))
    return sum(_deleted(store, name, "none") for name in old if name not in named)


def _deleted(store: RecordingStore, path: str, recording_id: str) -> bool:
    try:
        store.delete(path)
    except RecordingError as error:  # the row points elsewhere: nothing of ours is there to be deleted
        log.error("recording not deleted", recording=recording_id, error=str(error))
    except OSError as error:
        log.error("recording not deleted", recording=recording_id, path=path, error=str(error))
        return False
    return True


def _expire_rows(context: JobContext, at: InstrumentedAttribute[datetime], before: datetime) -> int:
    """Of the table that has the column `at`, which is indexed; how many."""
    key = sa.inspect(at.class_).primary_key
    with context.database.transaction() as session:
        oldest = session.execute(sa.select(*key).where(at < before).order_by(at).limit(BATCH)).all()
        if oldest:
            session.execute(sa.delete(at.class_).where(sa.tuple_(*key).in_(oldest)))
    return len(oldest)
