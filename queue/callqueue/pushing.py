"""Telling the workers "now", after a commit. Without Redis nothing is lost: the sweep pushes what is still due."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from typing import Final

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

log = structlog.get_logger("jobs")

QUEUE: Final = "hotline"
RUN: Final = "callqueue.jobs.run"
TIMEOUT_S: Final = 240  # RQ ends a job after that; less than the lease of the job's row
_QUIET_FOR_S: Final = 2.0  # after a failure, Redis is left alone: a turn of a call must not wait for it

_lock = threading.Lock()
_away_until = 0.0
_said_so = False


def connect(url: str) -> Redis:
    """A client for pushing and publishing from web and media: short timeouts, one retry for a connection gone stale.

    Bytes in and out: with `decode_responses` RQ leaves its jobs in the queue without a word.
    """
    return Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 1))


def push(redis: Redis, job_ids: Collection[int]) -> bool:
    """Whether Redis has them. Never raises for Redis; that it is gone is logged once, as is its return.

    False also for no jobs while Redis was gone a moment ago: then there is no use in telling it anything else.
    """
    global _away_until, _said_so
    if time.monotonic() < _away_until:
        return False
    if not job_ids:
        return True
    try:
        queue = Queue(QUEUE, connection=redis)
        for job_id in job_ids:
            queue.enqueue_call(
                RUN, args=(job_id,), job_id=_rq_id(job_id), timeout=TIMEOUT_S, result_ttl=0, failure_ttl=3600
            )
    except RedisError as error:
        with _lock:
            _away_until = time.monotonic() + _QUIET_FOR_S
            if not _said_so:
                log.warning("redis is away; jobs wait for the sweep", error=type(error).__name__)
            _said_so = True
        return False
    with _lock:
        if _said_so:
            log.info("redis is back")
        _said_so = False
    return True


def waiting(redis: Redis) -> frozenset[int]:
    """Ids of the jobs that are in the queue already. Raises RedisError."""
    ids = Queue(QUEUE, connection=redis).get_job_ids()
    return frozenset(int(rq_id.removeprefix(_RQ_PREFIX)) for rq_id in ids if rq_id.startswith(_RQ_PREFIX))


_RQ_PREFIX: Final = "hotline-"


def _rq_id(job_id: int) -> str:
    return f"{_RQ_PREFIX}{job_id}"
