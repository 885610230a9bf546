"""What a recording of a call holds: both sides, at their time, from the notice on, and nothing private."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.events import Digits, NoInput, Recorded, Speech
from ivr.outputs import Gather, Hangup, Record, Say, Segment
from ivr.routing import MASK
from media.taping.tape import CallTape
from models import Speaker
from speech.audio import RATE

CALLER, HOTLINE = bytes([1]), bytes([2])
NOTICE = Say((Segment("This call may be recorded.", "en", "recorded_notice"),))
MENU = Gather("en", None, None)
PIN = Gather("en", None, None, private=True)


def say(text: str, *, private: bool = False, prompt: str | None = None) -> Say:
    return Say((Segment(text, "en", prompt),), private=private)


class Talk:
    """A call in which both sides make a sound all the time; time is passed by hand."""

    def __init__(self, *, keeps: bool = True) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.tape = CallTape("c", keeps=keeps, tell=lambda _call, line: self.told.append(line))
        self.at = 1000.0

    def goes_on(self, seconds: float) -> Talk:
        for _ in range(round(seconds / 0.02)):
            self.tape.heard_by_caller(HOTLINE * 160, self.at)
            self.at += 0.02
            self.tape.said_by_caller(CALLER * 160, self.at)
        return self

    def says(self, prompt: Say, seconds: float = 1.0) -> Talk:
        """All of it is sent at once, then heard."""
        self.tape.saying(prompt, self.at)
        self.tape.heard_by_caller(HOTLINE * round(seconds * RATE), self.at)
        self.tape.said()
        return self

    def waits(self, seconds: float) -> Talk:
        for _ in range(round(seconds / 0.02)):
            self.at += 0.02
            self.tape.said_by_caller(CALLER * 160, self.at)
        return self

    def recorded(self) -> tuple[bytes, bytes]:
        left, right = bytearray(), bytearray()
        while (block := self.tape.take(self.at, all_of_it=True)) is not None:
            for channel, sound in ((left, block.left), (right, block.right)):
                channel += b"\xff" * (block.start - len(channel)) + sound
        return bytes(left), bytes(right)


def seconds(channel: bytes, sample: bytes) -> float:
    return round(channel.count(sample) / RATE, 2)


def silent(channel: bytes, start: float, end: float) -> bool:
    part = channel[round(start * RATE) : round(end * RATE)]
    return part == b"\xff" * len(part)


# --- from when


def test_nothing_is_recorded_before_the_notice() -> None:
    talk = Talk().goes_on(2)
    assert talk.recorded() == (b"", b"")
    talk.says(NOTICE).waits(3)
    left, right = talk.recorded()
    assert seconds(left, CALLER) == 3
    assert seconds(right, HOTLINE) == 1
    assert right[: RATE // 2] == HOTLINE * (RATE // 2)


def test_the_notice_begins_when_what_was_sent_before_it_has_been_heard() -> None:
    talk = Talk()
    talk.says(say("Welcome."), 0.5)
    talk.says(NOTICE, 1).waits(2)
    left, right = talk.recorded()
    assert len(left) == len(right) == 1.5 * RATE
    assert seconds(right, HOTLINE) == 1


def test_a_call_that_is_not_recorded_keeps_nothing_and_owes_no_notice() -> None:
    talk = Talk(keeps=False)
    assert talk.tape.answering([NOTICE, MENU], talk.at) == [NOTICE, MENU]
    assert talk.tape.answering([MENU], talk.at) == [MENU]
    talk.says(NOTICE).waits(2)
    assert talk.recorded() == (b"", b"")
    assert talk.tape.lines == []


def test_who_speaks_before_the_notice_hears_it_with_the_next_answer() -> None:
    talk = Talk()
    welcome, other = say("Welcome."), say("Your bill.")
    assert talk.tape.answering([welcome, NOTICE, MENU], talk.at) == [welcome, NOTICE, MENU]
    talk.says(welcome)
    assert talk.tape.answering([other, MENU], talk.at) == [NOTICE, other, MENU]
    assert talk.tape.answering([other, Hangup()], talk.at) == [NOTICE, other, Hangup()]
    talk.says(NOTICE)
    assert talk.tape.answering([other, MENU], talk.at) == [other, MENU]


def test_a_notice_cut_off_before_a_word_of_it_was_heard_is_owed_still() -> None:
    talk = Talk()
    talk.says(say("Welcome."), 1).says(NOTICE, 1)
    talk.waits(0.5)
    talk.tape.cleared(talk.at)
    assert talk.tape.begun_at is None
    assert lines(talk) == []
    assert talk.tape.answering([say("Your bill."), MENU], talk.at)[0] is NOTICE
    talk.waits(1).says(NOTICE, 1).waits(2)
    left, right = talk.recorded()
    assert (seconds(left, CALLER), seconds(right, HOTLINE)) == (2, 1)


def test_a_notice_that_is_said_again_begins_nothing_anew() -> None:
    talk = Talk().says(NOTICE).waits(2).says(NOTICE).waits(2)
    left, _ = talk.recorded()
    assert seconds(left, CALLER) == 4


# --- what is heard


def test_what_was_cut_off_is_not_in_it() -> None:
    talk = Talk().says(NOTICE, 10).waits(1.5)
    talk.tape.cleared(talk.at)
    talk.waits(2)
    left, right = talk.recorded()
    assert seconds(right, HOTLINE) == 1.5
    assert seconds(left, CALLER) == 3.5


def test_both_sides_lie_at_their_time() -> None:
    talk = Talk().says(NOTICE, 1)
    talk.at += 3
    talk.tape.said_by_caller(CALLER * 160, talk.at)
    talk.at += 1
    talk.says(say("Pardon?"), 0.5)
    talk.at += 1
    left, right = talk.recorded()
    assert left.index(CALLER) == round(2.98 * RATE)
    assert right.index(HOTLINE, RATE) == 4 * RATE


def test_sound_of_the_last_second_may_still_find_its_place() -> None:
    talk = Talk().says(NOTICE).waits(5)
    block = talk.tape.take(talk.at)
    assert block is not None
    assert block.end == 4 * RATE


def test_what_waits_too_long_for_the_disk_is_dropped_and_known() -> None:
    talk = Talk().says(NOTICE).goes_on(50)
    assert talk.tape.trim(talk.at) == 20
    assert talk.tape.gaps.milliseconds(100 * RATE) == [[0, 20_000]]
    left, _ = talk.recorded()
    assert seconds(left, CALLER) == 30


# --- what is private


def test_while_something_private_is_asked_for_both_sides_are_silent() -> None:
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.answering([say("Your PIN?"), PIN], talk.at)
    talk.goes_on(3)
    talk.tape.answered(Digits("1234"), "en", talk.at)
    talk.tape.answering([say("Thank you."), MENU], talk.at)
    talk.goes_on(3)
    for channel, sample in zip(talk.recorded(), (CALLER, HOTLINE), strict=True):
        assert silent(channel, 2, 5.5)
        assert channel[round(5.6 * RATE) :] == sample * (round(8 * RATE) - round(5.6 * RATE))
    assert talk.tape.pauses.milliseconds(8 * RATE) == [[2000, 5500]]


def test_keys_typed_ahead_of_a_private_question_are_left_out_with_their_tones() -> None:
    """The caller knows the way and keys their PIN while the question is being made; the disk is asked meanwhile."""
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.answered(Digits("2"), "en", talk.at)
    left = b""
    for _ in range(3):
        talk.goes_on(1)
        while (block := talk.tape.take(talk.at)) is not None:
            left += block.left
    assert len(left) == 2 * RATE, "what is not decided is kept back"
    talk.tape.answering([say("Your PIN?"), PIN], talk.at)
    talk.goes_on(1)
    talk.tape.answered(Digits("1234"), "en", talk.at)
    talk.tape.answering([MENU], talk.at)
    talk.goes_on(2)
    rest, right = talk.recorded()
    assert not rest[: len(left)].strip(b"\xff")
    assert silent(rest, 2, 6.5)
    assert silent(right, 2, 6.5)
    assert seconds(rest, CALLER) == 1.5
    assert talk.tape.pauses.milliseconds(8 * RATE) == [[2000, 6500]]


def test_what_is_keyed_ahead_of_a_plain_question_is_kept() -> None:
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.answered(Digits("2"), "en", talk.at)
    talk.goes_on(3)
    talk.tape.answering([MENU], talk.at)
    talk.goes_on(1)
    left, _ = talk.recorded()
    assert seconds(left, CALLER) == 6
    assert talk.tape.pauses.milliseconds(6 * RATE) == []


def test_a_caller_who_hangs_up_before_the_question_has_keyed_nothing_that_is_heard() -> None:
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.answered(Digits("2"), "en", talk.at)
    talk.goes_on(2)
    left, right = talk.recorded()
    assert silent(left, 2, 4)
    assert silent(right, 2, 4)


def test_private_words_are_silence_as_long_as_they_sound() -> None:
    talk = Talk().says(NOTICE).waits(2).says(say("You owe 5.", private=True), 1).says(say("Anything else?"), 1).waits(3)
    left, right = talk.recorded()
    assert silent(left, 2, 3.3)
    assert silent(right, 2, 3.3)
    assert seconds(left, CALLER) == 3.7
    assert right[round(3.4 * RATE) : 4 * RATE] == HOTLINE * (4 * RATE - round(3.4 * RATE))


def test_a_private_message_is_left_out_and_a_plain_one_is_not() -> None:
    talk = Talk().says(NOTICE).waits(1)
    talk.tape.answering([Record(60, private=True)], talk.at)
    talk.waits(2)
    talk.tape.answering([Record(60)], talk.at)
    talk.waits(2)
    left, _ = talk.recorded()
    assert seconds(left, CALLER) == 3


def test_a_call_that_ends_while_something_private_is_asked_ends_silent() -> None:
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.answering([PIN], talk.at)
    talk.goes_on(4)
    left, right = talk.recorded()
    assert silent(left, 2, 6)
    assert silent(right, 2, 6)
    assert talk.tape.pauses.milliseconds(6 * RATE) == [[2000, 6000]]


def test_a_notice_that_begins_while_something_private_is_asked_begins_silent() -> None:
    talk = Talk()
    talk.tape.answering([NOTICE, PIN], talk.at)
    talk.says(NOTICE).waits(2)
    left, right = talk.recorded()
    assert silent(left, 0, 2)
    assert silent(right, 0, 2)


def test_an_agent_can_keep_something_out() -> None:
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.pause(True, talk.at)
    talk.goes_on(1)
    talk.tape.pause(False, talk.at)
    talk.goes_on(1)
    left, _ = talk.recorded()
    assert silent(left, 1.9, 3), "with what was under way already"
    assert seconds(left, CALLER) == 2.9


def test_what_a_caller_says_meanwhile_is_masked_in_the_transcript() -> None:
    talk = Talk().says(NOTICE).waits(2)
    talk.tape.pause(True, talk.at)
    talk.tape.partly("six two two", "en", talk.at)
    talk.tape.line(Speaker.CALLER, "six two two two", "en", at=talk.at)
    talk.tape.pause(False, talk.at)
    talk.tape.line(Speaker.CALLER, "that was all", "en", at=talk.at)
    assert [line["text"] for line in talk.told][-3:] == [MASK, MASK, "that was all"]
    assert [line.text for line in talk.tape.lines][-2:] == [MASK, "that was all"]


# --- words


def lines(talk: Talk) -> list[tuple[Speaker, str]]:
    return [(line.speaker, line.text) for line in talk.tape.lines]


def test_the_transcript_holds_what_both_have_said() -> None:
    talk = Talk().says(NOTICE).waits(1).says(say("One or two?", prompt="menu"))
    talk.tape.answering([MENU], talk.at)
    began = talk.at + 1
    talk.tape.listening(began)
    talk.waits(2)
    talk.tape.partly("my", "en", talk.at)
    talk.tape.answered(Speech("my bill", 0.8), "en", talk.at)
    talk.tape.answered(Digits("1"), "en", talk.at)
    talk.tape.answered(NoInput(), "en", talk.at)
    talk.tape.answered(Recorded("r", 3.0, "no power"), "en", talk.at)
    assert lines(talk) == [
        (Speaker.HOTLINE, "This call may be recorded."),
        (Speaker.HOTLINE, "One or two?"),
        (Speaker.CALLER, "my bill"),
        (Speaker.CALLER, "[1]"),
        (Speaker.CALLER, "no power"),
    ]
    assert (talk.tape.lines[2].at, talk.tape.lines[2].confidence) == (began, 0.8)
    assert [(line["text"], line["partial"]) for line in talk.told][2:4] == [("my", True), ("my bill", False)]


def test_a_prompt_that_was_cut_off_before_it_was_heard_is_not_in_the_transcript() -> None:
    talk = Talk().says(NOTICE, 1)
    talk.says(say("Press 1 or 2.", prompt="menu"))
    talk.waits(0.5)
    talk.tape.cleared(talk.at)
    talk.tape.answered(Digits("1"), "en", talk.at)
    assert lines(talk) == [(Speaker.HOTLINE, "This call may be recorded."), (Speaker.CALLER, "[1]")]


def test_nothing_private_is_in_the_transcript_nor_told() -> None:
    talk = Talk().says(NOTICE)
    talk.tape.answering([PIN], talk.at)
    talk.says(Say((Segment("I have", "en", "i_have"), Segment("1 2 3 4", "en")), private=True))
    talk.tape.partly("one two", "en", talk.at)
    talk.tape.answered(Speech("one two three four", 0.9), "en", talk.at)
    talk.tape.answered(Digits("1234"), "en", talk.at)
    talk.tape.answering([MENU], talk.at)
    talk.says(say("You owe 5.", private=True))
    assert lines(talk)[1:] == [
        (Speaker.HOTLINE, f"I have {MASK}"),
        (Speaker.CALLER, MASK),
        (Speaker.CALLER, MASK),
        (Speaker.HOTLINE, MASK),
    ]
    shown = str(talk.told)
    assert all(secret not in shown for secret in ("one two", "1234", "1 2 3 4", "You owe"))


def test_words_before_the_notice_are_told_and_not_kept() -> None:
    talk = Talk().says(say("Welcome."))
    assert lines(talk) == []
    assert talk.told[0]["text"] == "Welcome."
