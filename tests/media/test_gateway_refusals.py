"""Who may not connect, and what is no message: refused with a reason, and calls that are up go on."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import replace

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ivr.channels import tokens
from media.parts import GatewayParts
from settings import Settings
from tests.media.gateway_calls import http_get, on_the_line, to_the_pin
from tests.media.phone_client import address, gateway, phone
from tests.scenarios import run


@pytest.mark.parametrize(
    ("token", "path"),
    [("", "/phone"), ("nonsense", "/phone"), ("live", "/phone"), ("phone", "/live")],
)
def test_a_token_that_is_not_for_this_is_refused(
    parts: GatewayParts, settings: Settings, token: str, path: str
) -> None:
    if token in ("live", "phone"):
        token = tokens.issue(settings, token, number="+8613800571001")

    async def scenario() -> None:
        async with gateway(parts):
            async with connect(f"ws://127.0.0.1:{settings.media_port}{path}?token={token}") as socket:
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                assert socket.close_code == 4401
                assert socket.close_reason

    run(scenario())


def test_pages_of_other_sites_cannot_connect(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            for origin in ("https://evil.example", f"http://127.0.0.1:{settings.server.port + 7}", "http://x:y"):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(address(settings), origin=origin)  # type: ignore[arg-type]
                assert refused.value.response.status_code == 403
            async with phone(settings, origin=f"http://127.0.0.1:{settings.server.port}") as caller:
                await caller.start()

    run(scenario())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "not_json"),
        ("[]", "not_an_object"),
        ('{"event": "dance"}', "unknown_event"),
        ('{"event": 7}', "no_event"),
        (b"\x00\x01", "binary"),
        ('{"event": "dtmf", "dtmf": {"digit": "12"}}', "bad_key"),
        ('{"event": "dtmf"}', "bad_field"),
        ('{"event": "media", "media": {"payload": "%%%"}}', "bad_payload"),
        ('{"event": "media", "media": {"payload": 5}}', "bad_field"),
        ('{"event": "start", "start": {}}', "out_of_place"),
        ('{"event": "speech_text", "text": "   "}', "bad_field"),
    ],
)
def test_what_is_no_message_is_answered_and_disturbs_nothing(parts: GatewayParts, raw: str | bytes, code: str) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await caller.socket.send(raw)
            assert (await caller.until("error"))["code"] == code
            await to_the_pin(caller)

    run(scenario())


def test_a_phone_that_only_sends_nonsense_is_closed_and_others_go_on(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller, phone(settings) as mad:
            await caller.start()
            for _ in range(25):
                await mad.socket.send("nonsense")
            assert (await mad.close_reason())[0] == 4400
            await to_the_pin(caller)

    run(scenario())


def test_a_storm_of_garbage_on_many_sockets_leaves_one_call_alone(parts: GatewayParts, settings: Settings) -> None:
    chance = random.Random(95598)
    events = ["start", "media", "dtmf", "mark", "stop", "register", "reject", "speech_text", "connected", "x", ""]
    values = [None, 7, -1.5, True, [], {}, "x" * 3000, "\u0000", {"payload": "////"}, {"digit": "€"}, {"name": 5}]

    def garbage() -> str | bytes:
        kind = chance.random()
        if kind < 0.2:
            return chance.randbytes(chance.randrange(200))
        if kind < 0.4:
            return "".join(chr(chance.randrange(32, 0x3000)) for _ in range(chance.randrange(80)))
        names = ["start", "media", "dtmf", "mark", "text", "call", "streamSid"]
        return orjson.dumps(
            {"event": chance.choice(events), **{chance.choice(names): chance.choice(values) for _ in range(3)}}
        ).decode()

    async def mad_phone(index: int) -> None:
        async with phone(settings, address=f"198.51.100.{index}") as mad:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(60):
                    await mad.socket.send(garbage())
                    await asyncio.sleep(0)

    async def scenario() -> None:
        async with gateway(replace(parts, settings=settings)) as running, phone(settings) as caller:
            await caller.start()
            await asyncio.gather(*(mad_phone(index) for index in range(12)))
            await to_the_pin(caller)
            assert running.switchboard.calls >= 1
            assert "200" in (await http_get(settings, "/healthz")).splitlines()[0]

    run(scenario())
