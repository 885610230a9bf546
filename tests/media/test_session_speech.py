"""Speech, frame by frame: what stops a prompt, what recognisers are handed, and what silence of theirs means."""

from __future__ import annotations

import itertools

import pytest

from ivr.events import Digits, NoInput, Speech
from ivr.outputs import Hangup
from media.actions import Over
from media.gathering import DECODE_PATIENCE_S
from media.texts import text
from speech.audio import PCM_FRAME_BYTES
from tests.media.line import QUIET, Line, say
from tests.media.waits import ACCOUNT, MENU, PHRASES, event, gather

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
