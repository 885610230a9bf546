"""Waits of a flow, for tests of what ends them."""

from __future__ import annotations

from ivr.outputs import Gather, KeyInput, Record, SpeechInput
from media.actions import TurnOver
from tests.media.line import Line

MENU = KeyInput(1, 1)
ACCOUNT = KeyInput(4, 6, inter_digit_s=2.0)
PHRASES = SpeechInput(("report an outage", "billing"), end_silence_s=0.6, max_s=10.0)


def gather(keys: KeyInput | None = MENU, speech: SpeechInput | None = None, *, barge_in: bool = True) -> Gather:
    return Gather("en", keys, speech, first_input_s=5.0, barge_in=barge_in)


def event(line: Line) -> object:
    assert isinstance(line.over, TurnOver)
    return line.over.event


def record(**changes: object) -> Record:
    return Record(**{"max_s": 20.0, "end_silence_s": 2.0, **changes})  # type: ignore[arg-type]
