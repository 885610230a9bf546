"""What no telephone sends, from strangers who hold no token: refused with a reason, a few lines in the log, no harm."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from media.messages import BadMessage, Out, Start, parse
from media.parts import GatewayParts
from media.sockets import MOST_UNSENT, PhoneSocket
from settings import Settings
from tests.media.phone_client import address, gateway, phone
from tests.scenarios import run

RATE = '{"event": "start", "start": {"mediaFormat": {"sampleRate": %s}}}'
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n"
)


async def asked(settings: Settings, target: bytes, headers: str = "Host: x\r\n") -> bytes:
    """The first line of what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.media_port)
    writer.write(b"GET " + target + b" HTTP/1.1\r\n" + (headers + UPGRADE + "\r\n").encode("latin-1"))
    try:
        return await asyncio.wait_for(reader.readline(), 20)
    finally:
        writer.close()


@pytest.mark.parametrize("target", [b"http://[::1/phone", b"//[", b"*", b"?", b"http://x/twilio/a"])
def test_what_is_no_address_is_not_found(
    parts: GatewayParts, settings: Settings, caplog: pytest.LogCaptureFixture, target: bytes
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            assert b"404" in await asked(settings, target)

    run(scenario())
    assert not caplog.get_records("call"), "nobody has to read a traceback for it"


@pytest.mark.parametrize(
    "headers",
    ["Host: x\r\nOrigin: http://[\r\n", "Host: [x\r\nOrigin: http://a\r\n", "Host: x\r\nOrigin: null\r\n"],
)
def test_an_origin_that_is_none_is_refused(
    parts: GatewayParts, settings: Settings, caplog: pytest.LogCaptureFixture, headers: str
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            assert b"403" in await asked(settings, b"/phone", headers)

    run(scenario())
    assert not caplog.get_records("call")


def test_strangers_do_not_fill_the_log(parts: GatewayParts, settings: Settings) -> None:
    async def knock(path: str) -> None:
        with contextlib.suppress(ConnectionClosed, InvalidStatus):
            async with connect(f"ws://127.0.0.1:{settings.media_port}{path}") as socket:
                await socket.recv()

    async def scenario() -> None:
        async with gateway(parts):
            for number in range(25):
                await knock(f"/twilio/secret-{number}")
                await knock(f"/phone?token=secret-{number}")
            await knock("/phone?" + "&".join("token=secret" for _ in range(50)))

    with capture_logs() as lines:
        run(scenario())
    refused = [line for line in lines if line["event"] == "refused"]
    assert len(refused) == 20, "ten of each kind"
    assert {line["source"] for line in refused} == {"127.0.0.1"}
    assert "secret" not in str(lines)


def test_a_phone_that_sends_nonsense_writes_few_lines(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as mad:
            for _ in range(parts.limits.bad_messages):
                await mad.socket.send('{"event": "dtmf", "dtmf": {"digit": "secret"}}')
            assert (await mad.close_reason(20))[0] == 4400

    with capture_logs() as lines:
        run(scenario())
    assert [line["event"] for line in lines].count("bad_message") == 3
    assert [line["error"] for line in lines if line["event"] == "socket_refused"] == ["too_many_bad_messages"]


@pytest.mark.parametrize("depth", [100, 1000, 1020, 5000, 30_000])
@pytest.mark.parametrize(
    "message",
    [
        RATE,
        '{"event": "start", "start": {"mediaFormat": {"encoding": %s}}}',
        '{"event": "start", "start": {"customParameters": {"resume": %s}}}',
        '{"event": "start", "start": {"streamSid": %s}}',
        '{"event": "dtmf", "dtmf": {"digit": %s}}',
        '{"event": "media", "media": {"payload": %s}}',
        '{"event": %s}',
    ],
)
def test_nesting_without_end_is_no_message(message: str, depth: int) -> None:
    with pytest.raises(BadMessage):
        parse(message % ("[" * depth + "]" * depth))


@pytest.mark.parametrize("number", ["1e999", "-1e400", "9" * 5000, "0.1", "NaN", "true"])
def test_numbers_beyond_measure_are_no_message(number: str) -> None:
    with pytest.raises(BadMessage):
        parse(RATE % number)


@pytest.mark.parametrize("rate", ["8000", '"8000"'])
def test_numbers_may_come_as_text(rate: str) -> None:
    assert isinstance(parse(RATE % rate), Start)


class Deaf:
    """A connection whose far end takes nothing: what is sent never leaves."""

    async def send(self, _text: str) -> None:
        await asyncio.Event().wait()

    async def ping(self) -> Any:
        await asyncio.Event().wait()


def test_what_waits_for_a_phone_that_never_reads_is_bounded_and_it_counts_as_gone() -> None:
    async def scenario() -> None:
        socket = PhoneSocket(Deaf())  # type: ignore[arg-type]
        writing = asyncio.create_task(socket.write())
        for _ in range(3 * MOST_UNSENT):
            socket.send(Out("media"))
            await asyncio.sleep(0)
        assert socket.unsent <= MOST_UNSENT + 2
        assert await asyncio.wait_for(socket.alive(0.05), 20) is False
        writing.cancel()

    run(scenario())


def test_callers_get_through_beside_handshakes_that_do_not_end(parts: GatewayParts, settings: Settings) -> None:
    short = replace(parts, limits=replace(parts.limits, handshake_s=2.0))

    async def scenario() -> None:
        async with gateway(short):
            slow = [await asyncio.open_connection("127.0.0.1", settings.media_port) for _ in range(100)]
            for _, writer in slow:
                writer.write(b"GET /phone HTTP/1.1\r\nHost:")
            async with phone(settings) as caller:
                await caller.start()
            async with connect(address(settings)) as silent:
                assert orjson.loads(await silent.recv())["code"] == "nothing_said"
            for reader, writer in slow:  # they are cut off, whatever they go on sending
                with contextlib.suppress(ConnectionError):
                    assert await asyncio.wait_for(reader.read(), 30) == b""
                writer.close()

    run(scenario())
