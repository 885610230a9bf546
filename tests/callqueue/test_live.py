"""Open pages and gateways are told that something has changed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import redis

from callqueue import live
from callqueue.pushing import connect
from tests.conftest import Valkey


def heard(listener: redis.client.PubSub) -> list[dict[str, str]]:
    said = []
    while (message := listener.get_message(timeout=0.3)) is not None:
        if message["type"] == "message":
            said.append({"channel": message["channel"], **json.loads(message["data"])})
    return said


def test_each_row_that_changed_is_told_once(valkey: Valkey) -> None:
    listener = valkey.client.pubsub()
    listener.subscribe(live.LIVE, live.RING)
    client = redis.Redis.from_url(valkey.url)
    live.publish(client, [("ticket", "5"), ("call", "ab"), ("ticket", "5")])
    live.publish(client, [])
    live.nudge_phones(client, "+8613800571001")
    assert heard(listener) == [
        {"channel": "hotline:live", "topic": "ticket", "id": "5"},
        {"channel": "hotline:live", "topic": "call", "id": "ab"},
        {"channel": "hotline:ring", "number": "+8613800571001"},
    ]
    listener.close()
    client.close()


def test_without_redis_phones_are_not_nudged_and_nothing_breaks(tmp_path: Path) -> None:
    away = connect(f"unix://{tmp_path}/none")
    began = time.monotonic()
    live.nudge_phones(None, "+8613800571001")
    live.nudge_phones(away, "+8613800571001")
    with pytest.raises(redis.ConnectionError):
        live.publish(away, [("ticket", "5")])
    assert time.monotonic() - began < 1, "a turn of a call must not wait for Redis"
