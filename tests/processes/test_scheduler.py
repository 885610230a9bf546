"""What the scheduler adds of its own: daily jobs, once a day, at night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from database import Database
from models import Installation, Job
from processes import heartbeat, scheduler
from processes.heartbeat import Heartbeat, ages_s
from settings import Settings
from tests.processes.running import wait_for

THREE_AT_NIGHT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)  # in Shanghai


def keys(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Job.key).order_by(Job.id)))


def test_a_daily_job_is_added_once_a_day_after_three_at_night(database: Database, settings: Settings) -> None:
    before, after = THREE_AT_NIGHT - timedelta(seconds=1), THREE_AT_NIGHT
    for now in (before, after, after, after + timedelta(hours=23, minutes=59)):
        scheduler.add_daily_jobs(database, settings, now)
    assert keys(database) == ["recordings.expire/2026-11-22", "recordings.expire/2026-11-23"]


def test_a_heartbeat_beats_at_once_and_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "EVERY_S", 0.05)

    def beats() -> datetime | None:
        with database.reading() as session:
            row = session.get(Installation, "heartbeat:worker")
            return row.at if row else None

    beating = Heartbeat(database, "worker").start()
    first = wait_for(beats, 5, "the first beat")
    wait_for(lambda: beats() != first, 5, "the next beat")
    beating.stop()
    with database.reading() as session:
        ages = ages_s(session, datetime.now(UTC))
    assert set(ages) == {"worker"}
    assert 0 <= ages["worker"] < 5
