"""Callers in the line for an agent: how long, in which order, and what they are told meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from database import Database
from media.parts import GatewayParts
from media.rooms import agent_wait
from models import Call
from settings import Settings
from tests.media.only_call import the_call
from tests.media.phone_client import gateway, phone
from tests.media.rooms.agent_client import TestAgent, agent
from tests.media.rooms.conftest import People
from tests.media.rooms.talks import offered, until_row, waits
from tests.scenarios import run


def test_with_nobody_at_work_the_flow_goes_on_at_once(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings) as caller:
            await tom.until("line", state="away")
            await waits(caller)
            await caller.caption("Nobody is there.")
            assert the_call(database).waiting_since is None

    run(scenario())


def test_nobody_waits_longer_than_the_flow_says_or_than_they_want_to(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings) as caller:
            await tom.ready()
            await caller.start()
            await caller.press("3")
            await caller.caption("I put you through.")
            await caller.caption("Nobody had time for you.")
            await caller.press("1")
            await caller.caption("I put you through.")
            await until_row(database, lambda row: row.waiting_since is not None)
            await caller.press("#")
            await caller.caption("Nobody had time for you.")
            assert the_call(database).waiting_since is None

    run(scenario())


def test_who_was_cut_off_goes_before_who_waits_longer_and_a_talk_that_ended_well_is_no_cut(
    parts: GatewayParts, settings: Settings, people: People
) -> None:
    async def stand(line: TestAgent, *calls: str) -> list[bool]:
        """Waits until the line of callers is this; which of them were cut off."""
        async with asyncio.timeout(30):
            while True:
                told = (await line.until("waiting", 30))["calls"]
                if [waiting["call"] for waiting in told] == list(calls):
                    return [waiting["again"] for waiting in told]

    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings) as caller, phone(settings, number="+8613800571002") as later,
        ):  # fmt: skip
            await tom.ready()
            await mei.ready()
            first = await waits(caller)
            await offered(tom, first)
            second = await waits(later)
            await offered(tom, second)
            await tom.answer(second)
            await tom.vanish()
            assert await stand(mei, second, first) == [True, False]
            await mei.answer(first)
            await mei.send("leave")
            await caller.caption("It was good to talk to you.")
            await caller.press("1")
            await caller.caption("I put you through.")
            assert await stand(mei, second, first) == [True, False]

    run(scenario())


def test_who_waits_and_loses_their_connection_is_shown_as_away_and_keeps_their_place(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async def order(*expected: tuple[str, bool]) -> None:
            async with asyncio.timeout(30):
                while True:
                    told = await tom.until("waiting")
                    if [(waiting["call"], waiting["away"]) for waiting in told["calls"]] == list(expected):
                        return

        async with (
            gateway(parts), agent(settings, people.tom) as tom,
            phone(settings, speed=1.0, number="+8613800571002") as later,
        ):  # fmt: skip
            await tom.ready()
            async with phone(settings, speed=1.0) as caller:
                up = await caller.start()
                await caller.press("1")
                await offered(tom, up["call"])
                second = await waits(later)
                await order((up["call"], False), (second, False))
                await caller.vanish()
            await order((second, False), (up["call"], True))
            await tom.send("answer", call=up["call"])
            await tom.until("error", code="caller_lost")
            async with phone(settings, speed=1.0) as caller:
                await caller.start(resume=up["token"])
                await order((up["call"], False), (second, False))
                await tom.answer(up["call"])

    run(scenario())


def test_who_waits_is_told_now_and_then_that_they_are_not_forgotten(
    parts: GatewayParts, settings: Settings, database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_wait, "COMFORT_S", 0.3)

    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings) as caller:
            await tom.ready()
            await waits(caller)
            for _ in range(2):
                told = await caller.until("caption", who="hotline")
                assert told["text"].startswith("All our agents are still talking.")

    run(scenario())


def test_a_call_taken_by_a_process_that_died_before_it_joined_waits_on(
    parts: GatewayParts, settings: Settings, database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_wait, "CLAIMED_S", 0.2)

    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings) as caller:
            await tom.ready()
            call = await waits(caller)
            await offered(tom, call)
            with database.transaction() as db:
                db.get_one(Call, call).agent_id = people.mei.id
            await tom.until("waiting", calls=[])
            await offered(tom, call)
            await tom.answer(call)

    run(scenario())
