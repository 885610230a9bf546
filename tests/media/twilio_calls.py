"""A call at Twilio for tests: its webhooks and its streams, and a house that has both."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from werkzeug.test import Client

from database import Database
from ivr.channels.twilio.signature import SIGNATURE_HEADER
from ivr.channels.twilio.simulation import Answer, SimulatedCall, Waiting
from ivr.channels.twilio.webhooks import Webhooks
from ivr.runner import Runner
from media.gateway import Gateway
from settings import Settings, load
from tests.media.only_call import the_call
from tests.media.phone_client import TestPhone
from tests.scenarios import until

ACCOUNT, TOKEN = "AC" + "5" * 32, "a-token-of-twilio"
NUMBER, CALLER = "+15005550006", "+8613800571001"
NUMBER_WITHOUT_STREAMS = "+15005550007"
PUBLIC_URL = "https://ivr.example.org"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    made = load(
        environ={
            "HOTLINE_SERVER__PORT": str(settings.server.port),
            "HOTLINE_SERVER__PUBLIC_URL": PUBLIC_URL,
            "HOTLINE_MEDIA__PUBLIC_URL": f"ws://127.0.0.1:{settings.media_port}",
            "HOTLINE_MEDIA__RECONNECT_S": "20",
            "HOTLINE_TWILIO__STREAMS": f"['{NUMBER}']",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
        },
        home=settings.home,
    )
    assert made.media_port == settings.media_port
    return made


@dataclass(frozen=True)
class House:
    settings: Settings
    runner: Runner


@dataclass
class Twilio:
    """One call at Twilio: its webhooks and its streams."""

    settings: Settings
    runner: Runner
    to: str = NUMBER

    def __post_init__(self) -> None:
        web = Client(Webhooks(House(self.settings, self.runner)))

        def send(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
            parts = urlsplit(url)
            reply = web.post(f"{parts.path}?{parts.query}", data=body, headers=dict(headers), base_url=PUBLIC_URL)
            return Answer(reply.status_code, reply.get_data(as_text=True))

        self.call = SimulatedCall(
            send, account_sid=ACCOUNT, auth_token=TOKEN, from_number=CALLER, to_number=self.to,
            status_url=f"{PUBLIC_URL}/twilio/status",
        )  # fmt: skip

    async def rings(self) -> Waiting:
        return await asyncio.to_thread(self.call.begin, f"{PUBLIC_URL}/twilio/voice")

    async def rings_and_connects(self) -> Waiting:
        waiting = await self.rings()
        assert waiting.kind == "connect"
        assert waiting.stream.startswith(f"ws://127.0.0.1:{self.settings.media_port}/twilio/")
        return waiting

    async def goes_on(self) -> Waiting:
        """The stream is over: Twilio asks what is next."""
        return await asyncio.to_thread(self.call.stream_ended)

    @contextlib.asynccontextmanager
    async def stream(
        self, *, call_sid: str | None = None, signature: str | None = None, speed: float = 20.0
    ) -> AsyncIterator[TestPhone]:
        """Opens the stream that the newest document asks for, and starts it as Twilio does."""
        waiting = self.call.waiting
        assert waiting.kind == "connect"
        signed = {SIGNATURE_HEADER: self.call.signature_of_stream() if signature is None else signature}
        async with connect(waiting.stream, additional_headers=signed) as socket:
            caller = TestPhone(socket, speed)
            try:
                start = {
                    "streamSid": "MZ1", "accountSid": ACCOUNT, "callSid": call_sid or self.call.call_sid,
                    "tracks": ["inbound"], "customParameters": dict(waiting.parameters),
                    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                }  # fmt: skip
                with contextlib.suppress(ConnectionClosed):  # refused already
                    await caller.send("connected", protocol="Call", version="1.0.0")
                    await caller.send("start", sequenceNumber="1", streamSid="MZ1", start=start)
                yield caller
            finally:
                await caller.leave()

    @contextlib.asynccontextmanager
    async def first_stream(self, *, speed: float = 20.0, more_than: int = 1000) -> AsyncIterator[TestPhone]:
        """Twilio rings and opens a stream: given once the caller hears us over it."""
        await self.rings_and_connects()
        async with self.next_stream(speed=speed, more_than=more_than) as caller:
            yield caller

    @contextlib.asynccontextmanager
    async def next_stream(self, *, speed: float = 20.0, more_than: int = 1000) -> AsyncIterator[TestPhone]:
        """Opens the stream that the newest document asks for: given once the caller hears us over it."""
        async with self.stream(speed=speed) as caller:
            await heard_something(caller, more_than)
            yield caller


async def heard_something(caller: TestPhone, more_than: int = 1000) -> None:
    await until(lambda: len(caller.heard) >= more_than, within_s=10)


async def at_turn(database: Database, turn: int) -> None:
    await until(lambda: the_call(database).turn >= turn, within_s=10)


async def gateway_carries(running: Gateway, calls: int) -> None:
    await until(lambda: running.switchboard.calls == calls, within_s=10)


async def given_up(running: Gateway) -> None:
    """Whatever was waited for has been ended, or left to whoever has it."""
    await until(lambda: not running.switchboard.waits_for)


def english(settings: Settings) -> Settings:
    return settings.model_copy(update={"utility": settings.utility.model_copy(update={"default_language": "en"})})


@pytest.fixture
def runner(database: Database, settings: Settings, runner: Runner) -> Runner:
    """Callers we do not know are spoken to in English."""
    return Runner(database, runner.flows, runner.services, english(settings))


@pytest.fixture
def twilio(settings: Settings, runner: Runner) -> Twilio:
    """A call to the number that has streams."""
    return Twilio(settings, runner)
