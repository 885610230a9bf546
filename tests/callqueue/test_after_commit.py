"""What a commit leaves to be done reaches Redis without the commit waiting for it."""

from __future__ import annotations

import json
import socket
import threading
import time

import pytest
from redis import Redis
from rq import Queue

from callqueue import live, pushing
from callqueue.after_commit import AfterCommit
from database import Committed
from tests.conftest import Valkey


def test_jobs_are_pushed_and_pages_are_told(valkey: Valkey) -> None:
    ear = valkey.client.pubsub()
    ear.subscribe(live.LIVE)
    ear.get_message(timeout=2)
    redis = pushing.connect(valkey.url)
    after = AfterCommit(redis)
    after(Committed([7], [("ticket", "3")]))
    after(Committed([], [("call", "abc")]))
    told = [json.loads(message["data"]) for _ in range(2) if (message := ear.get_message(timeout=5))]
    assert told == [{"topic": "ticket", "id": "3"}, {"topic": "call", "id": "abc"}]
    assert Queue(pushing.QUEUE, connection=redis).get_job_ids() == ["hotline-7"]
    ear.close()
    after.close()
    redis.close()


def test_a_redis_that_hangs_costs_a_commit_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "_away_until", 0.0)  # put back afterwards: the next tests have a Redis
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # who connects is not answered
        redis = pushing.connect(f"redis://127.0.0.1:{nobody.getsockname()[1]}")
        after = AfterCommit(redis)
        began = time.perf_counter()
        for job_id in range(100):
            after(Committed([job_id], []))
        assert time.perf_counter() - began < 0.3, "less than one try takes"
    after.close()
    redis.close()


def test_what_is_left_at_the_end_is_told_and_nothing_works_on(valkey: Valkey) -> None:
    redis = pushing.connect(valkey.url)
    after = AfterCommit(redis)
    for again in range(2):
        for job_id in range(50):
            after(Committed([again * 50 + job_id], []))
        after.close()
        assert len(Queue(pushing.QUEUE, connection=redis).get_job_ids()) == 50 * (again + 1)
        assert "after-commit" not in {thread.name for thread in threading.enumerate()}
        after.close()
    redis.close()


def test_a_redis_client_that_breaks_in_an_unheard_of_way_costs_one_try(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = pushing.connect(valkey.url)
    tries: list[int] = []
    publish = live.publish

    def breaks_once(client: Redis, notices: list[tuple[str, str]]) -> None:
        tries.append(len(notices))
        if len(tries) == 1:
            raise AttributeError("its connection was taken away in the middle of an answer")
        publish(client, notices)

    monkeypatch.setattr(live, "publish", breaks_once)
    ear = valkey.client.pubsub()
    ear.subscribe(live.LIVE)
    ear.get_message(timeout=2)
    after = AfterCommit(redis)
    after(Committed([], [("ticket", "3")]))
    deadline = time.monotonic() + 5
    while not tries and time.monotonic() < deadline:
        time.sleep(0.01)
    after(Committed([], [("ticket", "4")]))
    message = ear.get_message(timeout=5)
    assert message is not None
    assert json.loads(message["data"]) == {"topic": "ticket", "id": "4"}
    ear.close()
    after.close()
    redis.close()
