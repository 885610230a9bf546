"""Saying "something changed" over Redis: to open pages, and to gateways that have phones to ring.

Both look at the rows on their own as well, so a message that is lost costs a second or two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger("live")

LIVE: Final = "hotline:live"  # JSON {"topic": "ticket" | "call", "id": str}
RING: Final = "hotline:ring"  # JSON {"number": E.164}


def publish(redis: Redis, notices: Iterable[tuple[str, str]]) -> None:
    """`notices`: topic and id of each row that changed; each is told once. Raises redis.exceptions.RedisError."""
    told = list(dict.fromkeys(notices))
    if not told:
        return
    with redis.pipeline(transaction=False) as pipe:
        for topic, row_id in told:
            pipe.publish(LIVE, json.dumps({"topic": topic, "id": row_id}))
        pipe.execute()


def nudge_phones(redis: Redis | None, number: str) -> None:
    if redis is None:
        return
    try:
        redis.publish(RING, json.dumps({"number": number}))
    except RedisError as error:
        log.debug("gateways are not nudged, they will look", error=type(error).__name__)
