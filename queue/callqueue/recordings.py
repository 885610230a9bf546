"""The jobs about recordings: bringing them home, and deleting them when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from callqueue.context import JobContext
from models import Recording, RecordingStatus

log = structlog.get_logger("recordings")
BATCH: Final = 500


def fetch(context: JobContext, recording_id: str) -> None:
    """The job `recordings.fetch`. Raises what the fetcher raises when it is to be tried again."""
    if context.recording_fetcher is None:
        raise RuntimeError("recordings cannot be fetched: no carrier is set up")
    context.recording_fetcher(recording_id)


def expire(context: JobContext) -> datetime | None:
    """The job `recordings.expire`: files and transcripts older than `recordings.keep_days` go, rows say so.

    The file goes first: a process that dies in between finds no file the next time and writes the row.
    """
    folder = (context.settings.home / "recordings").resolve()
    before = context.clock() - timedelta(days=context.settings.recordings.keep_days)
    with context.database.transaction() as session:
        old = session.scalars(
            sa.select(Recording)
            .where(Recording.created_at < before, Recording.status != RecordingStatus.DELETED)
            .order_by(Recording.created_at)
            .limit(BATCH)
        ).all()
        for recording in old:
            path = (folder / recording.path).resolve() if recording.path else None
            if path is not None and path.is_relative_to(folder):
                path.unlink(missing_ok=True)
            recording.status, recording.path = RecordingStatus.DELETED, None
            recording.transcript, recording.remote_url = "", None
    if old:
        log.info("recordings deleted", count=len(old))
    return context.clock() if len(old) == BATCH else None
