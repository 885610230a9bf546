"""Jobs: rows written in the commit they follow, run once each by whoever claims them.

RQ carries only a row's id (`run`). The row is claimed by compare-and-set under a lease; a process that dies leaves a
lease that runs out, and the sweep pushes the row again. So every handler must be able to run twice.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from callqueue import call_counts, outbound, recordings
from callqueue.compare_and_set import changed
from callqueue.context import JobContext, RecordingFetcher
from callqueue.pushing import connect, push
from callqueue.sweep import SweepReport, run_sweep, sweep
from models import Job, JobStatus

__all__ = [
    "JOBS",
    "JobContext",
    "Ran",
    "RecordingFetcher",
    "SweepReport",
    "configure",
    "connect",
    "execute",
    "push",
    "run",
    "run_due",
    "run_sweep",
    "sweep",
]  # fmt: skip

log = structlog.get_logger("jobs")


# A handler answers when it wants to be run again, or None when it is done; it raises to be tried again after a while.
JOBS: Final[Mapping[str, Callable[..., datetime | None]]] = {
    "outbound.dial": outbound.dial,
    call_counts.COUNT: call_counts.count,
    "recordings.fetch": recordings.fetch,
    "recordings.expire": recordings.expire,
}
LEASES: Final[Mapping[str, timedelta]] = {"outbound.dial": timedelta(seconds=90)}
LEASE: Final = timedelta(seconds=300)  # longer than RQ lets a job run
ATTEMPTS: Final = 10
_BACKOFF_S: Final = (5, 15, 30, 60, 120, 300, 600)


class Ran(enum.StrEnum):
    DONE = "done"
    LATER = "later"  # it wants to be run again
    FAILED = "failed"  # it is tried again
    GIVEN_UP = "given_up"
    NOT_OURS = "not_ours"  # done, not due, or somebody else has it


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    name: str
    arguments: dict[str, Any]
    attempt: int
    lease_until: datetime


_context: JobContext | None = None


def configure(context: JobContext) -> None:
    """For this process (and what it forks): what `run` gives to the jobs."""
    global _context
    _context = context


def run(job_id: int) -> str:
    """What RQ calls. Raises RuntimeError in a process that was not configured."""
    if _context is None:
        raise RuntimeError("callqueue.jobs.configure() has not been called in this process")
    return execute(_context, job_id).value


def execute(context: JobContext, job_id: int) -> Ran:
    """Claims and runs one job. Never raises for what the job does."""
    claimed = _claim(context, job_id)
    if not isinstance(claimed, _Claimed):
        return claimed
    handler = JOBS.get(claimed.name)
    if handler is None:
        return _failed(context, claimed, f"there is no job named {claimed.name!r}", last=True)
    try:
        again = handler(context, **claimed.arguments)
    except Exception as error:
        last = claimed.attempt >= ATTEMPTS
        log.warning("job failed", job=claimed.id, name=claimed.name, attempt=claimed.attempt, last=last, exc_info=True)
        return _failed(context, claimed, f"{type(error).__name__}: {error}", last=last)
    if again is None:
        _finish(context, claimed, status=JobStatus.DONE, ended_at=context.clock(), last_error="")
        return Ran.DONE
    _finish(context, claimed, status=JobStatus.WAITING, run_at=again, attempts=0, last_error="")
    return Ran.LATER


def run_due(context: JobContext) -> int:
    """Runs what is due here and now, without Redis: for the command line and for tests. How many ran."""
    ran = 0
    while True:
        with context.database.reading() as session:
            due = session.scalars(
                sa.select(Job.id).where(_claimable(context.clock())).order_by(Job.run_at, Job.id).limit(50)
            ).all()
        results = [execute(context, job_id) for job_id in due]
        ran += sum(result is not Ran.NOT_OURS for result in results)
        if all(result is Ran.NOT_OURS for result in results):
            return ran


def _claimable(now: datetime) -> sa.ColumnElement[bool]:
    waits = sa.and_(Job.status == JobStatus.WAITING, Job.run_at <= now)
    return sa.or_(waits, sa.and_(Job.status == JobStatus.RUNNING, Job.lease_until < now))


def _claim(context: JobContext, job_id: int) -> _Claimed | Ran:
    now = context.clock()
    with context.database.transaction() as session:
        name = session.scalar(sa.select(Job.name).where(Job.id == job_id))
        if name is None:
            return Ran.NOT_OURS
        lease_until = now + LEASES.get(name, LEASE)
        statement = (
            sa.update(Job)
            .where(Job.id == job_id, _claimable(now))
            .values(status=JobStatus.RUNNING, lease_until=lease_until, attempts=Job.attempts + 1)
        )
        if changed(session, statement) != 1:
            return Ran.NOT_OURS
        job = session.get_one(Job, job_id)
        claimed = _Claimed(job.id, job.name, dict(job.arguments), job.attempts, lease_until)
    if claimed.attempt > ATTEMPTS:  # it takes its process down with it every time
        return _failed(context, claimed, "the process that ran it died every time", last=True)
    return claimed


def _failed(context: JobContext, claimed: _Claimed, error: str, *, last: bool) -> Ran:
    now = context.clock()
    if last:
        log.error("job given up", job=claimed.id, name=claimed.name, error=error)
        _finish(context, claimed, status=JobStatus.FAILED, ended_at=now, last_error=error[:2000])
        return Ran.GIVEN_UP
    wait_s = _BACKOFF_S[min(claimed.attempt, len(_BACKOFF_S)) - 1]
    _finish(context, claimed, status=JobStatus.WAITING, run_at=now + timedelta(seconds=wait_s), last_error=error[:2000])
    return Ran.FAILED


def _finish(context: JobContext, claimed: _Claimed, **values: Any) -> None:
    """Only if the lease is still ours: whoever claimed it after us has the say."""
    with context.database.transaction() as session:
        ours = sa.update(Job).where(
            Job.id == claimed.id, Job.status == JobStatus.RUNNING, Job.lease_until == claimed.lease_until
        )
        changed(session, ours.values(lease_until=None, **values))
