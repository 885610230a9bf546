"""Messages that callers with a browser phone leave: kept, however the call ends."""

from __future__ import annotations

import pytest

from database import Database
from media.parts import GatewayParts
from settings import Settings
from speech.audio import read_wav
from tests.media.gateway_calls import on_the_line, to_the_tone
from tests.media.gateway_parts import impatient
from tests.media.line import VOICE
from tests.media.only_call import ended, the_recording
from tests.media.phone_client import gateway, phone
from tests.scenarios import run


def test_a_message_is_on_disk_before_its_turn_is_answered(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await to_the_tone(caller)
            await caller.speak(VOICE, 1.0)
            await caller.press("#")
            await caller.caption("Thank you.")
            recording = the_recording(database)
            assert recording.path is not None
            pcm = read_wav(settings.home / "recordings" / recording.path)
            assert recording.seconds == pytest.approx(len(pcm) / 16000)
            assert any(pcm)

    run(scenario())


def test_who_hangs_up_in_the_middle_of_a_message_has_left_it(parts: GatewayParts, database: Database) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await to_the_tone(caller)
            await caller.speak(VOICE, 0.8)
            await caller.send("stop")
            await caller.until("ended")
            call = await ended(database)
            assert call.end_reason == "caller hung up"
            assert the_recording(database).seconds > 0.4

    run(scenario())


def test_a_message_under_way_is_kept_when_the_phone_stays_away(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(impatient(parts)):
            async with phone(settings) as caller:
                await caller.start()
                await to_the_tone(caller)
                await caller.speak(VOICE, 0.8)
                await caller.vanish()
            await ended(database)
            assert the_recording(database).seconds > 0.4

    run(scenario())
