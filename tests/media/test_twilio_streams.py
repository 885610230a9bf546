"""Calls that Twilio carries to us as a stream: real webhooks and a real gateway, Twilio played by us at its edges."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from database import Database
from ivr.runner import Runner
from media.parts import GatewayParts
from models import CallStatus, Channel
from settings import Settings
from tests.media.gateway_parts import ScriptedEars
from tests.media.line import QUIET, VOICE
from tests.media.only_call import the_call
from tests.media.phone_client import gateway
from tests.media.twilio_calls import (
    ACCOUNT,
    CALLER,
    NUMBER_WITHOUT_STREAMS,
    Twilio,
    at_turn,
    english,
    gateway_carries,
    given_up,
    runner,
    settings,
    twilio,
)
from tests.scenarios import run

__all__ = ["runner", "settings", "twilio"]


def test_a_call_to_a_number_with_streams_runs_over_one(parts: GatewayParts, twilio: Twilio, database: Database) -> None:
    async def scenario() -> None:
        async with gateway(parts) as running:
            assert (await twilio.rings_and_connects()).parameters == {"call": the_call(database).id}
            async with twilio.next_stream() as caller:
                row = the_call(database)
                assert (row.channel, row.gateway, row.from_number) == (Channel.TWILIO, running.name, CALLER)
                await caller.press("3")
                assert (await caller.close_reason())[0] == 1000
            assert (await twilio.goes_on()).kind == "over"
            row = the_call(database)
            assert (row.status, row.end_reason) == (CallStatus.COMPLETED, "flow")
            assert running.switchboard.calls == 0

    run(scenario())


def test_a_caller_is_heard_and_interrupts(
    parts: GatewayParts, twilio: Twilio, settings: Settings, database: Database
) -> None:
    ears = ScriptedEars(says="my bill")

    async def scenario() -> None:
        async with gateway(replace(parts, ears={"en": ears}, settings=english(settings))):
            async with twilio.first_stream() as caller:
                await caller.speak(VOICE, 0.5)
                await caller.speak(QUIET, 1.2)
                await at_turn(database, 1)
                assert ears.fed, "the words went to the recogniser"

    run(scenario())


def test_a_number_without_streams_stays_with_webhooks(settings: Settings, runner: Runner) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner, to=NUMBER_WITHOUT_STREAMS)
        assert (await twilio.rings()).kind == "gather"

    run(scenario())


def test_a_caller_put_through_is_dialled_by_twilio_and_comes_back_to_a_stream(
    parts: GatewayParts, twilio: Twilio
) -> None:
    async def scenario() -> None:
        async with gateway(parts) as running:
            async with twilio.first_stream() as caller:
                await caller.press("4")
                assert (await caller.close_reason())[0] == 1000
            waiting = await twilio.goes_on()
            assert (waiting.kind, waiting.dialled, waiting.heard) == ("dial", "+8613800000000", ())
            await gateway_carries(running, 0)
            again = await asyncio.to_thread(twilio.call.dial_ended, "failed")
            assert again.kind == "connect", "nobody was reached there: the flow goes on, with our own voice"
            async with twilio.next_stream() as caller:
                await caller.press("3")
                await caller.close_reason()
            assert (await twilio.goes_on()).kind == "over"

    run(scenario())


def test_a_gateway_started_again_does_not_end_a_call_that_talks_over_twilio(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with twilio.first_stream() as caller:
                await caller.press("4")
                assert (await caller.close_reason())[0] == 1000
        assert (await twilio.goes_on()).kind == "dial"
        async with gateway(parts) as running:
            await given_up(running)
            assert the_call(database).status is CallStatus.IN_PROGRESS
            assert (await asyncio.to_thread(twilio.call.dial_ended, "busy")).kind == "connect"

    run(scenario())


def test_a_caller_who_hangs_up_ends_the_call(parts: GatewayParts, twilio: Twilio, database: Database) -> None:
    async def scenario() -> None:
        async with gateway(parts) as running:
            async with twilio.first_stream() as caller:
                await caller.send("stop", streamSid="MZ1", stop={"accountSid": ACCOUNT, "callSid": "CA"})
                await caller.close_reason()
            await asyncio.to_thread(twilio.call.hang_up)
            assert the_call(database).status is CallStatus.COMPLETED
            await gateway_carries(running, 0)

    run(scenario())


def test_a_caller_who_hangs_up_is_not_given_another_stream(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with twilio.first_stream():
                action = twilio.call.waiting.attributes["action"]
                asked = await asyncio.to_thread(twilio.call.post, action, {"CallStatus": "completed"})
                assert "<Hangup/>" in asked.body
                assert the_call(database).status is CallStatus.COMPLETED

    run(scenario())
