"""The process that runs jobs, as Redis names them.

RQ's SimpleWorker: jobs run in this process, one at a time. A fork per job costs four times as much, and protects from
nothing that matters here: the row's lease outlives whoever runs it, and the supervisor starts a dead worker again.
"""

from __future__ import annotations

import time
from types import FrameType
from typing import Final

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested

from callqueue import jobs
from callqueue.context import JobContext
from callqueue.pushing import QUEUE

log = structlog.get_logger("worker")
_WAIT_S: Final = 1.0


class _Worker(SimpleWorker):
    asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def run_worker(context: JobContext, redis_url: str, *, burst: bool = False) -> None:
    """Runs jobs until SIGTERM or SIGINT; the job under way is finished first. In the main thread only (signals).

    A Redis that goes away is waited for, however long. `burst`: returns when the queue is empty.
    """
    jobs.configure(context)
    away = False
    while True:
        # no socket timeout: this client waits for jobs; bytes, as RQ wants them
        redis = Redis.from_url(
            redis_url, socket_timeout=None, socket_keepalive=True, retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), 2)
        )
        worker: _Worker | None = None
        try:
            worker = _Worker([Queue(QUEUE, connection=redis)], connection=redis)
            worker.work(burst=burst, logging_level="WARNING")
            if burst or worker.asked_to_stop:
                return
            log.warning("the worker stopped and starts again")
        except RedisError as error:
            if worker is not None and worker.asked_to_stop:
                return
            if not away:
                log.warning("redis is away; the worker waits for it", error=type(error).__name__)
            away = True
        except StopRequested:
            return
        finally:
            redis.close()
        try:
            time.sleep(_WAIT_S)
        except StopRequested:  # a signal while we wait: the handlers are still the last worker's
            return
