"""Streams that are not taken: opened by somebody else, too late, once too often, or where there is no room."""

from __future__ import annotations

import time
from dataclasses import replace

import orjson
import pytest
from itsdangerous import TimestampSigner
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from database import Database
from ivr.channels.twilio.signature import SIGNATURE_HEADER
from ivr.runner import Runner
from media.parts import GatewayParts
from settings import Settings
from tests.media.gateway_parts import impatient
from tests.media.only_call import ended
from tests.media.phone_client import gateway
from tests.media.twilio_calls import Twilio, runner, settings, twilio
from tests.scenarios import run

__all__ = ["runner", "settings", "twilio"]


def test_only_twilio_opens_streams(parts: GatewayParts, twilio: Twilio) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            await twilio.rings_and_connects()
            for wrong in ("", "bm90IHR3aWxpbw=="):
                with pytest.raises(InvalidStatus) as refused:
                    async with twilio.stream(signature=wrong):
                        pass
                assert refused.value.response.status_code == 403

    run(scenario())


def test_an_address_is_good_for_its_call_alone_and_for_one_stream(parts: GatewayParts, twilio: Twilio) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            await twilio.rings_and_connects()
            async with twilio.stream(call_sid="CA" + "0" * 32) as stranger:
                assert (await stranger.close_reason())[0] == 4404
            async with twilio.next_stream() as caller:
                async with twilio.stream() as second:
                    assert (await second.close_reason())[0] == 4401, "the address is used up"
                await caller.vanish()
            async with twilio.stream() as late:
                assert (await late.close_reason())[0] == 4401, "also when its stream is gone"

    run(scenario())


def test_an_address_is_good_for_a_minute(parts: GatewayParts, twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        with monkeypatch.context() as earlier:
            earlier.setattr(TimestampSigner, "get_timestamp", lambda _: round(time.time()) - 90)
            await twilio.rings_and_connects()
        async with gateway(parts), twilio.stream() as late:
            assert (await late.close_reason())[0] == 4401

    run(scenario())


def test_a_call_that_has_a_stream_gets_no_second_one(parts: GatewayParts, twilio: Twilio) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with twilio.first_stream() as caller:
                await twilio.goes_on()  # Twilio takes the stream for broken, and it is not
                async with twilio.stream() as second:
                    assert (await second.close_reason())[0] == 4409
                await caller.press("3")
                assert (await caller.close_reason())[0] == 1000
                async with twilio.stream() as late:
                    assert (await late.close_reason())[0] == 4401

    run(scenario())


def test_a_call_whose_row_cannot_be_read_is_refused_and_ends_in_time(
    parts: GatewayParts, twilio: Twilio, runner: Runner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("select", {}, Exception("the database is away"))

    async def scenario() -> None:
        async with gateway(impatient(parts, reconnect_s=3.0)):
            async with twilio.first_stream() as caller:
                await caller.vanish()
            await twilio.goes_on()
            with monkeypatch.context() as away:
                away.setattr(runner, "current", gone)
                async with twilio.stream() as caller:
                    assert (await caller.close_reason())[0] == 1011
            await ended(database, within_s=15)  # Twilio does not come back either: nothing is left in progress

    run(scenario())


def test_a_call_that_comes_back_needs_no_room_and_a_new_one_goes_on_by_webhook(
    parts: GatewayParts, twilio: Twilio, settings: Settings, runner: Runner
) -> None:
    late = Twilio(settings, runner)
    one = settings.model_copy(update={"media": settings.media.model_copy(update={"max_calls": 1, "reconnect_s": 20})})

    async def scenario() -> None:
        async with gateway(replace(parts, settings=one)) as running:
            async with twilio.first_stream() as caller:
                await late.rings()
                async with late.stream() as no_room:
                    assert (await no_room.close_reason())[0] == 4503
                await late.goes_on()
                async with late.stream() as no_room:
                    assert (await no_room.close_reason())[0] == 4503
                assert (await late.goes_on()).kind == "gather"
                await caller.vanish()
            await twilio.goes_on()
            async with twilio.next_stream():
                assert running.switchboard.calls == 1

    run(scenario())


def test_what_is_no_stream_is_refused_with_a_reason(parts: GatewayParts, twilio: Twilio) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            await twilio.rings_and_connects()
            signed = {SIGNATURE_HEADER: twilio.call.signature_of_stream()}
            async with connect(twilio.call.waiting.stream, additional_headers=signed) as socket:
                await socket.send(orjson.dumps({"event": "register"}).decode())
                told = orjson.loads(await socket.recv())
                assert (told["event"], told["code"]) == ("error", "not_started")
            async with connect(twilio.call.waiting.stream, additional_headers=signed) as socket:
                await socket.send(b"\x00\xff")
                assert orjson.loads(await socket.recv())["code"] == "binary"

    run(scenario())
