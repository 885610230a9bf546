"""Every way to answer a question with a value, from the key that is pressed to what the flow makes of it.

The cells are generated, and held against the rules as `tests.ivr.entry_matrix.expected` writes them down once more. The
engine decides, the media session keeps time, and the line plays in simulated real time.
"""

from __future__ import annotations

import pytest

from ivr.events import CallStarted, Digits
from ivr.flow import FlowSet
from ivr.outputs import Gather, Heard, KeyInput, Output
from ivr.session import State, resume, start
from media.actions import TurnOver
from tests.ivr.entry_matrix import CELLS, END_SILENCE_S, Cell, Expected, expected, flow_of, flows_of_the_matrix
from tests.media.line import QUIET, Line

PROMPT_S = 1.8
KEY_EVERY_S = 0.1
SPEECH_S = 0.4


@pytest.fixture(scope="module")
def flows() -> FlowSet:
    return flows_of_the_matrix()


class Asked:
    """A caller at the question of a cell, on a line that plays the prompt."""

    def __init__(self, flows: FlowSet, cell: Cell) -> None:
        self.flows, self.cell = flows, cell
        turn = start(flows, flow_of(cell), CallStarted("1", "2", "inbound", "en", "2026-11-23"))
        assert turn.state is not None
        self.state: State = turn.state
        self.line = Line(prompt_s=PROMPT_S, words=(cell.words, 0.9 if cell.words else 0.0))
        self.line.begin(*turn.outputs)
        self.prompt_ends = self.line.now + PROMPT_S
        self.since = self.prompt_ends  # what the outcome is timed from

    def answers(self) -> None:
        cell, line = self.cell, self.line
        line.wait(PROMPT_S + 0.2 if cell.moment == "after" else 0.2)
        if cell.way.startswith("speech"):
            line.speak(SPEECH_S)
        if cell.way != "speech":
            self._press()
        if cell.way == "keys, then speech":
            line.speak(SPEECH_S)
        if "speech" in cell.way:
            if cell.spoken and not cell.keyed:
                self.since = line.now
            line.speak(END_SILENCE_S + 0.1, QUIET)
        if line.over is None:
            line.until_over()

    def _press(self) -> None:
        keys = self.cell.digits + (self.cell.rules.terminator if "terminator" in self.cell.way else "")
        for key in keys:
            if self.line.over is None and self.cell.keyed:
                self.since = self.line.now
            self.line.press(key, every_s=KEY_EVERY_S if key != keys[-1] else 0.0)

    def outcome(self) -> tuple[str, str, tuple[Output, ...]]:
        over = self.line.over
        assert isinstance(over, TurnOver)
        turn = resume(self.flows, self.state, over.event)
        assert turn.state is not None
        verdict = next(output.verdict for output in turn.outputs if isinstance(output, Heard))
        return verdict, turn.state["frames"][0]["vars"]["value"], turn.outputs


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_cell_of_the_matrix(flows: FlowSet, cell: Cell) -> None:
    asked, wanted = Asked(flows, cell), expected(cell)
    asked.answers()
    verdict, value, outputs = asked.outcome()
    assert (verdict, value) == (wanted.verdict, wanted.value)
    assert asked.line.over_at - asked.since == pytest.approx(wanted.after_s, abs=0.07)
    stopped = cell.moment == "during" and (cell.keyed or cell.spoken)
    assert bool(asked.line.cleared_at) == stopped, "a prompt is cut off by what counts, and by nothing else"
    if cell.keyed and "speech" not in cell.way:
        _the_next_wait_hears_only_what_is_meant_for_it(asked, wanted, outputs)


def _the_next_wait_hears_only_what_is_meant_for_it(asked: Asked, wanted: Expected, outputs: tuple[Output, ...]) -> None:
    """Keys beyond a full entry were typed ahead; the terminator of one leaks nowhere."""
    line, rules = asked.line, asked.cell.rules
    if not isinstance(outputs[-1], Gather):
        return
    line.begin(Gather("en", KeyInput(1, 3, terminator="", inter_digit_s=1.0), None), turn=1)
    terminated = asked.cell.way == "keys, then the terminator"
    ahead = wanted.typed_ahead + (rules.terminator if wanted.typed_ahead and terminated else "")
    if wanted.swallows and not ahead and not terminated:
        line.press(rules.terminator)  # late: the entry was over already
    if not ahead:
        assert line.over is None
        line.press("5")
    line.until_over()
    assert isinstance(line.over, TurnOver)
    assert line.over.event == Digits(ahead or "5", timed_out=len(ahead or "5") < 3)
