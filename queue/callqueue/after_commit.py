"""What a commit leaves to be done, done beside the turn: no caller waits for Redis.

A thread of each process takes what several commits left in one go. What it does not get done (Redis is away, the
process ends) the sweep and the pages' own polling find in the rows.
"""

from __future__ import annotations

import atexit
import os
import threading
from queue import SimpleQueue
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from callqueue import live, pushing
from database import Committed

log = structlog.get_logger("jobs")
_LAST_WORDS_S: Final = 1.0


class AfterCommit:
    """`Database.after_commit`: takes note and returns. The thread is made at the first commit, so after any fork."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._left: SimpleQueue[Committed | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._process = 0

    def __call__(self, committed: Committed) -> None:
        if self._process != os.getpid():
            self._start()
        self._left.put(committed)

    def close(self) -> None:
        """Tells what is left, for a second at most. The next commit would begin anew."""
        with self._lock:
            if self._thread is None or self._process != os.getpid():
                return
            self._process = 0
            self._left.put(None)
            self._thread.join(_LAST_WORDS_S)
            atexit.unregister(self.close)

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            self._left = SimpleQueue()
            self._thread = threading.Thread(target=self._work, args=(self._left,), name="after-commit", daemon=True)
            self._thread.start()
            atexit.register(self.close)
            self._process = os.getpid()

    def _work(self, left: SimpleQueue[Committed | None]) -> None:
        while True:
            taken = [left.get()]
            while not left.empty():
                taken.append(left.get())
            done = [committed for committed in taken if committed is not None]
            try:
                self._tell(done)
            except Exception:  # whatever it was: the next commits must still be told, and the sweep finds these
                log.exception("commits_not_told", commits=len(done))
            if len(done) < len(taken):
                return

    def _tell(self, done: list[Committed]) -> None:
        if not pushing.push(self._redis, [job_id for committed in done for job_id in committed.job_ids]):
            return
        try:
            live.publish(self._redis, [notice for committed in done for notice in committed.notices])
        except RedisError as error:
            log.debug("pages are not told, they will look", error=type(error).__name__)
