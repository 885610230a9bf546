"""Recordings of calls that Twilio carries to us as a stream: such a call leaves us, and may come back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from database import Database
from ivr.runner import Runner
from media.parts import GatewayParts
from models import RecordingStatus
from tests.ivr.conftest import AGENT, SHARED
from tests.media.gateway_parts import impatient
from tests.media.only_call import the_recording
from tests.media.phone_client import gateway
from tests.media.recorded_flow import RECORDED_FLOW
from tests.media.twilio_calls import Twilio, given_up, runner, settings, twilio
from tests.scenarios import run, until

__all__ = ["runner", "settings", "twilio"]


@pytest.fixture(autouse=True)
def recorded(runner: Runner) -> None:
    """Callers are told that they are recorded, and are."""
    runner.flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": RECORDED_FLOW}, datetime.now(UTC))


def test_a_call_back_from_a_transfer_is_recorded_further(
    parts: GatewayParts, twilio: Twilio, database: Database
) -> None:
    """One recording, however often the call leaves us; nothing of the process is held while it is away."""

    async def scenario() -> None:
        async with gateway(parts) as running:
            async with twilio.first_stream(more_than=6000) as caller:
                await caller.press("4")
                assert (await caller.close_reason())[0] == 1000
            assert (await twilio.goes_on()).kind == "dial"
            await until(lambda: running.tapes.settled)
            assert the_recording(database).status is RecordingStatus.RUNNING
            await asyncio.to_thread(twilio.call.dial_ended, "failed")
            async with twilio.next_stream(more_than=2000) as caller:
                await caller.press("3")
                await caller.close_reason()
            await until(lambda: the_recording(database).status is RecordingStatus.STORED)

    run(scenario())


def test_a_call_that_goes_on_by_webhook_leaves_its_recording_to_be_finished(
    parts: GatewayParts, twilio: Twilio
) -> None:
    async def scenario() -> None:
        async with gateway(impatient(parts, reconnect_s=3.0)) as running:
            async with twilio.first_stream(more_than=6000) as caller:
                await caller.vanish()
            await twilio.goes_on()
            assert (await twilio.goes_on()).kind == "gather"
            await given_up(running)
            await until(lambda: not running.tapes.held)

    run(scenario())
