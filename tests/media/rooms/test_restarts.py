"""Pages that sleep, gateways that restart: whoever waits is not forgotten."""

from __future__ import annotations

import contextlib

import pytest

from database import Database
from media.parts import GatewayParts
from media.rooms import watching
from settings import Settings
from tests.media.phone_client import gateway, phone
from tests.media.rooms.agent_client import agent, hears, speaking
from tests.media.rooms.conftest import People
from tests.media.rooms.talks import TOM_HZ, left_by, legs, offered, talking, until_row
from tests.scenarios import run


def test_a_page_that_answers_nothing_any_more_is_gone(
    parts: GatewayParts, settings: Settings, database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(watching, "ALIVE_WITHIN_S", 1.0)

    async def scenario() -> None:
        async with talking(parts, people.tom) as (_, caller, tom):
            tom.socket.transport.pause_reading()  # the computer sleeps; its socket stays open
            await until_row(database, lambda row: row.agent_id is None)
            await left_by(database, "connection lost")
            await caller.until("caption", who="hotline")
            tom.socket.transport.abort()

    run(scenario())


def test_after_a_restart_of_the_gateway_caller_and_agent_find_each_other_again(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        first = contextlib.AsyncExitStack()
        await first.enter_async_context(gateway(parts))
        async with agent(settings, people.tom) as tom, phone(settings, speed=1.0) as caller:
            await tom.ready()
            up = await caller.start()
            await caller.press("1")
            await offered(tom, up["call"])
            await tom.answer(up["call"])
            since = (await until_row(database, lambda row: row.agent_id is not None)).waiting_since
            await first.aclose()
            assert (await caller.close_reason())[0] == 1012
            assert (await tom.close_reason())[0] == 1012
        row = await until_row(database, lambda row: row.agent_id is None)
        assert row.waiting_since == since
        assert legs(database)[0].left_at is not None
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings, speed=1.0) as caller:
            await tom.ready()
            await caller.start(resume=up["token"])
            await caller.caption("I put you through.")
            await tom.answer(up["call"])
            async with speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)

    run(scenario())
