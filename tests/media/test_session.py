"""A call's mouth and ears, frame by frame: what counts as input, when, and what the caller has really heard."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.events import DialEnded, Digits, NoInput, Speech
from ivr.outputs import Gather, Hangup, KeyInput, Record, SpeechInput, Transfer
from media.actions import MessageRecorded, Over, PutThrough, TurnOver
from media.gathering import DECODE_PATIENCE_S
from media.playout import MARK_GRACE_S
from media.texts import text
from speech.audio import PCM_FRAME_BYTES, beep
from tests.media.line import QUIET, Line, say

MENU = KeyInput(1, 1)
ACCOUNT = KeyInput(4, 6, inter_digit_s=2.0)
PHRASES = SpeechInput(("report an outage", "billing"), end_silence_s=0.6, max_s=10.0)


def gather(keys: KeyInput | None = MENU, speech: SpeechInput | None = None, *, barge_in: bool = True) -> Gather:
    return Gather("en", keys, speech, first_input_s=5.0, barge_in=barge_in)


def event(line: Line) -> object:
    assert isinstance(line.over, TurnOver)
    return line.over.event


# --- keys: {min, max, terminator} x {none, partial, exact, over-long} x {during, after the prompt}


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


# --- barge-in


def test_a_key_stops_the_prompt_and_what_is_buffered_at_once() -> None:
    line = Line(prompt_s=8.0)
    line.begin(say(), gather(ACCOUNT))
    line.wait(1.0)
    line.press("1")
    assert line.cleared_at == [pytest.approx(101.0)]
    heard = line.heard_s
    line.wait(1.0)
    assert line.heard_s == heard


def test_speech_stops_the_prompt_within_100_ms_of_being_made_out() -> None:
    line = Line(prompt_s=8.0)
    line.begin(say(), gather(MENU, PHRASES))
    line.wait(1.0)
    begun = line.now
    line.speak(0.5)
    assert line.cleared_at[0] - begun <= 0.1
    line.speak(1.0, QUIET)
    assert event(line) == Speech("report an outage", 0.9)
    assert line.heard_s < 1.2


def test_a_prompt_that_arrives_late_is_not_played_after_it_was_answered() -> None:
    line = Line()
    line.do([])
    actions = line.session.begin(0, (say(), gather(ACCOUNT)), line.now)
    line.do(line.session.key("1", line.now))
    line.do(actions)  # the rendering is only now ready
    line.wait(0.5)
    assert not line.played


def test_no_more_than_the_lead_is_ever_ahead_and_no_gap_is_heard() -> None:
    line = Line(prompt_s=2.0)
    line.begin(say(), say("Two."), gather())
    line.wait(5.0)
    assert line.most_ahead_s <= 0.2 + 1e-6
    times = [at for at, _ in line.played]
    assert len(times) == 200
    assert all(later - earlier == pytest.approx(0.02, abs=0.001) for earlier, later in itertools.pairwise(times))


# --- speech


def test_speech_is_handed_over_with_its_beginning() -> None:
    line = Line()
    line.begin(gather(MENU, PHRASES))
    line.speak(0.2, QUIET)
    line.speak(0.8)
    line.speak(0.7, QUIET)
    assert event(line) == Speech("report an outage", 0.9)
    voiced = sum(any(line.utterances[0][at : at + 320]) for at in range(0, len(line.utterances[0]), PCM_FRAME_BYTES))
    assert voiced == 40, "the frames before the onset was known belong to it"


def test_what_interrupts_an_utterance_gives_its_recogniser_back() -> None:
    line = Line()
    line.begin(gather(MENU, PHRASES))
    line.speak(0.5)
    assert list(line.utterances) == [0]
    line.begin(say("This call has reached its time limit.", barge_in=False), Hangup("time limit"))
    assert line.forgotten == [0]
    line.speak(0.5)
    assert list(line.utterances) == [0], "nobody listens any more"
    assert line.until_over() == Over("time limit")


def test_an_utterance_under_way_is_not_silence() -> None:
    line = Line()
    line.begin(gather(MENU, PHRASES))
    line.wait(4.9)
    line.speak(2.0)
    assert line.over is None
    line.speak(0.7, QUIET)
    assert event(line) == Speech("report an outage", 0.9)


def test_once_a_key_is_pressed_what_is_said_is_dropped() -> None:
    line = Line()
    line.begin(gather(ACCOUNT, PHRASES))
    line.speak(0.4)
    line.press("1")
    assert line.forgotten == [0]
    line.speak(0.4)
    line.speak(1.0, QUIET)
    line.until_over()
    assert event(line) == Digits("1", timed_out=True)


def test_a_key_beats_words_that_are_still_being_decoded() -> None:
    line = Line(words=None)
    line.begin(gather(MENU, PHRASES))
    line.speak(0.4)
    line.speak(0.7, QUIET)
    line.press("1")
    assert event(line) == Digits("1")
    line.begin(gather(MENU, PHRASES), turn=1)
    line.do(line.session.recognized(0, "billing", 0.9, line.now))
    assert line.over is None, "words of an earlier question answer nothing"


def test_words_that_never_come_count_as_not_understood() -> None:
    line = Line(words=None)
    line.begin(gather(MENU, PHRASES))
    line.speak(0.4)
    line.speak(0.6, QUIET)
    ended = line.now
    line.until_over()
    assert event(line) == Speech("", 0.0)
    assert line.over_at - ended == pytest.approx(DECODE_PATIENCE_S, abs=0.1)


def test_who_speaks_without_end_is_heard_up_to_the_limit() -> None:
    line = Line()
    line.begin(gather(MENU, PHRASES))
    line.speak(11.0)
    assert event(line) == Speech("report an outage", 0.9)
    assert len(line.utterances[0]) / 16000 == pytest.approx(10.0, abs=0.2)


def test_a_phone_that_goes_mute_in_the_middle_does_not_hold_the_call_up() -> None:
    line = Line()
    line.begin(gather(MENU, PHRASES))
    line.speak(0.4)
    begun = line.now
    line.until_over()
    assert line.over_at - begun < 1.5


def test_typed_words_count_like_spoken_ones() -> None:
    line = Line()
    line.begin(say(), gather(MENU, PHRASES))
    line.do(line.session.words("report an outage", line.now))
    assert event(line) == Speech("report an outage", 1.0)
    assert line.cleared_at


def test_without_ears_for_the_language_keys_work_and_the_caller_is_told_once() -> None:
    line = Line(hears=False)
    line.begin(gather(MENU, PHRASES))
    line.speak(1.0)
    assert not line.utterances
    line.press("1")
    line.begin(gather(MENU, PHRASES), turn=1)
    assert line.notices == ["keypad_only"]
    line.do(line.session.words("billing", line.now))
    assert event(line) == Speech("billing", 1.0)


def test_when_all_recognisers_are_busy_the_caller_is_asked_for_keys_in_the_same_wait() -> None:
    line = Line(words=None)
    line.begin(say(), gather(MENU, PHRASES))
    line.wait(1.5)
    line.speak(0.4)
    line.do(line.session.recognized(0, "", 0.0, line.now, busy=True))
    line.speak(0.6)  # they speak on while they are told
    assert line.captions == ["Press one.", text("ears_busy", "en")]
    assert list(line.utterances) == [0], "nobody can listen yet"
    line.wait(0.4)
    told = line.now
    line.wait(4.9)
    assert line.over is None, "the time for an answer begins anew"
    line.speak(0.4)
    assert list(line.utterances) == [0, 1], "and speech may be tried again"
    line.press("1")
    assert event(line) == Digits("1")
    assert told < line.over_at


def test_who_does_nothing_after_that_is_silent_from_the_end_of_what_they_were_told() -> None:
    line = Line(words=None)
    line.begin(gather(MENU, PHRASES))
    line.speak(0.4)
    line.do(line.session.recognized(0, "", 0.0, line.now, busy=True))
    begun = line.now
    line.until_over()
    assert event(line) == NoInput()
    assert line.over_at - begun == pytest.approx(1.0 + 5.0, abs=0.05)


# --- messages


def record(**changes: object) -> Record:
    return Record(**{"max_s": 20.0, "end_silence_s": 2.0, **changes})  # type: ignore[arg-type]


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


# --- the end


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
