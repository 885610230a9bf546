"""A call's mouth and ears, frame by frame: when a turn is over, and that it is exactly once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.events import DialEnded
from ivr.outputs import Hangup, Transfer
from media.actions import Over, PutThrough
from tests.media.line import QUIET, Line, say
from tests.media.waits import ACCOUNT, MENU, PHRASES, event, gather, record


def test_the_call_ends_when_the_last_word_has_been_heard_not_when_it_was_sent() -> None:
    line = Line(prompt_s=2.0)
    begun = line.now
    line.begin(say("Goodbye."), Hangup("flow"))
    line.press("1")
    line.until_over()
    assert line.over == Over("flow")
    assert line.over_at - begun == pytest.approx(2.0, abs=0.05)
    assert not line.cleared_at


def test_a_transfer_is_due_when_its_prompt_has_been_heard_and_the_turn_ends_when_it_does() -> None:
    line = Line()
    wish = Transfer("+8613800000000")
    line.begin(say("I put you through."), wish)
    line.until_over()
    assert line.over == PutThrough(0, wish)
    line.over = None
    line.do(line.session.dialled(7, DialEnded("busy"), line.now))
    assert line.over is None, "another transfer's end is none of this one"
    line.do(line.session.dialled(0, DialEnded("busy"), line.now))
    assert event(line) == DialEnded("busy")


def test_an_answer_begun_again_is_played_again() -> None:
    line = Line()
    line.begin(say(), gather())
    line.wait(0.5)
    line.begin(say(), gather())
    line.wait(1.5)
    assert line.captions == ["Press one.", "Press one."]
    assert line.over is None


# --- anything at all


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from("0123456789*#"),
            st.sampled_from(["speak", "quiet", "wait", "words", "odd bytes", "wrong mark", "wrong words"]),
        ),
        max_size=25,
    ),
    st.sampled_from(
        [
            (gather(ACCOUNT, PHRASES),),
            (say(barge_in=False), gather(MENU, PHRASES)),
            (say(), record()),
            (say(), Hangup()),
            (gather(None, PHRASES),),
        ]
    ),
)
def test_whatever_happens_a_turn_ends_exactly_once(steps: list[str], outputs: tuple[object, ...]) -> None:
    line = Line()
    line.begin(*outputs)  # type: ignore[arg-type]
    for step in steps:
        match step:
            case "speak":
                line.speak(0.5)
            case "quiet":
                line.speak(0.5, QUIET)
            case "wait":
                line.wait(0.7)
            case "words":
                line.do(line.session.words("anything", line.now))
            case "odd bytes":
                line.do(line.session.audio(b"\x00" * 37, line.now))
            case "wrong mark":
                line.do(line.session.mark("9.9", line.now))
            case "wrong words":
                line.do(line.session.recognized(7, "x", 1.0, line.now))
            case _:
                line.press(step)
    line.until_over()
