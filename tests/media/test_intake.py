"""Sound in any pieces, in bursts, and faster than anybody can speak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.outputs import Gather, KeyInput, Record, SpeechInput
from media.actions import MessageRecorded, TurnOver
from media.intake import BURST_S, FRAME_S, Intake
from speech.audio import FRAME_BYTES
from tests.media.line import QUIET, VOICE, Line

PHRASES = SpeechInput(("report an outage",), end_silence_s=0.6)


@given(st.binary(max_size=2000), st.lists(st.integers(1, 400)))
def test_sound_in_any_pieces_comes_out_whole_and_in_order(sound: bytes, sizes: list[int]) -> None:
    intake, out, at = Intake(), b"", 0
    for size in [*sizes, len(sound)]:
        out += b"".join(intake.frames(sound[at : at + size], 0.0))
        at += size
    assert out == sound[: len(sound) - len(sound) % FRAME_BYTES]


def test_a_burst_after_a_gap_is_kept() -> None:
    intake = Intake()
    list(intake.frames(VOICE, 0.0))
    assert len(list(intake.frames(VOICE * 100, 2.0))) == 100
    assert intake.left_out == 0


@pytest.mark.parametrize("times", [1, 2, 10])
def test_what_comes_faster_than_time_is_left_out(times: int) -> None:
    intake, kept = Intake(), 0
    for number in range(1000):  # 20 s
        kept += len(list(intake.frames(VOICE * times, number * FRAME_S)))
    assert kept * FRAME_S == pytest.approx(20.0 if times == 1 else 20.0 + BURST_S, abs=0.1)


def test_an_utterance_in_half_frames_and_bursts_is_an_utterance() -> None:
    line = Line()
    line.begin(Gather("en", KeyInput(), PHRASES))
    sound = VOICE * 30 + QUIET * 40
    at = 0
    for size in (1, 79, 81, 159, 161, 1600, 240, 3200, 9000):
        line.do(line.session.audio(sound[at : at + size], line.now))
        line.wait(0.2)
        at += size
    assert isinstance(line.over, TurnOver)
    assert len(line.utterances[0]) >= 20 * 320


def test_nobody_fills_a_recogniser_or_a_message_faster_than_they_speak() -> None:
    line = Line()
    line.begin(Gather("en", KeyInput(), SpeechInput(("x",), max_s=10.0)))
    for _ in range(100):  # 2 s of time, 20 s of sound
        line.do(line.session.audio(VOICE * 10, line.now))
        line.wait(0.02)
    assert len(line.utterances[0]) / 16000 <= 2.0 + BURST_S + 0.1

    line = Line()
    line.begin(Record(60.0, beep=False))
    line.wait(0.1)
    for _ in range(100):
        line.do(line.session.audio(VOICE * 10, line.now))
        line.wait(0.02)
    line.press("#")
    assert isinstance(line.over, MessageRecorded)
    assert len(line.over.pcm) / 16000 <= 2.0 + BURST_S + 0.1
