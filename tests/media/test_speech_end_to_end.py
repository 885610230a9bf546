"""With the real voice and the real ears: what a synthesised caller says over the socket is understood."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from media.parts import GatewayParts
from processes.gateway import GatewayVoice, VoiceEndpointer, build_ears
from settings import Settings
from speech.audio import FRAME_BYTES, pcm_to_mulaw
from tests.media.line import QUIET
from tests.media.phone_client import TestPhone, gateway, phone


@pytest.fixture
def voice(settings: Settings) -> Iterator[GatewayVoice]:
    made = GatewayVoice(settings)
    yield made
    made.close()


async def say(caller: TestPhone, sound: bytes) -> None:
    """In real time, with the silence around it that a line has."""
    mulaw = pcm_to_mulaw(sound)
    await caller.speak(QUIET, 0.3)
    for at in range(0, len(mulaw) - FRAME_BYTES, FRAME_BYTES):
        await caller.speak(mulaw[at : at + FRAME_BYTES], 0.02)
    await caller.speak(QUIET, 1.3)


def test_report_an_outage_is_heard_during_the_prompt(
    parts: GatewayParts, settings: Settings, voice: GatewayVoice
) -> None:
    real = replace(parts, voice=voice, ears=build_ears(settings), endpointers=VoiceEndpointer)

    async def scenario() -> None:
        async with gateway(real), phone(settings, speed=1.0) as caller:
            await caller.start()
            await caller.caption("Hello.")
            await say(caller, voice.pcm("report an outage", "en"))
            await caller.until("clear")
            heard = await caller.until("caption", who="caller", partial=False)
            assert "outage" in heard["text"]
            await caller.caption("After the tone.")

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_something_else_is_not_taken_for_a_phrase(parts: GatewayParts, settings: Settings, voice: GatewayVoice) -> None:
    real = replace(parts, voice=voice, ears=build_ears(settings), endpointers=VoiceEndpointer)

    async def scenario() -> None:
        async with gateway(real), phone(settings, speed=1.0) as caller:
            await caller.start()
            await say(caller, voice.pcm("the weather was lovely on sunday morning", "en"))
            said = await caller.until("caption", who="hotline", text="First not understood. " + ASKED)
            assert said

    asyncio.run(asyncio.wait_for(scenario(), 60))


ASKED = "Say outage or bill, or press 1 to 6."
