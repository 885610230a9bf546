"""Calls that Twilio carries to us as a stream: real webhooks and a real gateway, Twilio played by us at its edges."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
import sqlalchemy as sa
from itsdangerous import TimestampSigner
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from database import Database
from ivr.channels.twilio.signature import SIGNATURE_HEADER
from ivr.runner import Runner
from media.gateway import Gateway
from media.parts import GatewayParts
from models import CallStatus, Channel, Recording, RecordingStatus
from settings import Settings
from tests.ivr.conftest import AGENT, SHARED
from tests.media.gateway_parts import ScriptedEars, ScriptedVoice, impatient
from tests.media.line import QUIET, VOICE
from tests.media.phone_client import gateway
from tests.media.test_recorded_calls import RECORDED_FLOW
from tests.media.twilio_calls import (
    ACCOUNT,
    CALLER,
    Twilio,
    at_turn,
    english,
    heard_something,
    rings_and_connects,
    run,
    runner,
    settings,
    the_call,
)

__all__ = ["runner", "settings"]


async def gateway_carries(running: Gateway, calls: int) -> None:
    async with asyncio.timeout(10):
        while running.switchboard.calls != calls:
            await asyncio.sleep(0.02)


def test_a_call_to_a_number_with_streams_runs_over_one(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts) as running:
            assert (await rings_and_connects(twilio)).parameters == {"call": the_call(database).id}
            async with twilio.stream() as caller:
                await heard_something(caller)
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
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    ears = ScriptedEars(says="my bill")

    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(replace(parts, ears={"en": ears}, settings=english(settings))):
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.speak(VOICE, 0.5)
                await caller.speak(QUIET, 1.2)
                await at_turn(database, 1)
                assert ears.fed, "the words went to the recogniser"

    run(scenario())


def test_a_number_without_streams_stays_with_webhooks(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner, to="+15005550007")
        assert (await twilio.rings()).kind == "gather"

    run(scenario())


def test_a_stream_that_breaks_is_begun_again_where_the_call_stood(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.press("2")  # the bill: its PIN is asked now
                await at_turn(database, 1)
                await caller.vanish()
            assert (await twilio.goes_on()).kind == "connect"
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.press("1", "2", "3", "4", "#")
                await at_turn(database, 2)
                assert the_call(database).status is CallStatus.IN_PROGRESS
                assert (running.switchboard.calls, running.switchboard.waits_for) == (1, 0)

    run(scenario())


def test_when_streams_do_not_hold_the_call_goes_on_by_webhook(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(impatient(parts, reconnect_s=3.0)) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.press("2")
                await at_turn(database, 1)
                await caller.vanish()
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


def test_a_caller_put_through_is_dialled_by_twilio_and_comes_back_to_a_stream(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.press("4")
                assert (await caller.close_reason())[0] == 1000
            waiting = await twilio.goes_on()
            assert (waiting.kind, waiting.dialled, waiting.heard) == ("dial", "+8613800000000", ())
            await gateway_carries(running, 0)
            again = await asyncio.to_thread(twilio.call.dial_ended, "failed")
            assert again.kind == "connect", "nobody was reached there: the flow goes on, with our own voice"
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.press("3")
                await caller.close_reason()
            assert (await twilio.goes_on()).kind == "over"

    run(scenario())


def test_a_caller_who_hangs_up_ends_the_call(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.send("stop", streamSid="MZ1", stop={"accountSid": ACCOUNT, "callSid": "CA"})
                await caller.close_reason()
            await asyncio.to_thread(twilio.call.hang_up)
            assert the_call(database).status is CallStatus.COMPLETED
            await gateway_carries(running, 0)

    run(scenario())


def test_only_twilio_opens_streams(parts: GatewayParts, settings: Settings, runner: Runner, database: Database) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            for wrong in ("", "bm90IHR3aWxpbw=="):
                with pytest.raises(InvalidStatus) as refused:
                    async with twilio.stream(signature=wrong):
                        pass
                assert refused.value.response.status_code == 403

    run(scenario())


def test_an_address_is_good_for_its_call_alone_and_for_one_stream(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            async with twilio.stream(call_sid="CA" + "0" * 32) as stranger:
                assert (await stranger.close_reason())[0] == 4404
            async with twilio.stream() as caller:
                await heard_something(caller)
                async with twilio.stream() as second:
                    assert (await second.close_reason())[0] == 4401, "the address is used up"
                await caller.vanish()
            async with twilio.stream() as late:
                assert (await late.close_reason())[0] == 4401, "also when its stream is gone"

    run(scenario())


def test_an_address_is_good_for_a_minute(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        with monkeypatch.context() as earlier:
            earlier.setattr(TimestampSigner, "get_timestamp", lambda _: round(time.time()) - 90)
            await rings_and_connects(twilio)
        async with gateway(parts), twilio.stream() as late:
            assert (await late.close_reason())[0] == 4401

    run(scenario())


def test_a_call_that_has_a_stream_gets_no_second_one(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await twilio.goes_on()  # Twilio takes the stream for broken, and it is not
                async with twilio.stream() as second:
                    assert (await second.close_reason())[0] == 4409
                await caller.press("3")
                assert (await caller.close_reason())[0] == 1000
                async with twilio.stream() as late:
                    assert (await late.close_reason())[0] == 4401

    run(scenario())


def test_every_stream_may_break_once_and_the_call_stays_with_streams(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    """What counts is how often streams of the same answer break: a long call may live through many faults."""

    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            for turn in (1, 2, 3):
                async with twilio.stream() as caller:
                    while the_call(database).turn < turn:  # what must be heard to its end takes no key
                        await caller.press("5")
                        await asyncio.sleep(0.1)
                    await caller.vanish()
                assert (await twilio.goes_on()).kind == "connect"

    run(scenario())


def test_last_words_that_broke_off_are_said_again(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    """A caller must not miss the number of their ticket because a gateway died while it was said."""

    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(replace(parts, voice=ScriptedVoice(seconds=3.0))):
            await rings_and_connects(twilio)
            async with twilio.stream(speed=1.0) as caller:
                await heard_something(caller)
                await caller.press("3")
                await at_turn(database, 1)
                await caller.vanish()
            assert (await twilio.goes_on()).kind == "connect"
            async with twilio.stream() as caller:
                assert (await caller.close_reason(20))[0] == 1000
                assert len(caller.heard) > 20_000
            assert (await twilio.goes_on()).kind == "over"
            assert the_call(database).end_reason == "flow"

    run(scenario())


def test_last_words_are_said_by_twilio_where_streams_do_not_hold(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(replace(parts, voice=ScriptedVoice(seconds=3.0))):
            await rings_and_connects(twilio)
            async with twilio.stream(speed=1.0) as caller:
                await heard_something(caller)
                await caller.press("3")
                await at_turn(database, 1)
                await caller.vanish()
        await twilio.goes_on()
        last = await twilio.goes_on()
        assert (last.kind, last.heard) == ("over", ("Goodbye from Riverbend County Power.",))

    run(scenario())


def test_what_is_said_before_a_transfer_is_said_again_when_it_broke_off(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(replace(parts, voice=ScriptedVoice(seconds=3.0))):
            await rings_and_connects(twilio)
            async with twilio.stream(speed=1.0) as caller:
                await heard_something(caller)
                await caller.press("4")
                await at_turn(database, 1)
                await caller.vanish()
            assert (await twilio.goes_on()).kind == "connect"
            async with twilio.stream() as caller:
                assert (await caller.close_reason(20))[0] == 1000
                assert len(caller.heard) > 20_000
            assert (await twilio.goes_on()).kind == "dial"

    run(scenario())


def test_a_gateway_started_again_does_not_end_a_call_that_talks_over_twilio(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.press("4")
                assert (await caller.close_reason())[0] == 1000
        assert (await twilio.goes_on()).kind == "dial"
        async with gateway(parts) as running:
            await given_up(running)
            assert the_call(database).status is CallStatus.IN_PROGRESS
            assert (await asyncio.to_thread(twilio.call.dial_ended, "busy")).kind == "connect"

    run(scenario())


async def given_up(running: Gateway) -> None:
    """Whatever was waited for has been ended, or left to whoever has it."""
    async with asyncio.timeout(20):
        while running.switchboard.waits_for:
            await asyncio.sleep(0.02)


def test_a_caller_who_hangs_up_is_not_given_another_stream(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                action = twilio.call.waiting.attributes["action"]
                asked = await asyncio.to_thread(twilio.call.post, action, {"CallStatus": "completed"})
                assert "<Hangup/>" in asked.body
                assert the_call(database).status is CallStatus.COMPLETED

    run(scenario())


def test_a_call_whose_row_cannot_be_read_is_refused_and_ends_in_time(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("select", {}, Exception("the database is away"))

    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(impatient(parts, reconnect_s=3.0)):
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await caller.vanish()
            await twilio.goes_on()
            with monkeypatch.context() as away:
                away.setattr(runner, "current", gone)
                async with twilio.stream() as caller:
                    assert (await caller.close_reason())[0] == 1011
            async with asyncio.timeout(15):  # Twilio does not come back either: nothing is left in progress
                while not the_call(database).status.final:
                    await asyncio.sleep(0.05)

    run(scenario())


def test_a_call_that_comes_back_needs_no_room_and_a_new_one_goes_on_by_webhook(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    one = settings.model_copy(update={"media": settings.media.model_copy(update={"max_calls": 1, "reconnect_s": 20})})

    async def scenario() -> None:
        twilio, late = Twilio(settings, runner), Twilio(settings, runner)
        async with gateway(replace(parts, settings=one)) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller)
                await late.rings()
                async with late.stream() as no_room:
                    assert (await no_room.close_reason())[0] == 4503
                await late.goes_on()
                async with late.stream() as no_room:
                    assert (await no_room.close_reason())[0] == 4503
                assert (await late.goes_on()).kind == "gather"
                await caller.vanish()
            await twilio.goes_on()
            async with twilio.stream() as caller:
                await heard_something(caller)
                assert running.switchboard.calls == 1

    run(scenario())


def test_what_is_no_stream_is_refused_with_a_reason(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts):
            await rings_and_connects(twilio)
            signed = {SIGNATURE_HEADER: twilio.call.signature_of_stream()}
            async with connect(twilio.call.waiting.stream, additional_headers=signed) as socket:
                await socket.send(orjson.dumps({"event": "register"}).decode())
                told = orjson.loads(await socket.recv())
                assert (told["event"], told["code"]) == ("error", "not_started")
            async with connect(twilio.call.waiting.stream, additional_headers=signed) as socket:
                await socket.send(b"\x00\xff")
                assert orjson.loads(await socket.recv())["code"] == "binary"

    run(scenario())


def test_a_call_back_from_a_transfer_is_recorded_further(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    """One recording, however often the call leaves us; nothing of the process is held while it is away."""
    runner.flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": RECORDED_FLOW}, datetime.now(UTC))

    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(parts) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller, 6000)
                await caller.press("4")
                assert (await caller.close_reason())[0] == 1000
            assert (await twilio.goes_on()).kind == "dial"
            await until(lambda: running.tapes.settled)
            assert the_recording(database).status is RecordingStatus.RUNNING
            await asyncio.to_thread(twilio.call.dial_ended, "failed")
            async with twilio.stream() as caller:
                await heard_something(caller, 2000)
                await caller.press("3")
                await caller.close_reason()
            await until(lambda: the_recording(database).status is RecordingStatus.STORED)

    run(scenario())


def test_a_call_that_goes_on_by_webhook_leaves_its_recording_to_be_finished(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    runner.flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": RECORDED_FLOW}, datetime.now(UTC))

    async def scenario() -> None:
        twilio = Twilio(settings, runner)
        async with gateway(impatient(parts, reconnect_s=3.0)) as running:
            await rings_and_connects(twilio)
            async with twilio.stream() as caller:
                await heard_something(caller, 6000)
                await caller.vanish()
            await twilio.goes_on()
            assert (await twilio.goes_on()).kind == "gather"
            await given_up(running)
            await until(lambda: not running.tapes.held)

    run(scenario())


def the_recording(database: Database) -> Recording:
    with database.reading() as rows:
        return rows.scalars(sa.select(Recording)).one()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.05)
