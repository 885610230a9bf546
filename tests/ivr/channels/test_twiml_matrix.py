"""The matrix of answers over TwiML: a `<Gather>` as Twilio documents it, and what the flow makes of what it sends.

Left out is what Twilio cannot express (docs/flows.md names it): a terminator without a key before it is ignored, noise
is not told from silence, and keys beyond a full entry are nobody's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from ivr.channels.twilio import forms
from ivr.channels.twilio.twiml import render
from ivr.channels.twilio.urls import Urls
from ivr.events import CallStarted, Event
from ivr.flow import FlowSet
from ivr.outputs import Gather, Heard
from ivr.session import resume, start
from tests.ivr.entry_matrix import CELLS, Cell, expected, flow_of, flows_of_the_matrix

KEY_EVERY_S = 0.1
PROMPT_S = 1.8


class TwilioGather:
    """Keys of one `<Gather>`: ended by `numDigits`, `finishOnKey`, or `timeout` after the prompt or the last key."""

    def __init__(self, document: str) -> None:
        verbs = list(ElementTree.fromstring(document))
        gather = verbs[-1]
        assert gather.tag == "Gather"
        assert gather.get("actionOnEmptyResult") == "true", "silence would fall through"
        self.prompt_inside = len(gather) > 0
        self.attributes = gather.attrib

    def keys(self, pressed: str, *, during: bool) -> dict[str, str]:
        """The form that comes of keys `KEY_EVERY_S` apart, and then none."""
        if during and not (self.prompt_inside and self.attributes["bargeIn"] == "true"):
            return {"Digits": ""}  # dropped: the prompt is heard to its end
        assert "dtmf" in self.attributes["input"]
        entry = ""
        for key in pressed:
            if key in self.attributes["finishOnKey"]:
                if entry:
                    break
                continue
            entry += key
            if len(entry) == int(self.attributes["numDigits"]):
                break
        return {"Digits": entry}

    def speech(self, words: str, *, during: bool) -> dict[str, str]:
        if during and not (self.prompt_inside and self.attributes["bargeIn"] == "true"):
            return {}
        assert "speech" in self.attributes["input"]
        return {"SpeechResult": words, "Confidence": "0.9"} if words else {}


def expressible(cells: list[Cell]) -> Iterator[Cell]:
    for cell in cells:
        lone_terminator = cell.way == "keys, then the terminator" and not cell.digits
        noise = "speech" in cell.way and not cell.digits
        if not (lone_terminator or noise):
            yield cell


@pytest.fixture(scope="module")
def flows() -> FlowSet:
    return flows_of_the_matrix()


def answered(cell: Cell, gather: TwilioGather) -> Event:
    during = cell.moment != "after"
    keys = cell.digits + (cell.rules.terminator if "terminator" in cell.way else "")
    form = gather.keys(keys, during=during) if cell.way != "speech" else {}
    if "speech" in cell.way and not form.get("Digits"):
        form |= gather.speech(cell.words, during=during)
    event = forms.turn({"CallStatus": "in-progress"} | form, {}).event
    assert event is not None
    return event


@pytest.mark.parametrize("cell", list(expressible(CELLS)), ids=str)
def test_every_cell_that_twilio_can_express(flows: FlowSet, cell: Cell) -> None:
    turn = start(flows, flow_of(cell), CallStarted("1", "2", "inbound", "en", "2026-11-23"))
    assert turn.state is not None
    document = render(turn.outputs, call_id="c" * 32, turn=0, urls=Urls("https://ivr.example.org"))
    gather = TwilioGather(document)
    wanted = expected(cell)
    over = resume(flows, turn.state, answered(cell, gather))
    assert over.state is not None
    assert next(output.verdict for output in over.outputs if isinstance(output, Heard)) == wanted.verdict
    assert over.state["frames"][0]["vars"]["value"] == wanted.value
    timeout_s = int(gather.attributes["timeout"])
    if wanted.verdict == "no_input" or cell.rules.high == 1:
        assert timeout_s >= cell.rules.first_s
    wait = turn.outputs[-1]
    assert isinstance(wait, Gather)
    assert timeout_s >= math.ceil(cell.rules.first_s), "nobody is cut short"
    if cell.rules.high > 1:
        assert timeout_s >= cell.rules.between_s
