"""The worker: takes ids of jobs from Redis and runs them in this process.

Not RQ's forking worker: a job of ours is a row with a lease and a time limit of its own, so a worker that dies with
one is survived, and not forking keeps the connections and is five times as fast.
"""

from __future__ import annotations

import time

import redis
import structlog
from rq import Queue, SimpleWorker

import metrics
from processes.heartbeat import Heartbeat
from settings import Settings

log = structlog.get_logger()

QUEUE = "hotline"
_RETRY_S = 2.0


def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT; a job under way is finished first. Waits for a Redis that is away."""
    metrics.prepare_alone(settings.home / "metrics" / "worker")
    from app import build
