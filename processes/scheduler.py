"""The scheduler: looks at the rows every few seconds for what is due, so that a job lost in Redis is not lost.

Everything it does is compare-and-set on rows or a job under a key, so a second scheduler does no harm.
"""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

import metrics
from callqueue import jobs
from database import Database
from outbox import add_job
from processes.heartbeat import Heartbeat
from settings import Settings

log = structlog.get_logger()

SWEEP_EVERY_S = 2.0
DAILY_JOBS = ("recordings.expire",)
DAILY_AT_HOUR = 3  # local time: the quietest hour of a hotline


def run(settings: Settings) -> None:
    """Sweeps until SIGTERM or SIGINT."""
    metrics.prepare_alone(settings.home / "metrics" / "scheduler")
    from app import build

    hotline = build(settings)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    heartbeat = Heartbeat(hotline.database, "scheduler").start()
    failing = False
    while not stopped.wait(SWEEP_EVERY_S):
        try:
            now = datetime.now(UTC)
            add_daily_jobs(hotline.database, settings, now)
            jobs.sweep(hotline, now)
            failing = False
        except SQLAlchemyError as problem:
            if not failing:
                log.warning("the database is away; the sweep goes on when it is back", problem=type(problem).__name__)
            failing = True
    heartbeat.stop()
    hotline.database.dispose()


def add_daily_jobs(database: Database, settings: Settings, now: datetime) -> None:
    """Each daily job once a day, after DAILY_AT_HOUR in the utility's zone."""
    local = now.astimezone(ZoneInfo(settings.utility.time_zone))
    day = (local - timedelta(hours=DAILY_AT_HOUR)).date()
    with database.transaction() as session:
        for name in DAILY_JOBS:
            add_job(session, name, key=f"{name}/{day}", now=now)
