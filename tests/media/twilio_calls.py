"""A call at Twilio for tests: its webhooks and its streams, and a house that has both."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from werkzeug.test import Client

from database import Database
from ivr.channels.twilio.signature import SIGNATURE_HEADER
from ivr.channels.twilio.simulation import Answer, SimulatedCall, Waiting
from ivr.channels.twilio.webhooks import Webhooks
from ivr.runner import Runner
from models import Call
from settings import Settings, load
from tests.media.phone_client import TestPhone

ACCOUNT, TOKEN = "AC" + "5" * 32, "a-token-of-twilio"
NUMBER, CALLER = "+15005550006", "+8613800571001"
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


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 45))


def the_call(database: Database) -> Call:
    with database.reading() as db:
        return db.scalars(sa.select(Call)).one()


async def heard_something(caller: TestPhone, more_than: int = 1000) -> None:
    async with asyncio.timeout(10):
        while len(caller.heard) < more_than:
            await asyncio.sleep(0.02)


async def at_turn(database: Database, turn: int) -> None:
    async with asyncio.timeout(10):
        while the_call(database).turn < turn:
            await asyncio.sleep(0.02)


async def rings_and_connects(twilio: Twilio) -> Waiting:
    waiting = await twilio.rings()
    assert waiting.kind == "connect"
    assert waiting.stream.startswith(f"ws://127.0.0.1:{twilio.settings.media_port}/twilio/")
    return waiting


def english(settings: Settings) -> Settings:
    return settings.model_copy(update={"utility": settings.utility.model_copy(update={"default_language": "en"})})


@pytest.fixture
def runner(database: Database, settings: Settings, runner: Runner) -> Runner:
    """Callers we do not know are spoken to in English."""
    return Runner(database, runner.flows, runner.services, english(settings))
