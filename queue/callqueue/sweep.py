"""One look at the rows for what got lost: jobs that are due, calls nobody ended, attempts nobody heard of.

Everything is a compare-and-set or a job under a key, so any number of sweeps may run at once. A row that cannot be
swept is logged and does not keep the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import sqlalchemy as sa
import structlog
from redis import Redis
from redis.exceptions import RedisError

from callqueue import attempts, outbound, pushing
from callqueue.compare_and_set import changed
from callqueue.context import JobContext
from database import Database
from models import (
    Call,
    CallStatus,
    Channel,
    Job,
    JobStatus,
    OutboundAttempt,
    OutboundCall,
    OutboundStatus,
)
from settings import Settings

log = structlog.get_logger("sweep")
BATCH: Final = 200
LOST_AFTER: Final = timedelta(seconds=30)  # a row that is due that long has no job that will see to it

CallEnder = Callable[[str, CallStatus, str], bool]  # ivr.runner.Runner.ended


@dataclass(frozen=True, slots=True)
class SweepReport:
    jobs_pushed: int = 0
    calls_ended: int = 0
    attempts_ended: int = 0
    dials_recovered: int = 0


class _Runner(Protocol):
    def ended(self, call_id: str, status: CallStatus, reason: str) -> bool: ...


class SweptParts(Protocol):
    """The parts of the house that a sweep needs."""

    @property
    def database(self) -> Database: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def redis(self) -> Redis | None: ...
    @property
    def runner(self) -> _Runner: ...


def sweep(parts: SweptParts, now: datetime) -> SweepReport:
    """One pass over everything. Raises SQLAlchemyError when the database is away."""
    return _sweep(parts.database, parts.settings, parts.redis, parts.runner.ended, now)


def run_sweep(context: JobContext, *, runner_ended: CallEnder) -> SweepReport:
    """The same, for who has a job context instead."""
    return _sweep(context.database, context.settings, context.redis, runner_ended, context.clock())


def _sweep(
    database: Database, settings: Settings, redis: Redis | None, end_call: CallEnder, now: datetime
) -> SweepReport:
    report = _stale_attempts(database, settings, end_call, now)
    return replace(
        report,
        calls_ended=_expired_calls(database, end_call, now),
        dials_recovered=report.dials_recovered + _forgotten_callbacks(database, now),
        jobs_pushed=_due_jobs(database, redis, now),
    )


def _due_jobs(database: Database, redis: Redis | None, now: datetime) -> int:
    """Pushes jobs that are due, or whose process died, unless they are in the queue already."""
    if redis is None:
        return 0
    due = sa.select(Job.id).where(Job.status == JobStatus.WAITING, Job.run_at <= now)
    died = sa.select(Job.id).where(Job.status == JobStatus.RUNNING, Job.lease_until < now)
    with database.reading() as session:
        ids = [
            *session.scalars(due.order_by(Job.run_at).limit(BATCH)),
            *session.scalars(died.order_by(Job.lease_until).limit(BATCH)),
        ]
    if not ids:
        return 0
    try:
        queued = pushing.waiting(redis)
    except RedisError:
        queued = frozenset()
    lost = [job_id for job_id in ids if job_id not in queued]
    return len(lost) if pushing.push(redis, lost) else 0


def _expired_calls(database: Database, end_call: CallEnder, now: datetime) -> int:
    """A call that nobody ended: the carrier's last word was lost, or the gateway died with it."""
    unfinished = (CallStatus.QUEUED, CallStatus.RINGING, CallStatus.IN_PROGRESS)
    with database.reading() as session:
        expired = session.execute(
            sa.select(Call.id, Call.status)
            .where(Call.status.in_(unfinished), Call.expires_at <= now)
            .order_by(Call.expires_at)
            .limit(BATCH)
        ).all()
    ended = 0
    for call_id, status in expired:
        talked = status is CallStatus.IN_PROGRESS
        final = CallStatus.COMPLETED if talked else CallStatus.FAILED
        ended += _guarded(end_call, call_id, final, "expired" if talked else "the carrier could not be reached")
    return ended


def _stale_attempts(database: Database, settings: Settings, end_call: CallEnder, now: datetime) -> SweepReport:
    with database.reading() as session:
        stale = session.execute(
            sa.select(OutboundCall.id, OutboundCall.attempts, Call)
            .join(
                OutboundAttempt,
                sa.and_(
                    OutboundAttempt.outbound_call_id == OutboundCall.id, OutboundAttempt.number == OutboundCall.attempts
                ),
            )
            .join(Call, Call.id == OutboundAttempt.call_id)
            .where(OutboundCall.status == OutboundStatus.CALLING, OutboundCall.lease_until < now)
            .order_by(OutboundCall.lease_until)
            .limit(BATCH)
        ).all()
    ended = recovered = 0
    for outbound_id, number, call in stale:
        if call.status.final:  # ended by something that did not tell us
            ended += _guarded(_tell_ended, database, settings, call.id, now)
        elif call.status is CallStatus.IN_PROGRESS:
            _guarded(_renew, database, outbound_id, (call.expires_at or now) + attempts.NO_WORD_FOR)
        elif call.channel is Channel.TWILIO and call.status is CallStatus.QUEUED and call.provider_id is None:
            recovered += _guarded(_rearm, database, outbound_id, number, now)
        else:
            ended += _guarded(end_call, call.id, CallStatus.NO_ANSWER, "nothing was heard of it")
    return SweepReport(attempts_ended=ended, dials_recovered=recovered)


def _forgotten_callbacks(database: Database, now: datetime) -> int:
    """Call-backs that should have begun: their job was given up, or was never written."""
    with database.reading() as session:
        overdue = session.execute(
            sa.select(OutboundCall.id, OutboundCall.attempts)
            .where(OutboundCall.status == OutboundStatus.WAITING, OutboundCall.not_before < now - LOST_AFTER)
            .order_by(OutboundCall.not_before)
            .limit(BATCH)
        ).all()
    return sum(_guarded(_rearm, database, outbound_id, made + 1, now) for outbound_id, made in overdue)


def _rearm(database: Database, outbound_id: int, number: int, now: datetime) -> bool:
    """Has the job of attempt `number` run (again). Not while it waits or runs."""
    with database.transaction() as session:
        job = session.scalar(sa.select(Job).where(Job.key == attempts.job_key(outbound_id, number)))
        if job is None:
            row = session.get_one(OutboundCall, outbound_id)
            if row.status is not OutboundStatus.WAITING or row.attempts + 1 != number:
                return False
            attempts.schedule(session, row, now)
            return True
        over = sa.update(Job).where(Job.id == job.id, Job.status.in_((JobStatus.DONE, JobStatus.FAILED)))
        return changed(session, over.values(status=JobStatus.WAITING, run_at=now, attempts=0, ended_at=None)) == 1


def _renew(database: Database, outbound_id: int, until: datetime) -> bool:
    with database.transaction() as session:
        calling = sa.update(OutboundCall).where(
            OutboundCall.id == outbound_id, OutboundCall.status == OutboundStatus.CALLING
        )
        return changed(session, calling.values(lease_until=until)) == 1


def _tell_ended(database: Database, settings: Settings, call_id: str, now: datetime) -> bool:
    with database.transaction() as session:
        outbound.attempt_ended(session, session.get_one(Call, call_id), now, settings)
    return True


def _guarded(act: Callable[..., bool], *arguments: object) -> bool:
    """One row's trouble is logged and stays its own."""
    try:
        return act(*arguments)
    except Exception:
        log.exception("a row could not be swept", act=getattr(act, "__name__", str(act)), arguments=arguments[-2:])
        return False
