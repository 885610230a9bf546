"""Keys, frame by frame: which entries they make by which rules, and from when on nobody pressed one."""

from __future__ import annotations

import pytest

from ivr.events import Digits, NoInput
from ivr.outputs import KeyInput
from media.playout import MARK_GRACE_S
from tests.media.line import Line, say
from tests.media.waits import ACCOUNT, MENU, PHRASES, event, gather


# {min, max, terminator} x {none, partial, exact, over-long} x {during, after the prompt}
@pytest.mark.parametrize("during_the_prompt", [True, False])
@pytest.mark.parametrize(
    ("rules", "pressed", "expected", "waits_s"),
    [
        (MENU, "1", Digits("1"), 0.0),
        (MENU, "*", Digits("*"), 0.0),
        (MENU, "#", Digits(""), 0.0),
        (KeyInput(1, 1, terminator=""), "#", Digits("#"), 0.0),
        (ACCOUNT, "12", Digits("12", timed_out=True), 2.0),
        (ACCOUNT, "12#", Digits("12"), 0.0),
        (ACCOUNT, "1234", Digits("1234", timed_out=True), 2.0),
        (ACCOUNT, "1234#", Digits("1234"), 0.0),
        (ACCOUNT, "123456", Digits("123456"), 0.0),
        (KeyInput(4, 6, terminator="*", inter_digit_s=2.0), "12#4*", Digits("12#4"), 0.0),
        (KeyInput(1, 20, terminator="", inter_digit_s=4.0), "12#", Digits("12#", timed_out=True), 4.0),
    ],
)
def test_an_entry_ends_as_its_rules_say(
    rules: KeyInput, pressed: str, expected: Digits, waits_s: float, during_the_prompt: bool
) -> None:
    line = Line()
    line.begin(say(), gather(rules))
    line.wait(0.3 if during_the_prompt else 1.5)
    line.press(*pressed[:-1])
    last_key_at = line.now
    line.do(line.session.key(pressed[-1], line.now))
    line.until_over()
    assert event(line) == expected
    assert line.over_at - last_key_at == pytest.approx(waits_s, abs=0.03)


def test_silence_counts_from_the_moment_the_last_prompt_was_heard() -> None:
    line = Line(prompt_s=3.0)
    begun = line.now
    line.begin(say(), say("Or press two."), gather())
    line.until_over()
    assert event(line) == NoInput()
    assert line.over_at - begun == pytest.approx(6.0 + 5.0, abs=0.05)


def test_without_a_prompt_silence_counts_from_the_start() -> None:
    line = Line()
    begun = line.now
    line.begin(gather())
    line.until_over()
    assert line.over_at - begun == pytest.approx(5.0, abs=0.03)


def test_a_phone_that_loses_marks_delays_the_silence_but_does_not_stop_it() -> None:
    line = Line(prompt_s=1.0, answers_marks=False)
    begun = line.now
    line.begin(say(), gather())
    line.until_over()
    assert event(line) == NoInput()
    assert line.over_at - begun == pytest.approx(1.0 + MARK_GRACE_S + 5.0, abs=0.1)


def test_each_key_gives_the_next_one_its_whole_time() -> None:
    line = Line()
    line.begin(say(), gather(ACCOUNT))
    line.press("1", "2", "3", every_s=1.9)
    assert line.over is None
    line.until_over()
    assert event(line) == Digits("123", timed_out=True)


def test_the_key_that_ends_a_full_entry_late_does_not_reach_the_next_question() -> None:
    line = Line()
    line.begin(gather(ACCOUNT))
    line.press(*"123456")
    assert event(line) == Digits("123456")
    line.begin(say("Is that right?"), gather(), turn=1)
    line.wait(0.4)
    line.press("#")
    assert line.over is None
    assert not line.cleared_at, "the prompt must not even stop for it"
    line.press("1")
    assert event(line) == Digits("1")


def test_it_is_swallowed_before_the_next_question_as_well() -> None:
    line = Line()
    line.begin(gather(ACCOUNT))
    line.press(*"123456#")
    line.begin(say(), gather(), turn=1)
    line.wait(0.2)
    assert line.over is None


def test_the_terminator_is_a_key_again_after_its_time_or_another_key() -> None:
    line = Line()
    line.begin(gather(ACCOUNT))
    line.press(*"123456")
    line.begin(say(), gather(), turn=1)
    line.wait(3.0)
    line.press("#")
    assert event(line) == Digits("")

    line.begin(gather(ACCOUNT), turn=2)
    line.press(*"123456")
    line.begin(gather(KeyInput(1, 3)), turn=3)
    line.press("2", "#")
    assert event(line) == Digits("2")


def test_keys_typed_ahead_go_to_the_next_question() -> None:
    line = Line()
    line.begin(gather())
    line.press("1", "2", every_s=0.04)
    assert event(line) == Digits("1")
    line.begin(say("Second menu."), gather(), turn=1)
    assert event(line) == Digits("2")
    assert not line.captions, "nobody waits for a prompt they have already answered"


def test_keys_typed_ahead_of_something_that_must_be_heard_are_dropped() -> None:
    line = Line()
    line.begin(gather())
    line.press("1", "2", every_s=0.04)
    line.begin(say("Keep away from the wire!", barge_in=False), gather(), turn=1)
    line.wait(2.0)
    assert line.over is None
    assert line.heard_s >= 1.0


@pytest.mark.parametrize("how", ["the prompt", "the question"])
def test_keys_and_speech_during_a_prompt_that_must_be_heard_are_ignored(how: str) -> None:
    line = Line()
    line.begin(say(barge_in=how != "the prompt"), gather(MENU, PHRASES, barge_in=how != "the question"))
    line.press("1", every_s=0.2)
    line.speak(0.4)
    assert not line.cleared_at
    assert not line.utterances
    line.wait(1.0)
    assert line.over is None
    line.press("2")
    assert event(line) == Digits("2")


def test_a_prompt_that_may_be_cut_off_is_not_while_one_after_it_may_not() -> None:
    line = Line()
    line.begin(say(), say("Must be heard.", barge_in=False), gather())
    line.press("1")
    line.wait(2.5)
    assert line.over is None
    assert line.captions == ["Press one.", "Must be heard."]


def test_a_key_that_is_none_of_a_telephone_is_refused() -> None:
    line = Line()
    line.begin(gather())
    with pytest.raises(ValueError, match="not a key"):
        line.session.key("12", line.now)
