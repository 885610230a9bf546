"""Lines of calls in progress on their way to the pages that watch: over Redis to every gateway, else within our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import redis.asyncio
import redis.exceptions
import structlog

log = structlog.get_logger("media")
TRANSCRIPT: Final = "hotline:transcript"
MOST_WAITING: Final = 500
RETRY_S: Final = 5.0

Here = Callable[[str, Mapping[str, Any]], None]


class LiveLines:
    """`here` takes a call's id and a line; used where there is no Redis. Made inside the running loop."""

    def __init__(self, redis_url: str | None) -> None:
        self.here: Here = lambda _call, _line: None
        self._redis_url = redis_url
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    def tell(self, call_id: str, line: Mapping[str, Any]) -> None:
        """Never waits: what nobody takes in time is dropped, for the rows of the transcript hold it as well."""
        if self._redis_url is None:
            self.here(call_id, line)
        elif not self._waiting.full():
            self._waiting.put_nowait(orjson.dumps({"call": call_id, "line": line}))

    async def serve(self) -> None:
        """Publishes, until cancelled."""
        if self._redis_url is None:
            return
        client = redis.asyncio.Redis.from_url(self._redis_url, socket_timeout=2, socket_connect_timeout=2)
        try:
            while True:
                told = await self._waiting.get()
                try:
                    await client.publish(TRANSCRIPT, told)
                except (redis.exceptions.RedisError, OSError) as error:
                    log.debug("live_lines_not_told", error=type(error).__name__)
                    await asyncio.sleep(RETRY_S)
        finally:
            await client.aclose()


def read_line(data: bytes) -> tuple[str, Mapping[str, Any]] | None:
    """What was published; None when it is none of ours."""
    try:
        told = orjson.loads(data)
        return str(told["call"]), dict(told["line"])
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError):
        log.warning("live_line_not_understood", data=data[:200])
        return None
