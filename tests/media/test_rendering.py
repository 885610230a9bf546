"""Words into sound: a recording by a person wins, as loud as the voice beside it; a voice that fails is a tone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.channels import prompt_recordings
from ivr.outputs import Say, Segment
from media.parts import GatewayParts, Threads
from media.rendering import Renderer
from speech.audio import mulaw_to_pcm, speech_level_dbfs, tone, write_wav
from tests.media.gateway_parts import ScriptedVoice

HELLO = Say((Segment("Hello.", "en", "hello"),))


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


@pytest.fixture
def renderer(parts: GatewayParts, threads: Threads, monkeypatch: pytest.MonkeyPatch) -> Renderer:
    monkeypatch.setattr(prompt_recordings, "LOOKS_AGAIN_S", 0.0)
    return Renderer(parts, threads)


def sound(renderer: Renderer, say: Say = HELLO) -> bytes:
    mulaw, spoken = asyncio.run(renderer.sound(say))
    assert spoken
    return mulaw_to_pcm(mulaw)


def recording(parts: GatewayParts, prompt: str = "hello") -> Path:
    return parts.settings.home / "prompts" / "en" / f"{prompt}.wav"


@pytest.mark.parametrize("level_dbfs", [-8.0, -20.0, -32.0])
def test_a_recording_is_as_loud_as_the_voice(renderer: Renderer, parts: GatewayParts, level_dbfs: float) -> None:
    write_wav(recording(parts), tone((300.0, 500.0), 700, level_dbfs))
    pcm = sound(renderer)
    assert len(pcm) / 16000 == pytest.approx(0.7)
    assert speech_level_dbfs(pcm) == pytest.approx(-20.0, abs=0.5)


def test_it_stands_among_what_the_voice_says(renderer: Renderer, parts: GatewayParts) -> None:
    write_wav(recording(parts), tone((300.0,), 700))
    say = Say((Segment("Hello.", "en", "hello"), Segment("It is five.", "en"), Segment("Bye.", "en", "bye")))
    assert len(sound(renderer, say)) / 16000 == pytest.approx(0.7 + 0.3 + 0.3)
    assert isinstance(parts.voice, ScriptedVoice)
    assert parts.voice.kept == ["It is five.", "Bye."]


def test_a_new_one_is_played_at_once_and_an_unreadable_one_never(renderer: Renderer, parts: GatewayParts) -> None:
    assert len(sound(renderer)) / 16000 == pytest.approx(0.3), "the voice"
    write_wav(recording(parts), tone((300.0,), 700))
    assert len(sound(renderer)) / 16000 == pytest.approx(0.7)
    write_wav(recording(parts), tone((300.0,), 900))
    os.utime(recording(parts), ns=(1, 1))
    assert len(sound(renderer)) / 16000 == pytest.approx(0.9)
    recording(parts).write_bytes(b"no sound")
    assert len(sound(renderer)) / 16000 == pytest.approx(0.3)
    recording(parts).unlink()
    assert len(sound(renderer)) / 16000 == pytest.approx(0.3)
