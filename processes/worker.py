"""The worker: takes ids of jobs from Redis and runs them in this process.

Not RQ's forking worker: a job of ours is a row with a lease, so a worker that dies with one is survived, and not
forking keeps the connections open and is five times as fast. While Redis is away due jobs are found in the rows.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

import redis
import structlog
from rq import Queue, SimpleWorker
from sqlalchemy.exc import SQLAlchemyError

import metrics
from callqueue import jobs
from callqueue.pushing import QUEUE
from processes.heartbeat import Heartbeat
from settings import Settings

log = structlog.get_logger()

LOOK_EVERY_S = 3.0
_RETRY_S = 1.0


def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT; a job under way is finished first."""
    metrics.prepare_alone(settings.home / "metrics" / "worker")
    from app import build, job_context

    hotline = build(settings)
    context = job_context(hotline)
    jobs.configure(context)
    stopped = threading.Event()
    heartbeat = Heartbeat(hotline.database, "worker").start()
    looking = threading.Thread(target=_work_without_redis, args=(context, stopped), name="without-redis", daemon=True)
    looking.start()
    _work(settings, stopped)
    looking.join(timeout=5)
    heartbeat.stop()
    hotline.database.dispose()


class _Worker(SimpleWorker):
    def __init__(self, connection: redis.Redis, stopped: threading.Event) -> None:
        super().__init__([Queue(QUEUE, connection=connection)], connection=connection)
        self._stopped = stopped

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopped.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        if self._stopped.is_set():  # told to stop after we began and before RQ listened
            self._stop_requested = True


def _work(settings: Settings, stopped: threading.Event) -> None:
    """RQ's worker ends when Redis does; then another one is begun. Returns when told to stop."""
    if settings.redis.url is None:
        _wait_for_signal()
        stopped.set()
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())  # RQ puts its own in their place while it works
    connection = redis.Redis.from_url(settings.redis.url)
    while not stopped.is_set():
        try:
            _Worker(connection, stopped).work(logging_level="WARNING")
        except redis.RedisError as problem:
            log.warning("redis is away; due jobs are found in the rows", problem=type(problem).__name__)
        stopped.wait(_RETRY_S)


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    told.wait()


def _work_without_redis(context: jobs.JobContext, stopped: threading.Event) -> None:
    """Several workers may do this at once, and beside Redis: a job is claimed before it is run."""
    while not stopped.wait(LOOK_EVERY_S):
        if _answers(context.settings.redis.url):
            continue
        try:
            jobs.run_due(context)
        except SQLAlchemyError as problem:
            log.warning("the database is away; jobs wait", problem=type(problem).__name__)


def _answers(url: str | None) -> bool:
    if url is None:
        return False
    client = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=None)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return False
    finally:
        client.close()
    return True
