"""Agents on calls that Twilio carries to us as a stream: joined, given back, put through to a telephone by Twilio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from database import Database
from ivr.flow_store import FlowStore
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from media.parts import GatewayParts
from models import CallStatus, CallTurn, Role, User
from settings import Settings
from tests.ivr.conftest import AGENT, SHARED
from tests.media.gateway_parts import FLOW
from tests.media.only_call import the_call
from tests.media.phone_client import TestPhone, gateway
from tests.media.rooms.agent_client import TestAgent, agent, hears, speaking
from tests.media.twilio_calls import (
    CALLER,
    NUMBER_WITHOUT_STREAMS,
    Twilio,
    at_turn,
    english,
    heard_something,
    settings,
    twilio,
)
from tests.scenarios import run, until

__all__ = ["settings", "twilio"]


@pytest.fixture
def runner(database: Database, settings: Settings) -> Runner:
    """Key 4 puts the caller through to agents; where that fails they come back to the menu."""
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    main = FLOW.replace('to: "+8613800000000"', "to: agents, timeout_s: 60")
    flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": main}, datetime.now(UTC))
    return Runner(database, flows, ServiceRegistry([]), english(settings))


@pytest.fixture
def by_webhook(settings: Settings, runner: Runner) -> Twilio:
    """A call to the number that has no streams."""
    return Twilio(settings, runner, to=NUMBER_WITHOUT_STREAMS)


@pytest.fixture
def tom(database: Database) -> User:
    made = User(username="tom", name="Tom", role=Role.AGENT, password_hash="x", language="en")
    with database.transaction() as db:
        db.add(made)
    return made


@contextlib.asynccontextmanager
async def working(parts: GatewayParts, user: User) -> AsyncIterator[TestAgent]:
    """A gateway, and an agent who is ready to answer."""
    async with gateway(parts), agent(parts.settings, user) as made:
        await made.ready()
        yield made


@contextlib.asynccontextmanager
async def talking(twilio: Twilio, at_work: TestAgent, database: Database) -> AsyncIterator[TestPhone]:
    """A call over a stream, put through to the agent, who has answered it."""
    async with twilio.first_stream() as caller:
        await caller.press("4")
        await answered(at_work, caller, database)
        yield caller


async def answered(at_work: TestAgent, caller: TestPhone, database: Database) -> None:
    """The agent answers the one who waits on this stream."""
    await until(lambda: the_call(database).waiting_since is not None, within_s=10)
    await heard_something(caller)
    await at_work.answer(the_call(database).id)


def last_event(database: Database) -> dict[str, Any]:
    with database.reading() as db:
        return db.scalars(sa.select(CallTurn.event).order_by(CallTurn.number.desc()).limit(1)).one()


def test_a_caller_by_webhook_is_joined_to_agents_over_a_stream(
    parts: GatewayParts, by_webhook: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            assert (await by_webhook.rings()).kind == "gather"
            put_through = await asyncio.to_thread(by_webhook.call.press, "4")
            assert put_through.kind == "connect"
            async with by_webhook.next_stream() as caller:
                await at_turn(database, 2)  # nobody is at work: the flow goes on, over the stream
                await caller.press("3")
                assert (await caller.close_reason())[0] == 1000
            assert (await by_webhook.goes_on()).kind == "over"

    run(scenario())


def test_an_agent_answers_a_caller_by_webhook(
    parts: GatewayParts, by_webhook: Twilio, database: Database, tom: User
) -> None:
    async def scenario() -> None:
        async with working(parts, tom) as at_work:
            assert (await by_webhook.rings()).kind == "gather"
            assert (await asyncio.to_thread(by_webhook.call.press, "4")).kind == "connect"
            async with by_webhook.stream() as caller:
                told = await at_work.until("waiting")
                while not told["calls"]:
                    told = await at_work.until("waiting")
                assert [call["from"] for call in told["calls"]] == ["+86 138 •••• •001"]
                joined = await at_work.answer(told["calls"][0]["call"])
                assert joined["from"] == CALLER
                async with speaking(at_work, 1500), speaking(caller, 700):
                    await hears(caller, 1500)
                    await hears(at_work, 700)
                await at_work.send("leave")
                await at_turn(database, 2)  # the talk is over: the flow goes on, over the stream
                await caller.press("3")
                assert (await caller.close_reason())[0] == 1000
            assert (await by_webhook.goes_on()).kind == "over"
            row = the_call(database)
            assert (row.status, row.end_reason) == (CallStatus.COMPLETED, "flow")

    run(scenario())


def test_twilio_puts_a_caller_through_where_the_agent_says_and_brings_them_back_when_nobody_answers(
    parts: GatewayParts, twilio: Twilio, database: Database, tom: User
) -> None:
    async def scenario() -> None:
        async with working(parts, tom) as at_work:
            async with talking(twilio, at_work, database) as caller:
                waiting_since = the_call(database).waiting_since
                await at_work.send("transfer", to="+8657188880001", stay=True)
                assert (await at_work.until("error"))["code"] == "cannot_stay"
                await at_work.send("transfer", to="+8657188880001")
                await at_work.until("left", reason="transferred")
                await at_work.until("line", state="ready")
                assert (await caller.close_reason())[0] == 1000
            dialled = await twilio.goes_on()
            assert (dialled.kind, dialled.dialled) == ("dial", "+8657188880001")
            row = the_call(database)
            assert (row.put_through_to, row.agent_id, row.waiting_since) == ("+8657188880001", tom.id, waiting_since)
            back = await asyncio.to_thread(twilio.call.dial_ended, "no-answer")
            assert back.kind == "connect"
            assert the_call(database).put_through_to is None
            async with twilio.stream() as caller:
                await answered(at_work, caller, database)
                assert the_call(database).waiting_since == waiting_since, "they have kept their place"
                await at_work.send("transfer", to="+8657188880002")
                await at_work.until("left", reason="transferred")
            assert (await twilio.goes_on()).dialled == "+8657188880002"
            after = await asyncio.to_thread(twilio.call.dial_ended, "completed", 65)
            assert after.kind == "connect", "the flow goes on when the talk is over"
            row = the_call(database)
            assert (row.turn, row.waiting_since, row.agent_id, row.put_through_to) == (2, None, None, None)
            event = last_event(database)
            assert (event["kind"], event["status"], event["seconds"]) == ("dial_ended", "answered", 65.0)

    run(scenario())


def test_a_caller_who_hangs_up_while_twilio_dials_for_an_agent_is_gone(
    parts: GatewayParts, twilio: Twilio, database: Database, tom: User
) -> None:
    async def scenario() -> None:
        async with working(parts, tom) as at_work:
            async with talking(twilio, at_work, database):
                await at_work.send("transfer", to="+8657188880001")
                await at_work.until("left", reason="transferred")
            await twilio.goes_on()
            await asyncio.to_thread(twilio.call.hang_up)
            row = the_call(database)
            assert (row.status, row.end_reason) == (CallStatus.COMPLETED, "caller")
            assert (row.put_through_to, row.waiting_since, row.agent_id) == (None, None, None)
            assert last_event(database)["kind"] == "hung_up", "and the flow is not told that nobody answered"

    run(scenario())


def test_where_twilio_cannot_reach_the_gateway_the_flow_goes_on_without_agents(
    settings: Settings, runner: Runner
) -> None:
    unreached = settings.model_copy(
        update={
            "media": settings.media.model_copy(update={"public_url": None}),
            "twilio": settings.twilio.model_copy(update={"streams": ()}),
        }
    )

    async def scenario() -> None:
        twilio = Twilio(unreached, runner)
        assert (await twilio.rings()).kind == "gather"
        back = await asyncio.to_thread(twilio.call.press, "4")
        assert (back.kind, back.heard[0]) == ("gather", "After the tone.")
        assert "Say outage or bill" in back.heard[-1]

    run(scenario())


def test_a_caller_who_waits_for_an_agent_is_not_left_in_silence_when_streams_break(by_webhook: Twilio) -> None:
    async def scenario() -> None:
        await by_webhook.rings()
        await asyncio.to_thread(by_webhook.call.press, "4")
        assert (await by_webhook.goes_on()).kind == "connect"
        back = await by_webhook.goes_on()
        assert back.kind == "gather"
        assert (await asyncio.to_thread(by_webhook.call.press, "3")).kind == "over"

    run(scenario())
