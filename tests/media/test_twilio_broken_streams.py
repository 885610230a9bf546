"""Streams that break under a call: it goes on where it stood, and nothing that was said is missed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from database import Database
from media.parts import GatewayParts
from models import CallStatus
from tests.media.gateway_parts import ScriptedVoice, impatient
from tests.media.only_call import the_call
from tests.media.phone_client import gateway
from tests.media.twilio_calls import Twilio, at_turn, given_up, runner, settings, twilio
from tests.scenarios import run

__all__ = ["runner", "settings", "twilio"]


async def breaks_after_key(twilio: Twilio, database: Database, key: str, *, speed: float = 20.0) -> None:
    """The caller presses a key over the first stream; it breaks as soon as the flow has gone on."""
    async with twilio.first_stream(speed=speed) as caller:
        await caller.press(key)
        await at_turn(database, 1)
        await caller.vanish()


async def is_told_in_full(twilio: Twilio) -> None:
    """What broke off is said again over the next stream, up to its end."""
    assert (await twilio.goes_on()).kind == "connect"
    async with twilio.stream() as caller:
        assert (await caller.close_reason(20))[0] == 1000
        assert len(caller.heard) > 20_000


def test_a_stream_that_breaks_is_begun_again_where_the_call_stood(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts) as running:
            await breaks_after_key(twilio, database, "2")  # the bill: its PIN is asked now
            assert (await twilio.goes_on()).kind == "connect"
            async with twilio.next_stream() as caller:
                await caller.press("1", "2", "3", "4", "#")
                await at_turn(database, 2)
                assert the_call(database).status is CallStatus.IN_PROGRESS
                assert (running.switchboard.calls, running.switchboard.waits_for) == (1, 0)

    run(scenario())


def test_when_streams_do_not_hold_the_call_goes_on_by_webhook(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(impatient(parts, reconnect_s=3.0)) as running:
            await breaks_after_key(twilio, database, "2")
            assert (await twilio.goes_on()).kind == "connect"
            asked = await twilio.goes_on()  # this stream could not even be begun
            assert (asked.kind, asked.heard) == ("gather", ("Your PIN?",)), "the caller is asked again what stood"
            told = await asyncio.to_thread(twilio.call.press, "1234")
            assert told.kind == "gather"
            assert told.heard[0].startswith("It was "), "and it stays with webhooks"
            await given_up(running)
            assert the_call(database).status is CallStatus.IN_PROGRESS, "the gateway does not end what it lost"
            assert running.switchboard.calls == 0

    run(scenario())


def test_every_stream_may_break_once_and_the_call_stays_with_streams(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    """What counts is how often streams of the same answer break: a long call may live through many faults."""

    async def scenario() -> None:
        async with gateway(parts):
            await twilio.rings_and_connects()
            for turn in (1, 2, 3):
                async with twilio.stream() as caller:
                    while the_call(database).turn < turn:  # what must be heard to its end takes no key
                        await caller.press("5")
                        await asyncio.sleep(0.1)
                    await caller.vanish()
                assert (await twilio.goes_on()).kind == "connect"

    run(scenario())


def test_last_words_that_broke_off_are_said_again(parts: GatewayParts, twilio: Twilio, database: Database) -> None:
    """A caller must not miss the number of their ticket because a gateway died while it was said."""

    async def scenario() -> None:
        async with gateway(replace(parts, voice=ScriptedVoice(seconds=3.0))):
            await breaks_after_key(twilio, database, "3", speed=1.0)
            await is_told_in_full(twilio)
            assert (await twilio.goes_on()).kind == "over"
            assert the_call(database).end_reason == "flow"

    run(scenario())


def test_last_words_are_said_by_twilio_where_streams_do_not_hold(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(replace(parts, voice=ScriptedVoice(seconds=3.0))):
            await breaks_after_key(twilio, database, "3", speed=1.0)
        await twilio.goes_on()
        last = await twilio.goes_on()
        assert (last.kind, last.heard) == ("over", ("Goodbye from Riverbend County Power.",))

    run(scenario())


def test_what_is_said_before_a_transfer_is_said_again_when_it_broke_off(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(replace(parts, voice=ScriptedVoice(seconds=3.0))):
            await breaks_after_key(twilio, database, "4", speed=1.0)
            await is_told_in_full(twilio)
            assert (await twilio.goes_on()).kind == "dial"

    run(scenario())
