"""A call by browser phone is recorded and written down, from the notice on, without what is private."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from database import Database
from ivr.calls import CallError, TurnAnswer
from ivr.channels import tokens
from ivr.flow_store import FlowStore
from ivr.routing import MASK
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from media.parts import GatewayParts
from models import Call, CallStatus, Recording, RecordingKind, RecordingStatus, Speaker, TranscriptLine
from recording_store import RecordingStore
from settings import Settings
from tests.conftest import Valkey
from tests.ivr.conftest import AGENT, SHARED
from tests.media.line import QUIET, VOICE
from tests.media.phone_client import address, gateway, phone
from tests.media.recorded_flow import RECORDED_FLOW
from tests.scenarios import run, until

NOTICE = "This call may be recorded."


@pytest.fixture
def settings(settings: Settings) -> Settings:
    recordings = settings.recordings.model_copy(update={"key": SecretStr("the key of the recordings")})
    return settings.model_copy(update={"recordings": recordings})


@pytest.fixture
def runner(database: Database, settings: Settings) -> Runner:
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": RECORDED_FLOW}, datetime.now(UTC))
    return Runner(database, flows, ServiceRegistry([]), settings)


def recording(database: Database) -> Recording | None:
    with database.reading() as rows:
        return rows.scalars(sa.select(Recording).where(Recording.kind == RecordingKind.CALL)).one_or_none()


def stored(database: Database) -> bool:
    found = recording(database)
    return found is not None and found.status is RecordingStatus.STORED


def lines(database: Database) -> list[tuple[Speaker, str]]:
    with database.reading() as rows:
        found = rows.scalars(sa.select(TranscriptLine).order_by(TranscriptLine.at_ms, TranscriptLine.id))
        return [(line.speaker, line.text) for line in found]


def channels(settings: Settings, database: Database) -> tuple[bytes, bytes]:
    """Left and right, 16 bit."""
    row = recording(database)
    assert row is not None
    with (
        RecordingStore.of(settings).open(row.path or "") as file,
        wave.open(io.BytesIO(file.read_at(0, file.size))) as w,
    ):
        frames = w.readframes(w.getnframes())
    samples = [frames[at : at + 2] for at in range(0, len(frames), 2)]
    return b"".join(samples[0::2]), b"".join(samples[1::2])


def silent(channel: bytes, start_ms: int, end_ms: int) -> bool:
    part = channel[start_ms * 16 : end_ms * 16]
    return part == bytes(len(part))


def test_a_call_is_recorded_and_written_down_without_what_is_private(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings, speed=1.0) as caller:
            await caller.start()
            await caller.caption(NOTICE)
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.speak(QUIET, 0.6)
            await caller.press("2")
            await caller.caption("Your PIN?")
            await caller.speak(VOICE, 0.04)  # too short to be taken for speech, and loud enough to be heard
            await caller.press("1", "2", "3", "4", "#")
            await caller.caption("It was 1 2 3 4.")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.speak(QUIET, 1.0)
            await caller.speak(VOICE, 0.6)
            await caller.speak(QUIET, 1.2)
            await caller.caption("After the tone.")
            await caller.send("stop")
            await until(lambda: stored(database))

    run(scenario())
    row = recording(database)
    assert row is not None
    assert row.seconds > 3
    assert row.gaps == []
    left, right = channels(settings, database)
    assert row.pauses
    for start, end in row.pauses:
        assert silent(left, start, end)
        assert silent(right, start, end)
    assert any(left)
    assert any(right)
    said = lines(database)
    assert said[:3] == [
        (Speaker.HOTLINE, NOTICE),
        (Speaker.HOTLINE, "Say outage or bill, or press 1 to 6."),
        (Speaker.CALLER, "[2]"),
    ]
    assert (Speaker.CALLER, "report an outage") in said
    assert (Speaker.CALLER, MASK) in said
    assert (Speaker.HOTLINE, MASK) in said
    assert "1 2 3 4" not in str(said)
    assert (Speaker.HOTLINE, "Hello.") not in said  # before the notice


def test_where_calls_are_not_recorded_nothing_is_said_nor_kept(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    off = settings.model_copy(update={"recordings": settings.recordings.model_copy(update={"calls": False})})
    runner.settings = off

    async def scenario() -> None:
        async with gateway(replace(parts, settings=off)), phone(settings) as caller:
            await caller.start()
            await caller.caption("Hello.")
            heard = await caller.until("caption", who="hotline")
            assert heard["text"] == "Say outage or bill, or press 1 to 6."
            await caller.press("3")
            await caller.until("ended")

    run(scenario())
    assert recording(database) is None
    assert lines(database) == []


def test_who_speaks_over_the_greeting_hears_the_notice_with_the_next_answer(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings, speed=1.0) as caller:
            await caller.start()
            await caller.press("5")
            await caller.caption(NOTICE)
            await caller.caption("Keep away!")
            await until(lambda: (found := recording(database)) and found.status is RecordingStatus.RUNNING)
            await caller.send("stop")
            await until(lambda: stored(database))

    run(scenario())


class Failing(Runner):
    def resume(self, *arguments: Any, **named: Any) -> TurnAnswer:
        raise CallError("the flow cannot go on")


def test_the_apology_of_a_call_that_fails_is_on_its_recording(
    parts: GatewayParts, settings: Settings, database: Database, runner: Runner
) -> None:
    failing = Failing(database, runner.flows, runner.services, settings)

    async def scenario() -> None:
        async with gateway(replace(parts, runner=failing)), phone(settings, speed=1.0) as caller:
            await caller.start()
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.press("3")
            await caller.until("ended")
            await until(lambda: stored(database))

    run(scenario())
    row = recording(database)
    assert row is not None
    assert (row.pauses, row.gaps) == ([], [])
    _, right = channels(settings, database)
    assert any(right[-2000:])
    assert "sorry" in lines(database)[-1][1]


def test_a_phone_that_comes_back_and_a_gateway_that_restarts_go_on_with_one_recording(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with phone(settings, speed=1.0) as caller:
                token = (await caller.start())["token"]
                await caller.caption("Say outage or bill, or press 1 to 6.")
                await caller.speak(VOICE, 0.1)
                await caller.vanish()
            async with phone(settings, speed=1.0) as again:
                token = (await again.start(resume=token))["token"]
                await again.speak(QUIET, 1.5)
                await until(lambda: (found := recording(database)) and found.status is RecordingStatus.RUNNING)
        async with gateway(parts), phone(settings, speed=1.0) as third:
            await third.start(resume=token)
            await third.speak(QUIET, 1.0)
            await third.press("3")
            await third.until("ended")
            await until(lambda: stored(database))

    run(scenario())
    row = recording(database)
    assert row is not None
    left, right = channels(settings, database)
    assert len(left) == len(right) == pytest.approx(row.seconds * 16_000, abs=100)
    assert any(right[-8000:])  # the goodbye is at its end


def test_the_row_of_a_dead_gateway_s_call_is_finished_when_the_next_one_starts(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings, speed=1.0) as caller:
            await caller.start()
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.speak(QUIET, 2.2)
            await until(lambda: recording(database) is not None)
        with database.transaction() as rows:  # the sweep has ended the call meanwhile
            call = rows.scalars(sa.select(Call)).one()
            call.status, call.ended_at = CallStatus.COMPLETED, datetime.now(UTC)
        async with gateway(parts):
            assert stored(database)

    run(scenario())


# --- watched while it goes on


async def watch(settings: Settings, call_id: str, **claims: Any) -> ClientConnection:
    page = await connect(address(settings, path="/live", user=1))
    token = tokens.issue(settings, claims.pop("purpose", tokens.WATCH), call=call_id, user=1)
    await page.send(orjson.dumps({"watch": token}).decode())
    return page


async def heard(
    page: ClientConnection, wanted: Callable[[dict[str, Any]], bool], within_s: float = 10
) -> dict[str, Any]:
    async with asyncio.timeout(within_s):
        while True:
            message = orjson.loads(await page.recv())
            if message["topic"] == "transcript" and wanted(message["line"]):
                assert isinstance(message, dict)
                return message


def test_a_page_that_may_is_told_what_is_said_as_it_is_said(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings, speed=1.0) as caller:
            call_id = (await caller.start())["call"]
            page = await watch(settings, call_id)
            other, forged = await watch(settings, "another"), await watch(settings, call_id, purpose="live")
            await forged.send("no JSON")
            await forged.send("[1]")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.speak(QUIET, 0.6)
            await caller.press("2")
            found = await heard(page, lambda line: line["text"] == "[2]")
            assert found["id"] == call_id
            await caller.caption("Your PIN?")
            await caller.press("1", "2", "3", "4", "#")
            assert (await heard(page, lambda line: line["speaker"] == "caller"))["line"]["text"] == MASK
            for stranger in (other, forged):
                with pytest.raises(TimeoutError):
                    await heard(stranger, lambda line: True, within_s=0.3)
            for socket in (page, other, forged):
                await socket.close()

    run(scenario())


def test_lines_of_another_process_come_over_redis(parts: GatewayParts, settings: Settings, valkey: Valkey) -> None:
    async def scenario() -> None:
        async with gateway(replace(parts, redis_url=valkey.url)) as one:
            page = await watch(settings, "c" * 32)
            line = {"speaker": "caller", "text": "no power", "language": "en", "private": False, "partial": True}
            while True:
                one.tapes.lines.tell("c" * 32, line)
                await asyncio.to_thread(valkey.client.publish, "hotline:transcript", "not JSON")
                try:
                    found = await heard(page, lambda line: True, within_s=0.5)
                except TimeoutError:
                    continue
                assert found["line"] == line
                break
            await page.close()

    run(scenario())
