"""No dead air: what a caller hears while an answer, its words or its sound are late."""

from __future__ import annotations

import itertools

import pytest

from ivr.events import Speech
from ivr.outputs import Gather, KeyInput, Record, SpeechInput
from media.actions import TurnOver
from media.comfort import SAID_AGAIN_AFTER_S, TONE_EVERY_S, waiting_tone
from media.playout import FILLER_LEAD_S
from speech.audio import FRAME_BYTES, RATE, audioop, mulaw_to_pcm
from tests.media.line import FRAME_S, MOMENT, QUIET, Line, say

AFTER_S = 1.5
PHRASES = SpeechInput(("report an outage", "billing"), end_silence_s=0.6)
MENU = Gather("en", KeyInput(1, 1), PHRASES)


def line(**changes: object) -> Line:
    return Line(one_moment_s=AFTER_S, **changes)  # type: ignore[arg-type]


def silences(line: Line, since: float) -> list[float]:
    """Seconds without a sound, in order, from `since` to now."""
    loud = [at for at, frame in line.played if at >= since and audioop.rms(mulaw_to_pcm(frame), 2) > 20]
    edges = [since, *loud, line.now]
    return [round(later - earlier, 2) for earlier, later in itertools.pairwise(edges) if later - earlier > 0.1]


def played(line: Line, since: float) -> bytes:
    return b"".join(frame for at, frame in line.played if at >= since)


def answered_late(line: Line, seconds: float, turn: int = 1) -> float:
    """Presses 1, and has the answer so much later. Returns when the key was pressed."""
    line.press("1", every_s=0.0)
    pressed = line.now
    line.wait(seconds)
    line.begin(say("Thank you."), MENU, turn=turn)
    line.wait(1.5)
    return pressed


def test_an_answer_in_time_is_all_that_is_heard() -> None:
    caller = line()
    caller.begin(say(), MENU)
    caller.wait(2.0)
    pressed = answered_late(caller, 1.4)
    assert caller.captions == ["Press one.", "Thank you."]
    assert silences(caller, pressed)[0] == pytest.approx(1.4, abs=0.05)


def test_who_waits_for_a_slow_service_is_told_so_and_then_hears_that_the_line_is_alive() -> None:
    caller = line()
    caller.begin(say(), MENU)
    caller.wait(2.0)
    caller.press("1", every_s=0.0)
    pressed = caller.now
    caller.wait(9.0)
    heard = silences(caller, pressed)
    assert heard[0] == pytest.approx(AFTER_S, abs=0.05)
    assert all(gap <= 2.0 for gap in heard), heard
    assert caller.captions == ["Press one.", "One moment, please."], "said once in a silence"
    sound = played(caller, pressed + AFTER_S)
    assert sound.startswith(MOMENT)
    assert waiting_tone() in sound


def test_one_moment_gives_way_to_the_answer_at_once_and_without_a_click() -> None:
    caller = line()
    caller.begin(say(), MENU)
    caller.wait(2.0)
    caller.press("1", every_s=0.0)
    pressed = caller.now
    caller.wait(AFTER_S + 0.4)  # in the midst of it
    caller.begin(say("Thank you."), MENU, turn=1)
    caller.wait(1.5)
    assert not caller.cleared_at
    sound = played(caller, pressed + AFTER_S)
    cut = next(
        n for n in range(0, len(sound), FRAME_BYTES) if sound[n : n + FRAME_BYTES] != MOMENT[n : n + FRAME_BYTES]
    )
    assert cut / RATE <= 0.4 + FILLER_LEAD_S + FRAME_S
    samples = memoryview(mulaw_to_pcm(sound[cut : cut + 2 * FRAME_BYTES])).cast("h")
    assert abs(samples[-1]) < 60, "it fades"
    assert max(abs(b - a) for a, b in itertools.pairwise(samples)) < 4000, "no jump from one sample to the next"
    assert caller.captions[-1] == "Thank you."
    assert len(sound) >= cut + RATE * 1.0, "and the whole answer follows"


def test_it_is_not_said_at_one_answer_after_the_other() -> None:
    caller = line()
    caller.begin(say(), MENU)
    caller.wait(2.0)
    answered_late(caller, 2.5)
    pressed = answered_late(caller, 2.5, turn=2)
    assert caller.captions.count("One moment, please.") == 1
    assert waiting_tone() in played(caller, pressed)
    caller.wait(SAID_AGAIN_AFTER_S - 25)
    caller.press("1")
    caller.begin(MENU, turn=3)
    caller.speak(1.0)
    caller.now += SAID_AGAIN_AFTER_S
    caller.press("1")
    caller.wait(2.0)
    assert caller.captions.count("One moment, please.") == 2


def test_a_slow_recogniser_counts_from_the_moment_the_caller_stopped_speaking() -> None:
    caller = line(words=None)
    caller.begin(MENU)
    caller.speak(0.6)
    stopped = caller.now
    caller.speak(3.0, QUIET)
    assert caller.captions == ["One moment, please."]
    assert silences(caller, stopped)[0] == pytest.approx(AFTER_S, abs=0.05)
    caller.do(caller.session.recognized(0, "billing", 0.9, caller.now))
    assert isinstance(caller.over, TurnOver)
    assert caller.over.event == Speech("billing", 0.9)


def test_a_slow_voice_counts_too_between_two_prompts_as_well() -> None:
    caller = line()
    caller.begin(say(), MENU)  # "one moment" has been made since
    caller.renders = False
    caller.press("1")
    caller.begin(say("One."), say("Two."), MENU, turn=1)
    pressed = caller.now
    caller.wait(3.0)
    assert silences(caller, pressed)[0] == pytest.approx(AFTER_S, abs=0.2)
    caller.render(caller.unrendered[0])
    caller.wait(1.0)
    said = caller.now
    caller.wait(3.0)
    assert silences(caller, said)[0] <= 2.0
    caller.render(caller.unrendered[1])
    caller.wait(1.5)
    assert [text for text in caller.captions if text in ("One.", "Two.")] == ["One.", "Two."]


def test_without_a_voice_the_tone_is_there() -> None:
    caller = line(renders=False)
    caller.begin(say(), MENU)
    caller.wait(4.0)
    assert not caller.captions
    assert played(caller, 0).startswith(waiting_tone())
    assert silences(caller, 100.0 + AFTER_S + 0.4)[0] <= TONE_EVERY_S + 0.1


def test_while_it_is_the_callers_turn_nothing_is_said() -> None:
    caller = line()
    caller.begin(say(), Gather("en", KeyInput(1, 4, inter_digit_s=5.0), PHRASES, first_input_s=10.0))
    caller.wait(9.0)
    caller.press("1")
    caller.wait(4.0)
    assert caller.captions == ["Press one."]
    caller.begin(say("Speak after the tone."), Record(20.0), turn=1)
    caller.wait(2.0)
    caller.speak(4.0)
    assert caller.captions == ["Press one.", "Speak after the tone."]


def test_what_is_keyed_meanwhile_goes_to_the_next_question_and_ends_the_comfort() -> None:
    caller = line()
    caller.begin(say(), MENU)
    caller.wait(2.0)
    caller.press("1", every_s=0.0)
    caller.wait(AFTER_S + 0.2)
    caller.press("2")
    caller.begin(say("Second menu."), MENU, turn=1)
    assert isinstance(caller.over, TurnOver)
    assert caller.over.turn == 1
    assert "Second menu." not in caller.captions
