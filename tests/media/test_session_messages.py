"""Messages after the tone, frame by frame."""

from __future__ import annotations

import pytest

from ivr.events import Digits, NoInput
from media.actions import MessageRecorded
from speech.audio import beep
from tests.media.line import QUIET, Line, say
from tests.media.waits import event, record


@pytest.mark.parametrize("after_s", [0.3, 1.5])
def test_a_key_that_works_everywhere_ends_a_message_before_and_after_the_tone(after_s: float) -> None:
    line = Line()
    line.begin(say("Speak after the tone."), record(commands=("7", "0")))
    line.wait(after_s)
    line.press("7")
    assert event(line) == Digits("7")


@pytest.mark.parametrize("ending", ["key", "silence", "longest"])
def test_a_message_is_what_was_said_after_the_tone(ending: str) -> None:
    line = Line()
    line.begin(say("Speak after the tone."), record(max_s=3.0 if ending == "longest" else 20.0))
    line.speak(1.2, QUIET)
    assert line.heard_s > 1.0
    line.speak(0.18)  # too early, during the tone
    line.wait(0.02)
    line.speak(1.0)
    if ending == "key":
        line.press("5", "#")
    else:
        line.speak(3.0, QUIET)
    assert isinstance(line.over, MessageRecorded)
    seconds = len(line.over.pcm) / 16000
    assert seconds == pytest.approx({"key": 1.0, "silence": 3.0, "longest": 3.0}[ending], abs=0.3)
    played = b"".join(frame for _, frame in line.played)
    assert len(played) >= 8000 + len(beep()) // 2 - 160


@pytest.mark.parametrize("frames_come", [True, False])
def test_a_message_nobody_speaks_is_silence(frames_come: bool) -> None:
    line = Line()
    line.begin(record())
    line.wait(0.6)
    line.speak(6.5, QUIET) if frames_come else line.wait(6.5)
    assert event(line) == NoInput()


def test_a_key_during_the_prompt_comes_to_the_tone_at_once() -> None:
    line = Line(prompt_s=10.0)
    line.begin(say(), record())
    line.wait(0.5)
    line.press("#")
    line.wait(0.6)
    line.speak(1.0)
    line.press("#")
    assert isinstance(line.over, MessageRecorded)
    assert line.heard_s < 1.5


def test_a_message_typed_is_its_own_transcript() -> None:
    line = Line()
    line.begin(record())
    line.wait(1.0)
    line.do(line.session.words("the pole leans", line.now))
    assert line.over == MessageRecorded(0, b"", "the pole leans")


def test_who_hangs_up_after_speaking_has_left_a_message() -> None:
    line = Line()
    line.begin(record())
    line.wait(0.6)
    assert line.session.cut_short() is None
    line = Line()
    line.begin(record())
    line.wait(0.6)
    line.speak(1.0)
    message = line.session.cut_short()
    assert message is not None
    assert len(message.pcm) == 16000
