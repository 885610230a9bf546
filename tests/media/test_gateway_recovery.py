"""Phones and gateways that are lost in the middle of a call: who comes back goes on where they were."""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import connect

from database import Database
from media.parts import GatewayParts
from models import CallStatus
from settings import Settings
from tests.media.gateway_calls import to_the_pin
from tests.media.gateway_parts import impatient
from tests.media.only_call import ended, the_call
from tests.media.phone_client import TestPhone, address, gateway, phone
from tests.scenarios import run


def test_a_phone_that_comes_back_goes_on_where_it_was(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with phone(settings) as caller:
                token = (await caller.start())["token"]
                await to_the_pin(caller)
                await caller.vanish()
            await asyncio.sleep(0.3)
            async with phone(settings) as caller:
                await caller.start(resume=token)
                await caller.caption("Your PIN?")
                await caller.press(*"1357#")
                await caller.until("caption", private=True)
            assert the_call(database).status is CallStatus.IN_PROGRESS

    run(scenario())


def test_a_phone_that_stays_away_ends_its_call(parts: GatewayParts, settings: Settings, database: Database) -> None:
    async def scenario() -> None:
        async with gateway(impatient(parts)):
            async with phone(settings) as caller:
                token = (await caller.start())["token"]
                await caller.vanish()
            call = await ended(database)
            assert (call.status, call.end_reason) == (CallStatus.COMPLETED, "connection lost")
            async with phone(settings) as caller:
                await caller.send("start", start={"customParameters": {"resume": token}})
                error = await caller.until("error")
                assert error["code"] == "no_such_call"
                assert (await caller.close_reason())[0] == 4404

    run(scenario())


async def at_the_pin_when_the_gateway_stops(parts: GatewayParts, settings: Settings) -> str:
    """A call has come to its second question when its gateway stops. Gives the call's token."""
    async with gateway(parts):
        caller = TestPhone(await connect(address(settings)), 4.0)
        token: str = (await caller.start())["token"]
        await to_the_pin(caller)
    assert (await caller.close_reason())[0] == 1012
    await caller.leave()
    return token


def test_a_gateway_started_again_carries_the_call_on(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        token = await at_the_pin_when_the_gateway_stops(parts, settings)
        async with gateway(parts), phone(settings) as caller:
            await caller.start(resume=token)
            await caller.caption("Your PIN?")
            await caller.press("1", "#")
            await caller.until("caption", who="hotline")
        assert the_call(database).status is CallStatus.IN_PROGRESS

    run(scenario())


def test_a_call_nobody_comes_back_to_after_a_restart_is_ended(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        await at_the_pin_when_the_gateway_stops(parts, settings)
        assert the_call(database).status is CallStatus.IN_PROGRESS
        async with gateway(impatient(parts)):
            assert (await ended(database)).end_reason == "connection lost"

    run(scenario())


def test_a_second_phone_cannot_take_a_call_that_is_up(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller, phone(settings) as intruder:
            token = (await caller.start())["token"]
            await intruder.send("start", start={"customParameters": {"resume": token}})
            assert (await intruder.until("error"))["code"] == "already_connected"
            assert (await intruder.close_reason())[0] == 4409
            await to_the_pin(caller)

    run(scenario())


def test_a_message_too_large_ends_the_socket_not_the_call(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with phone(settings) as caller:
                token = (await caller.start())["token"]
                await caller.socket.send("x" * (settings.media.max_message_bytes + 1))
                assert (await caller.close_reason())[0] == 1009
            async with phone(settings) as caller:
                await caller.start(resume=token)
                await caller.caption("Hello.")

    run(scenario())
