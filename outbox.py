"""What must happen after a commit, written inside it: jobs as rows, notices as a list on the session.

A job's row is the truth; pushing its id to Redis only makes it prompt. See `callqueue.jobs` for who runs them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from database import Committed
from models import Job


def add_job(
    session: Session, name: str, *, key: str, now: datetime, run_at: datetime | None = None, **arguments: Any
) -> Job:
    """Writes the wish to run `name` with `arguments`. The same `key` again returns the job already there.

    A job due now is pushed after the commit; a later one is found by the sweep when it is due.
    """
    existing = session.scalar(sa.select(Job).where(Job.key == key))
    if existing is not None:
        return existing
    job = Job(name=name, key=key, arguments=arguments, run_at=run_at or now, created_at=now)
    session.add(job)
    session.flush()
    if job.run_at <= now:
        _committed(session).job_ids.append(job.id)
    return job


def notify(session: Session, topic: str, row_id: object) -> None:
    """`Committed.notify` of the session's transaction."""
    _committed(session).notify(topic, row_id)


def _committed(session: Session) -> Committed:
    committed = session.info.setdefault("committed", Committed())
    assert isinstance(committed, Committed)
    return committed
