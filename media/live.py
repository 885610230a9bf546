"""Live updates of pages: what changed, as heard over Redis, or seen in the database when Redis is away.

A page is told {"topic", "id", "sequence"}; the sequence is the highest ticket event there is, so that a page that comes
back with an older one knows that it missed something.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import orjson
import redis.asyncio
import redis.exceptions
import sqlalchemy as sa
import structlog
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from media.parts import GatewayParts
from media.rows import Rows
from media.taping.live_lines import TRANSCRIPT, read_line
from media.watching import Watching
from models import Standing, TicketEvent

log = structlog.get_logger("media")
LIVE: Final = "hotline:live"
RING: Final = "hotline:ring"
LONGEST_RETRY_S = 10.0
MOST_UNSENT_BYTES = 256 * 1024


class LiveHub:
    """`on_ring` is called when somebody says over Redis that there is a call to ring, `on_call` when a call or an
    agent's line has changed."""

    def __init__(
        self, parts: GatewayParts, rows: Rows, on_ring: Callable[[], None], on_call: Callable[[], None]
    ) -> None:
        self._parts = parts
        self._rows = rows
        self._on_ring = on_ring
        self._on_call = on_call
        self.watching = Watching(parts.settings)
        self._pages: set[ServerConnection] = set()
        self._sequence = 0
        self._standing: tuple[int | None, int | None] = (None, None)  # publication of flows, change of storm mode
        self._told: tuple[int, tuple[int | None, int | None]] = (self._sequence, self._standing)  # what the pages know

    @property
    def pages(self) -> int:
        return len(self._pages)

    async def serve_page(self, connection: ServerConnection) -> None:
        """Until the page leaves. It may say which call it watches; what else it sends means nothing."""
        await self._look()
        self._tell_unless_told()  # what a new page makes us see is news to those that were there
        self._pages.add(connection)
        try:
            await connection.send(_message("hello", "", self._sequence))
            async for raw in connection:
                self.watching.heard(connection, raw)
        except ConnectionClosed:
            pass
        finally:
            self._pages.discard(connection)
            self.watching.left(connection)

    async def poll(self) -> None:
        """Looks at the database now and then, until cancelled: what Redis does not tell is seen a little later."""
        while True:
            await asyncio.sleep(self._parts.limits.live_poll_s)
            if self._pages:
                await self._look()
                self._tell_unless_told()

    async def listen(self) -> None:
        """Listens to Redis, until cancelled. A connection that is lost is made again, in growing intervals."""
        if self._parts.redis_url is None:
            return
        retry_s = 0.2
        while True:
            # A client of its own: one that blocks on reading must not have the others' time-out.
            client = redis.asyncio.Redis.from_url(self._parts.redis_url, socket_timeout=None, socket_connect_timeout=5)
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as listening:
                    await listening.subscribe(LIVE, RING, TRANSCRIPT)
                    retry_s = 0.2
                    async for message in listening.listen():
                        await self._heard(message["channel"], message["data"])
            except (redis.exceptions.RedisError, OSError) as error:
                log.warning("live_updates_without_redis", error=str(error)[:200], again_in_s=retry_s)
            finally:
                await client.aclose()
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    async def _heard(self, channel: bytes, data: bytes) -> None:
        if channel == RING.encode():
            self._on_ring()
            return
        if channel == TRANSCRIPT.encode():
            if (line := read_line(data)) is not None:
                self.watching.tell(*line)
            return
        try:
            told = orjson.loads(data)
            topic, row_id = str(told["topic"]), str(told["id"])
        except (orjson.JSONDecodeError, TypeError, KeyError):
            log.warning("live_update_not_understood", data=data[:200])
            return
        if topic in ("call", "line"):
            self._on_call()
        if self._pages:
            await self._look()
            self._tell(topic, row_id)

    async def _look(self) -> None:
        def read() -> tuple[int, tuple[int | None, int | None]]:
            with self._parts.database.reading() as db:
                row = db.execute(sa.select(Standing.publication_id, Standing.storm_change_id)).first()
                return db.scalar(sa.select(sa.func.max(TicketEvent.id))) or 0, (row[0], row[1]) if row else (None, None)

        try:
            self._sequence, self._standing = await self._rows.run(read)
        except sa.exc.SQLAlchemyError as error:
            log.warning("live_updates_without_database", error=str(error)[:200])

    def _tell_unless_told(self) -> None:
        sequence, standing = self._told
        if self._sequence != sequence:
            self._tell("ticket", "")
        elif self._standing != standing:
            self._tell("standing", "")

    def _tell(self, topic: str, row_id: str) -> None:
        for page in list(self._pages):
            if page.transport.get_write_buffer_size() > MOST_UNSENT_BYTES:
                self._pages.discard(page)  # does not read; it comes back when it is awake again
                page.transport.abort()
        broadcast(self._pages, _message(topic, row_id, self._sequence))
        self._told = (self._sequence, self._standing)


def _message(topic: str, row_id: str, sequence: int) -> str:
    return orjson.dumps({"topic": topic, "id": row_id, "sequence": sequence}).decode()
