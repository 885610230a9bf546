"""The voice and the ears as the gateway is given them: the real ones."""

from __future__ import annotations

from pathlib import Path

from media.waiting import Voiced
from processes.ears import build_ears
from processes.gateway import GatewayVoice, VoiceEndpointer
from settings import Settings
from speech.audio import PCM_FRAME_BYTES, audioop


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[start : start + PCM_FRAME_BYTES] for start in range(0, len(pcm) - PCM_FRAME_BYTES + 1, PCM_FRAME_BYTES)]


def rms(frame: bytes) -> int:
    return audioop.rms(frame, 2)


def test_what_is_public_is_kept_and_what_is_private_is_not(settings: Settings) -> None:
    voice = GatewayVoice(settings)
    try:
        public = voice.pcm("Welcome", "en")
        private = voice.private_pcm("You owe one hundred yuan", "en")
        kept = list((settings.home / "voice-cache").rglob("*.wav"))
    finally:
        voice.close()
    assert len(public) > 8000
    assert len(private) > 8000
    assert len(kept) == 1


def test_speech_begins_once_and_ends_after_the_silence_asked_for(settings: Settings) -> None:
    voice = GatewayVoice(settings)
    try:
        spoken = voice.private_pcm("There is no power in our street", "en")
    finally:
        voice.close()
    silence = bytes(PCM_FRAME_BYTES)
    endpointer = VoiceEndpointer(end_silence_s=0.6)
    heard = [endpointer.accept(frame) for frame in [*[silence] * 20, *frames(spoken), *[silence] * 60]]
    assert heard.count(Voiced.ONSET) == 1
    loudest = max(rms(frame) for frame in frames(spoken))
    arrives = 20 + next(n for n, frame in enumerate(frames(spoken)) if rms(frame) > loudest / 10)
    assert (heard.index(Voiced.ONSET) - arrives) * 20 <= 240, "it is told from a cough within a quarter of a second"
    assert heard.count(Voiced.ENDED) == 1
    assert heard.index(Voiced.ENDED) > 20 + len(frames(spoken)) * 0.7


def test_english_is_heard_and_a_language_without_ears_is_left_out(settings: Settings) -> None:
    ears = build_ears(settings)
    try:
        assert set(ears) == {"en"}
        recognizer = ears["en"].acquire()
        recognizer.start(("yes", "no"), free=False, repeat=False)
        ears["en"].release(recognizer, broken=False)
    finally:
        ears["en"].close()


def test_a_model_that_is_missing_leaves_the_keypad(settings: Settings, tmp_path: Path) -> None:
    wanted = {"en": {"engine": "vosk", "model": tmp_path / "none"}}
    broken = Settings.model_validate(
        {**settings.model_dump(), "speech": {**settings.speech.model_dump(), "recognizers": wanted}}
    )
    assert build_ears(broken) == {}
