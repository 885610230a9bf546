"""Call-backs that ring on browser phones: who answers first has it, and every other end is told to the right people."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from database import Database
from ivr.runner import Runner
from media.parts import GatewayParts
from models import (
    BrowserPhone,
    Call,
    CallStatus,
    Channel,
    OutboundAttempt,
)
from settings import Settings
from tests.conftest import Valkey
from tests.media.call_backs import order
from tests.media.phone_client import NUMBER, TestPhone, gateway, phone
from tests.scenarios import run


def status(database: Database, call_id: str) -> CallStatus:
    with database.reading() as db:
        return db.get_one(Call, call_id).status


async def becomes(database: Database, call_id: str, wanted: CallStatus, within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while status(database, call_id) is not wanted:
            await asyncio.sleep(0.03)


@contextlib.asynccontextmanager
async def waiting_phone(settings: Settings, **claims: Any) -> AsyncIterator[TestPhone]:
    async with phone(settings, **claims) as made:
        await made.send("register")
        await made.until("registered", number=claims.get("number", NUMBER))
        yield made


def test_an_open_phone_can_be_found_and_a_closed_one_not(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    def rows() -> list[str]:
        with database.reading() as db:
            return list(db.scalars(sa.select(BrowserPhone.number)))

    async def scenario() -> None:
        async with gateway(parts):
            async with waiting_phone(settings):
                assert rows() == [NUMBER]
            async with asyncio.timeout(20):
                while rows():
                    await asyncio.sleep(0.02)

    run(scenario())


def test_the_lease_of_an_open_phone_is_renewed(parts: GatewayParts, settings: Settings, database: Database) -> None:
    def expiry() -> datetime:
        with database.reading() as db:
            return db.scalars(sa.select(BrowserPhone.expires_at)).one()

    async def scenario() -> None:
        async with gateway(replace(parts, limits=replace(parts.limits, phone_lease_s=3.0))):
            async with waiting_phone(settings):
                first = expiry()
                async with asyncio.timeout(20):
                    while expiry() == first:
                        await asyncio.sleep(0.05)
                assert expiry() > first

    run(scenario())


def test_a_call_back_rings_and_is_answered(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    async def scenario() -> None:
        async with gateway(parts), waiting_phone(settings) as waiting:
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            incoming = await waiting.until("incoming", call=call_id)
            assert (incoming["from"], incoming["purpose"]) == ("95598", "closure")
            assert status(database, call_id) is CallStatus.RINGING
            async with phone(settings) as answering:
                assert (await answering.start(answer=call_id))["call"] == call_id
                await waiting.until("ring_stopped", call=call_id, reason="answered")
                await answering.caption("Hello.")
                assert status(database, call_id) is CallStatus.IN_PROGRESS
                await answering.press("3")
                await answering.until("ended")
                assert status(database, call_id) is CallStatus.COMPLETED

    run(scenario())


def test_both_phones_of_a_number_ring_the_first_answer_wins_the_other_stops(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    async def scenario() -> None:
        async with gateway(parts), waiting_phone(settings) as one, waiting_phone(settings) as two:
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            await one.until("incoming", call=call_id)
            await two.until("incoming", call=call_id)
            async with phone(settings) as answering, phone(settings) as late:
                await answering.start(answer=call_id)
                await two.until("ring_stopped", call=call_id, reason="answered")
                await late.send("start", start={"customParameters": {"answer": call_id}})
                assert (await late.until("error"))["code"] == "not_ringing"
                assert (await late.close_reason())[0] == 4404
                await answering.caption("Hello.")

    run(scenario())


def test_somebody_elses_phone_neither_rings_nor_can_answer(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    async def scenario() -> None:
        other = "+8613800571009"
        async with (
            gateway(parts),
            waiting_phone(settings, number=other) as stranger,
            waiting_phone(settings) as called,
        ):
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            await called.until("incoming", call=call_id)
            assert not [message for message in stranger.messages if message["event"] == "incoming"]
            async with phone(settings, number=other) as thief:
                await thief.send("start", start={"customParameters": {"answer": call_id}})
                assert (await thief.until("error"))["code"] == "not_ringing"
            assert status(database, call_id) is CallStatus.RINGING

    run(scenario())


@pytest.mark.parametrize("phones", [1, 2])
def test_a_call_everybody_declines_is_busy(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner, phones: int
) -> None:
    async def scenario() -> None:
        async with gateway(parts), contextlib.AsyncExitStack() as stack:
            open_phones = [await stack.enter_async_context(waiting_phone(settings)) for _ in range(phones)]
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            for index, one in enumerate(open_phones):
                assert status(database, call_id) in (CallStatus.QUEUED, CallStatus.RINGING), index
                await one.until("incoming", call=call_id)
                await one.send("reject", call=call_id)
                await one.until("ring_stopped", call=call_id)
            await becomes(database, call_id, CallStatus.BUSY)

    run(scenario())


def test_nobody_answers(parts: GatewayParts, settings: Settings, database: Database, runner: Runner) -> None:
    async def scenario() -> None:
        async with gateway(parts), waiting_phone(settings) as waiting:
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            await waiting.until("incoming", call=call_id)
            await waiting.until("ring_stopped", call=call_id, reason="nobody answered")
            await becomes(database, call_id, CallStatus.NO_ANSWER)

    run(scenario())


def test_a_phone_closed_while_it_rings_is_no_answer(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    long = settings.model_copy(update={"callbacks": settings.callbacks.model_copy(update={"ring_timeout_s": 60})})

    async def scenario() -> None:
        async with gateway(replace(parts, settings=long)):
            async with waiting_phone(settings) as waiting:
                call_id = order(database, runner, Channel.BROWSER, NUMBER)
                await waiting.until("incoming", call=call_id)
            await becomes(database, call_id, CallStatus.NO_ANSWER)

    run(scenario())


def test_what_rang_when_the_gateway_went_down_rings_again_at_the_next(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with waiting_phone(settings) as waiting:
                call_id = order(database, runner, Channel.BROWSER, NUMBER)
                await waiting.until("incoming", call=call_id)
                with database.reading() as db:
                    provider_id = db.get_one(Call, call_id).provider_id
        # As after kill -9: rows say it rings, and nobody rings it.
        with database.transaction() as db:
            db.execute(sa.update(Call).values(status=CallStatus.RINGING, provider_id=provider_id, ended_at=None))
            db.execute(sa.update(OutboundAttempt).values(status=CallStatus.RINGING))
        async with gateway(parts), waiting_phone(settings) as waiting:
            await waiting.until("incoming", call=call_id)

    run(scenario())


def test_a_page_opened_while_it_rings_rings_as_well(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    async def scenario() -> None:
        async with gateway(parts), waiting_phone(settings) as first:
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            await first.until("incoming", call=call_id)
            async with waiting_phone(settings) as second:
                await second.until("incoming", call=call_id)

    run(scenario())


def test_a_word_over_redis_rings_without_waiting_for_the_next_look(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner, valkey: Valkey
) -> None:
    async def scenario() -> None:
        lazy = replace(parts, redis_url=valkey.url, limits=replace(parts.limits, ring_poll_s=60.0))
        async with gateway(lazy), waiting_phone(settings) as waiting:
            await asyncio.to_thread(valkey.listened, "hotline:ring")
            call_id = order(database, runner, Channel.BROWSER, NUMBER)
            await asyncio.to_thread(valkey.client.publish, "hotline:ring", "{}")
            await waiting.until("incoming", call=call_id, within_s=20.0)

    run(scenario())


def test_a_waiting_phone_that_tries_to_talk_is_told(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), waiting_phone(settings) as waiting:
            await waiting.press("1")
            assert (await waiting.until("error"))["code"] == "out_of_place"
            await waiting.send("reject", call="no such call")
            assert waiting.socket.close_code is None

    run(scenario())
