"""What a caller with a browser phone hears: when it stops, what is private, and a voice that is late or fails."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from database import Database
from media import rendering
from media.actions import Action
from media.parts import GatewayParts
from media.session import MediaSession
from settings import Settings
from speech.audio import pcm_to_mulaw, tone
from tests.media.gateway_calls import on_the_line, to_the_pin
from tests.media.gateway_parts import ScriptedVoice
from tests.media.phone_client import gateway, phone
from tests.scenarios import run, until


def test_a_key_stops_the_prompt_at_once(parts: GatewayParts) -> None:
    async def scenario() -> None:
        slow = replace(parts, voice=ScriptedVoice(seconds=5.0))
        async with on_the_line(slow, speed=1.0) as caller:
            await until(lambda: caller.heard)
            await caller.press("1")
            await caller.until("clear")
            assert len(caller.heard) < 20_000, "half of it at most, played in real time"

    run(scenario())


def test_what_must_be_heard_cannot_be_stopped(parts: GatewayParts) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await caller.press("5")
            await caller.caption("Keep away!")
            caller.messages.clear()
            await caller.press("3")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            assert not [message for message in caller.messages if message["event"] == "clear"]

    run(scenario())


def test_private_words_are_marked_and_kept_out_of_the_voice_cache(parts: GatewayParts) -> None:
    voice = parts.voice
    assert isinstance(voice, ScriptedVoice)

    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await to_the_pin(caller)
            await caller.press(*"13572")
            said = await caller.until("caption", who="hotline", private=True)
            assert "1" in said["text"]
            heard = [message for message in caller.messages if message.get("who") == "caller"]
            assert not any("13572" in message["text"] for message in heard)
            assert voice.private
            assert not set(voice.kept) & set(voice.private)

    run(scenario())


def test_a_voice_that_fails_leaves_captions_and_a_tone(parts: GatewayParts) -> None:
    async def scenario() -> None:
        async with on_the_line(replace(parts, voice=ScriptedVoice(fails=True))) as caller:
            await caller.until("caption", who="notice", text="The voice is out of order. Please read the captions.")
            await caller.caption("Hello.")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.press("3")
            await caller.until("ended")
            assert len(caller.heard) >= 2000

    run(scenario())


def test_who_hangs_up_while_a_prompt_is_rendered_has_hung_up(
    parts: GatewayParts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "PATIENCE_S", 600.0)
    asked, may_go_on = threading.Semaphore(0), threading.Event()

    class Stuck(ScriptedVoice):
        def pcm(self, text: str, language: str) -> bytes:
            asked.release()
            assert may_go_on.wait(60)
            return super().pcm(text, language)

    voice = Stuck()

    async def scenario() -> None:
        async with gateway(replace(parts, voice=voice)):
            try:
                async with phone(settings) as caller, phone(settings, number="+8613800571009") as other:
                    await caller.start()
                    await other.start()  # six texts for four threads
                    for _ in range(4):
                        await asyncio.to_thread(asked.acquire)
                    await caller.send("stop")
                    await caller.until("ended")
                    await other.send("stop")
                    await other.until("ended")
            finally:
                may_go_on.set()
        assert not asked.acquire(blocking=False), "what was only wanted by who is gone is not rendered any more"

    run(scenario())


def test_a_prompt_rendered_late_is_not_taken_for_the_last_words(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    may_go_on = threading.Event()

    class SlowAtFirst(ScriptedVoice):
        def pcm(self, text: str, language: str) -> bytes:
            if text == "Hello.":
                assert may_go_on.wait(60)
                return tone((700.0,), 5000)
            if text.startswith("This call has reached"):
                may_go_on.set()
                assert hello_is_there.wait(60)
            return super().pcm(text, language)

    hello_is_there = threading.Event()
    rendered = MediaSession.rendered

    def noted(self: MediaSession, prompt: str, mulaw: bytes, now: float) -> list[Action]:
        actions = rendered(self, prompt, mulaw, now)
        if len(mulaw) == 40_000:
            hello_is_there.set()
        return actions

    async def scenario() -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(MediaSession, "rendered", noted)
            async with gateway(replace(parts, voice=SlowAtFirst())) as running, phone(settings) as caller:
                await caller.start()
                running.switchboard.all()[0].call.say_last("too_long", "time limit")
                await caller.until("ended", within_s=30, reason="time limit")
                assert pcm_to_mulaw(tone((700.0,), 5000))[160:320] not in caller.heard
                assert pcm_to_mulaw(tone((300.0,), 300)) in caller.heard

    run(scenario())
