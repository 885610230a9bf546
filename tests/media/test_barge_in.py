"""What stops a prompt and what does not: real voices, a real detector, and the noises that telephones make."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ivr.events import Speech
from ivr.outputs import Gather, KeyInput, Record, SpeechInput
from media.actions import Render, TurnOver
from processes.gateway import VoiceEndpointer
from speech.audio import PCM_FRAME_BYTES, RATE, audioop, mulaw_to_pcm, pcm_to_mulaw
from speech.pyttsx3_voice import Pyttsx3Voice
from tests.media.line import FRAME_S, Line, say

PROMPT = "Danger. A wire that has come down may be live. Keep away from it, keep others away from it, and wait for us."
MENU = Gather("en", KeyInput(1, 1), SpeechInput(("report an outage", "billing"), end_silence_s=0.6))
ECHO_DELAY_FRAMES = 12


@pytest.fixture(scope="module")
def voice() -> Iterator[Pyttsx3Voice]:
    made = Pyttsx3Voice(timeout_s=30)
    yield made
    made.close()


@dataclass
class RealLine(Line):
    """Says its prompts with a real voice; what is played may come back to the session, so many dB fainter."""

    voice: Pyttsx3Voice | None = None
    echo_db: float | None = None
    listened: list[float] = field(default_factory=list)  # when an utterance began

    def render(self, action: Render) -> None:
        assert self.voice is not None
        sound = pcm_to_mulaw(self.voice.render(action.say.text, "en"))
        self.do(self.session.rendered(action.prompt, sound, self.now))

    def comes(self, pcm: bytes, seconds: float = 0.0) -> None:
        """The far end: `pcm`, then silence, both with a quiet line's noise and perhaps the echo, frame by frame."""
        chance = random.Random(1)
        count = max(len(pcm) // PCM_FRAME_BYTES, round(seconds / FRAME_S))
        for number in range(count):
            frame = pcm[number * PCM_FRAME_BYTES : (number + 1) * PCM_FRAME_BYTES].ljust(PCM_FRAME_BYTES, b"\0")
            noise = array("h", (round(chance.gauss(0, 8)) for _ in range(RATE // 50))).tobytes()
            frame = audioop.add(frame, noise, 2)
            if self.echo_db is not None and len(self.played) > ECHO_DELAY_FRAMES:
                at, sound = self.played[-ECHO_DELAY_FRAMES]
                if at > self.now - 0.5:
                    echo = audioop.mul(mulaw_to_pcm(sound), 2, 10 ** (self.echo_db / 20))
                    frame = audioop.add(frame, echo.ljust(PCM_FRAME_BYTES, b"\0"), 2)
            before = len(self.utterances)
            self.do(self.session.audio(pcm_to_mulaw(frame), self.now))
            self.listened += [self.now] * (len(self.utterances) - before)
            self.wait(FRAME_S)


def burst(kind: str, milliseconds: int) -> bytes:
    """A noise as loud as speech: `door` rings low and dies away, `cough` bursts twice, `click` is a few samples."""
    chance = random.Random(f"{kind}{milliseconds}")
    samples = array("h")
    for index in range(RATE * milliseconds // 1000):
        t = index / RATE
        noise = chance.gauss(0, 0.35)
        value = {
            "hiss": noise,
            "door": (0.6 * noise + math.sin(2 * math.pi * 130 * t)) * math.exp(-15 * t),
            "cough": noise * (1.5 * math.exp(-(((t - 0.03) / 0.04) ** 2)) + math.exp(-(((t - 0.12) / 0.04) ** 2))),
            "click": 1.0 if 80 <= index < 86 else 0.0,
        }[kind]
        samples.append(round(max(-1.0, min(1.0, value)) * 16000))
    return samples.tobytes()


def real_line(voice: Pyttsx3Voice, **changes: object) -> RealLine:
    return RealLine(endpointers=VoiceEndpointer, voice=voice, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["hiss", "door", "cough", "click"])
@pytest.mark.parametrize("milliseconds", [60, 120, 180, 300])
def test_a_cough_a_door_or_a_click_stops_no_prompt(voice: Pyttsx3Voice, kind: str, milliseconds: int) -> None:
    line = real_line(voice)
    line.begin(say(PROMPT), MENU)
    line.comes(bytes(16000), 1.0)
    line.comes(burst(kind, milliseconds), 1.5)
    assert not line.cleared_at
    assert not line.utterances
    assert line.over is None


@pytest.mark.parametrize("words", ["yes please", "operator", "report an outage", "my power is out"])
def test_a_word_stops_it_within_a_tenth_of_a_second_of_being_known_for_one(voice: Pyttsx3Voice, words: str) -> None:
    line = real_line(voice)
    line.begin(say(PROMPT), MENU)
    line.comes(bytes(16000), 1.0)
    begun = line.now
    line.comes(voice.render(words, "en"), 1.0)
    assert line.cleared_at == line.listened[:1]
    after = [at for at, _ in line.played if at > line.cleared_at[0]]
    assert len(after) * FRAME_S <= 0.1, "nothing more is heard of it"
    assert line.cleared_at[0] - begun <= 0.5
    line.comes(b"", 1.0)
    assert isinstance(line.over, TurnOver)
    assert line.over.event == Speech("report an outage", 0.9)
    heard = line.utterances[0]
    assert line.cleared_at[0] - len(heard) / 2 / RATE < begun, "its first sound was kept"


@pytest.mark.parametrize("echo_db", [-8.0, -15.0, -25.0])
def test_a_prompt_that_comes_back_does_not_stop_itself(voice: Pyttsx3Voice, echo_db: float) -> None:
    line = real_line(voice, echo_db=echo_db)
    line.begin(say(PROMPT), MENU)
    line.comes(b"", 7.0)
    assert not line.cleared_at
    assert not line.utterances


def test_a_caller_is_heard_over_the_echo_of_a_prompt(voice: Pyttsx3Voice) -> None:
    line = real_line(voice, echo_db=-15.0)
    line.begin(say(PROMPT), MENU)
    line.comes(b"", 2.0)
    begun = line.now
    line.comes(voice.render("I want to report an outage", "en"), 1.0)
    assert line.cleared_at
    assert line.cleared_at[0] - begun <= 0.8


def test_the_tone_that_comes_back_is_no_message(voice: Pyttsx3Voice) -> None:
    line = real_line(voice, echo_db=-10.0)
    line.begin(say("After the tone."), Record(20.0))
    line.comes(b"", 3.0)
    assert line.session.cut_short() is None


@pytest.mark.parametrize("words", ["yes", "no", "six", "stop"])
def test_the_shortest_answer_to_a_finished_prompt_is_heard(voice: Pyttsx3Voice, words: str) -> None:
    line = real_line(voice)
    line.begin(say("Yes or no?"), MENU)
    line.comes(b"", 3.0)
    line.comes(voice.render(words, "en"), 2.0)
    assert len(line.utterances) == 1
    assert isinstance(line.over, TurnOver)
