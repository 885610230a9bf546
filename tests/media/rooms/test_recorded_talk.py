"""What an agent and a caller say is on the recording of the call, each on their side, unless an agent pauses it."""

from __future__ import annotations

import asyncio
import io
import wave
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from database import Database
from ivr.flow_store import FlowStore
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from media.parts import GatewayParts
from models import AuditEvent, Recording, RecordingStatus
from recording_store import RecordingStore
from settings import Settings
from speech.audio import pcm_to_mulaw
from tests.ivr.conftest import AGENT, SHARED
from tests.media.phone_client import TestPhone, gateway, phone
from tests.media.rooms.agent_client import TestAgent, agent, hears, speaking
from tests.media.rooms.conftest import FLOW, People, Second, both
from tests.media.rooms.talks import CALLER_HZ, TOM_HZ, offered, waits
from tests.media.tones import level_of
from tests.scenarios import run

RECORDED_FLOW = FLOW.replace("nodes:\n", "nodes:\n  notice: {say: recorded_notice, next: what}\n").replace(
    "prompts:\n", "prompts:\n  recorded_notice: {en: This call may be recorded., zh-CN: 通话会录音。}\n"
)
SECRET_HZ = 2600.0


@pytest.fixture
def runner(database: Database, settings: Settings) -> Runner:
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": RECORDED_FLOW}, datetime.now(UTC))
    return Runner(database, flows, ServiceRegistry([]), settings)


def stored(database: Database) -> Recording | None:
    with database.reading() as rows:
        return rows.scalars(sa.select(Recording).where(Recording.status == RecordingStatus.STORED)).one_or_none()


async def kept(database: Database) -> Recording:
    """Waits until the recording of the only call is finished."""
    async with asyncio.timeout(20):
        while (row := stored(database)) is None:
            await asyncio.sleep(0.05)
    return row


def sides(settings: Settings, row: Recording) -> tuple[bytes, bytes]:
    """What the caller said, and what they heard: mu-law."""
    with RecordingStore.of(settings).open(row.path or "") as file:
        with wave.open(io.BytesIO(file.read_at(0, file.size))) as sound:
            frames = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, 2)
    left, right = (pcm_to_mulaw(frames[:, side].tobytes()) for side in (0, 1))
    return left, right


def loudest(hertz: float, sound: bytes) -> float:
    """The level of this pitch in the quarter of a second in which it is loudest."""
    return max(level_of(hertz, sound[at : at + 2000]) for at in range(0, len(sound) - 2000, 1000))


def audited(database: Database) -> list[str]:
    with database.reading() as rows:
        return list(rows.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


async def written(database: Database, *actions: str) -> None:
    async with asyncio.timeout(30):
        while audited(database) != list(actions):
            await asyncio.sleep(0.05)


async def recorded_talk(tom: TestAgent, caller: TestPhone) -> str:
    await tom.ready()
    call = await waits(caller)
    await offered(tom, call)
    joined = await tom.answer(call)
    assert (joined["recorded"], joined["paused"]) == (True, False)
    return call


def test_both_are_heard_each_on_their_side(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings, speed=1.0) as caller:
            await recorded_talk(tom, caller)
            async with speaking(caller, CALLER_HZ), speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)
                await asyncio.sleep(1.0)  # a second of talk for the recording
            await caller.send("stop")
            await kept(database)

    run(scenario())
    row = stored(database)
    assert row is not None
    left, right = (side[-8000:] for side in sides(settings, row))
    assert level_of(CALLER_HZ, left) > -25 > -40 > level_of(TOM_HZ, left)
    assert level_of(TOM_HZ, right) > -25 > -40 > level_of(CALLER_HZ, right)


async def keep_out(tom: TestAgent, caller: TestPhone) -> None:
    """The agent pauses the recording, the caller says what is secret, and goes on when it is on again."""
    await tom.send("pause_recording", on=True)
    assert (await tom.until("joined", paused=True))["recorded"]
    async with speaking(caller, SECRET_HZ):
        await hears(tom, SECRET_HZ)
    await asyncio.sleep(0.5)  # what is under way still is secret too
    await tom.send("pause_recording", on=False)
    await tom.until("joined", paused=False)
    async with speaking(caller, CALLER_HZ):
        await hears(tom, CALLER_HZ)


def test_what_is_said_while_an_agent_pauses_the_recording_is_not_on_it(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings, speed=1.0) as caller:
            await recorded_talk(tom, caller)
            await keep_out(tom, caller)
            await caller.send("stop")
            await kept(database)

    run(scenario())
    row = stored(database)
    assert row is not None
    left, _ = sides(settings, row)
    assert loudest(SECRET_HZ, left) < -45
    assert loudest(CALLER_HZ, left) > -35
    assert audited(database) == ["recording.paused", "recording.resumed"]


def test_an_agent_at_another_process_pauses_it_as_well_and_it_goes_on_when_they_leave(
    parts: GatewayParts, second: Second, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            both(parts, second), agent(second.settings, people.tom) as tom, phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            await recorded_talk(tom, caller)
            await keep_out(tom, caller)
            await tom.send("pause_recording", on=True)
            await tom.until("joined", paused=True)
            await tom.send("leave")
            await caller.caption("It was good to talk to you.")
            await written(database, *["recording.paused", "recording.resumed"] * 2)
            async with speaking(caller, CALLER_HZ):
                await asyncio.sleep(1.0)
            await caller.send("stop")
            await kept(database)

    run(scenario())
    row = stored(database)
    assert row is not None
    left, _ = sides(settings, row)
    assert loudest(SECRET_HZ, left) < -45
    assert level_of(CALLER_HZ, left[-6000:]) > -35, "who is with the menus again is recorded again"


def test_it_goes_on_when_the_call_is_put_through_to_a_colleague(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            await mei.ready()
            call = await recorded_talk(tom, caller)
            await tom.send("pause_recording", on=True)
            await tom.until("joined", paused=True)
            await tom.send("transfer", to="agent:mei")
            await mei.until("ringing", call=call)
            await mei.send("answer", call=call)
            await tom.until("left", reason="transferred")
            await written(database, "recording.paused", "recording.resumed")
            await mei.until("joined", paused=False)

    run(scenario())


def test_only_an_agent_on_the_call_can_pause_its_recording(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            agent(settings, people.sun) as sun, phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            call = await recorded_talk(tom, caller)
            await mei.send("pause_recording", on=True)
            await mei.until("error", code="no_call")
            await sun.send("join", call=call, mode="barge")
            await sun.until("joined", mode="barge")
            await sun.send("pause_recording", on=True)
            await sun.until("error", code="not_allowed")
            assert "recording.paused" not in audited(database)

    run(scenario())


def test_where_calls_are_not_recorded_there_is_nothing_to_pause(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        recordings = settings.recordings.model_copy(update={"calls": False})
        quiet = replace(parts, settings=settings.model_copy(update={"recordings": recordings}))
        async with gateway(quiet), agent(settings, people.tom) as tom, phone(settings, speed=1.0) as caller:
            await tom.ready()
            call = await waits(caller)
            await offered(tom, call)
            assert (await tom.answer(call))["recorded"] is False
            await tom.send("pause_recording", on=True)
            await tom.until("error", code="not_recorded")

    run(scenario())
