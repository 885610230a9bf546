"""When an answer is taken for whole: at once after a phrase, later where there may be more, latest within a number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.events import Speech
from ivr.outputs import Gather, KeyInput, SpeechInput
from media.actions import TurnOver
from media.completing import EXTENDABLE_S, FREE_S, UNFINISHED_NUMBER, WHOLE_S, Completeness
from tests.media.line import FRAME_S, QUIET, Line

USUAL_S = 0.8
PHRASES = SpeechInput(("Report", "report an outage", "billing", "yes"), end_silence_s=USUAL_S)
MANDARIN = SpeechInput(("停电", "停电报修", "电费"), end_silence_s=USUAL_S)
DIGITS = SpeechInput(("one", "two", "agent"), digits=True, end_silence_s=USUAL_S)
ACCOUNT = KeyInput(4, 6)


@pytest.mark.parametrize(
    ("rules", "heard", "seconds"),
    [
        (Gather("en", KeyInput(), PHRASES), "", USUAL_S),
        (Gather("en", KeyInput(), PHRASES), "billing", WHOLE_S),
        (Gather("en", KeyInput(), PHRASES), "report an outage", WHOLE_S),
        (Gather("en", KeyInput(), replace(PHRASES, free=True)), "report an outage", FREE_S),
        (Gather("en", KeyInput(), PHRASES), "report", EXTENDABLE_S),
        (Gather("en", KeyInput(), PHRASES), "report an", USUAL_S),
        (Gather("en", None, SpeechInput(("yes",), end_silence_s=0.1)), "yes", 0.1),
        (Gather("zh-CN", KeyInput(), MANDARIN), "停电 报修", WHOLE_S),
        (Gather("zh-CN", KeyInput(), MANDARIN), "停电", EXTENDABLE_S),
        (Gather("en", ACCOUNT, DIGITS), "one two", USUAL_S * UNFINISHED_NUMBER),
        (Gather("en", ACCOUNT, DIGITS), "one two one two", USUAL_S),
        (Gather("en", ACCOUNT, DIGITS), "double one two two one two", WHOLE_S),
        (Gather("en", ACCOUNT, DIGITS), "agent", WHOLE_S),
        (Gather("en", None, DIGITS), "one two", USUAL_S),
    ],
)
def test_the_silence_that_ends_an_utterance(rules: Gather, heard: str, seconds: float) -> None:
    assert Completeness(rules).silence_s(heard) == pytest.approx(seconds)


def spoken(rules: Gather, partial: str, *, caught_up: bool = True) -> tuple[Line, float]:
    """Somebody says something for a second; the recogniser has made `partial` of it. When they stopped."""
    line = Line()
    line.begin(rules)
    line.speak(1.0)
    stopped = line.now
    for number in range(100):
        if line.over is not None:
            break
        heard_s = 1.5 + number * FRAME_S if caught_up else 0.6
        line.do(line.session.partly(0, partial, heard_s, line.now))
        line.speak(FRAME_S, QUIET)
    return line, stopped


@pytest.mark.parametrize(
    ("rules", "partial", "seconds"),
    [
        (Gather("en", KeyInput(), PHRASES), "billing", WHOLE_S),
        (Gather("en", KeyInput(), PHRASES), "report", EXTENDABLE_S),
        (Gather("en", KeyInput(), PHRASES), "report an", USUAL_S),
        (Gather("en", ACCOUNT, DIGITS), "one two", USUAL_S * UNFINISHED_NUMBER),
    ],
)
def test_a_whole_answer_is_taken_at_once_to_the_frame(rules: Gather, partial: str, seconds: float) -> None:
    line, stopped = spoken(rules, partial)
    assert isinstance(line.over, TurnOver)
    assert line.over.event == Speech("report an outage", 0.9)
    assert line.over_at - stopped == pytest.approx(seconds, abs=0.021)


def test_a_recogniser_that_lags_behind_is_not_believed_before_it_has_heard_the_end() -> None:
    line, stopped = spoken(Gather("en", KeyInput(), PHRASES), "billing", caught_up=False)
    assert line.over_at - stopped == pytest.approx(USUAL_S, abs=0.021)


def test_words_of_an_earlier_utterance_end_nothing() -> None:
    line = Line()
    line.begin(Gather("en", KeyInput(), PHRASES))
    line.speak(1.0)
    line.speak(0.4, QUIET)
    line.do(line.session.partly(7, "billing", 99.0, line.now))
    assert line.over is None
