"""With the real voice and the real ears: what a synthesised caller says over the socket is understood."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from media.parts import GatewayParts
from processes.ears import build_ears
from processes.gateway import GatewayVoice, VoiceEndpointer
from settings import Settings
from speech.audio import FRAME_BYTES, pcm_to_mulaw
from tests.media.line import QUIET
from tests.media.phone_client import TestPhone, gateway, phone


@pytest.fixture
def voice(settings: Settings) -> Iterator[GatewayVoice]:
    made = GatewayVoice(settings)
    yield made
    made.close()


@pytest.fixture
def real(parts: GatewayParts, settings: Settings, voice: GatewayVoice) -> Iterator[GatewayParts]:
    ears = build_ears(settings)
    yield replace(parts, voice=voice, ears=ears, endpointers=VoiceEndpointer)
    for pool in ears.values():
        pool.close()


async def say(caller: TestPhone, sound: bytes) -> None:
    """In real time, with the silence around it that a line has."""
    mulaw = pcm_to_mulaw(sound)
    await caller.speak(QUIET, 0.3)
    for at in range(0, len(mulaw) - FRAME_BYTES, FRAME_BYTES):
        await caller.speak(mulaw[at : at + FRAME_BYTES], 0.02)
    await caller.speak(QUIET, 1.3)


def test_report_an_outage_is_heard_during_the_prompt(
    real: GatewayParts, settings: Settings, voice: GatewayVoice
) -> None:
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


def test_something_else_is_not_taken_for_a_phrase(real: GatewayParts, settings: Settings, voice: GatewayVoice) -> None:
    async def scenario() -> None:
        async with gateway(real), phone(settings, speed=1.0) as caller:
            await caller.start()
            await say(caller, voice.pcm("the weather was lovely on sunday morning", "en"))
            said = await caller.until("caption", who="hotline", text="First not understood. " + ASKED)
            assert said

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_recogniser_that_dies_costs_the_utterance_and_not_the_call(
    real: GatewayParts, settings: Settings, voice: GatewayVoice
) -> None:
    sound = voice.pcm("report an outage", "en")

    async def scenario() -> None:
        async with gateway(real), phone(settings, speed=1.0) as caller:
            await caller.start()
            await caller.caption("Hello.")
            at_length = sound + voice.pcm("and please be quick about it, the whole street is waiting in the dark", "en")
            speaking = asyncio.create_task(say(caller, at_length))
            await caller.until("caption", who="caller", partial=True)  # a recogniser has taken it up
            for parent in processes_of(os.getpid(), "speech.recognizer_worker"):
                for worker in processes_of(parent):
                    os.kill(worker, signal.SIGKILL)
            await speaking
            await caller.until("caption", who="hotline", text="First not understood. " + ASKED)
            await say(caller, sound)
            heard = await caller.until("caption", who="caller", partial=False)
            assert "outage" in heard["text"]

    asyncio.run(asyncio.wait_for(scenario(), 90))


def processes_of(parent: int, running: str = "") -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            ours = int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent
            if ours and running in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return found


ASKED = "Say outage or bill, or press 1 to 6."
