"""The cells of the matrix of answers to a question, the flows that ask, and what the rules of VoiceXML make of each.

{min, max, terminator, timeouts} x {none, partial, exact, longer, full, over-long} x {during, after the prompt, during
one that must be heard} x {keys, speech, both}.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.flow import FlowSet
from tests.ivr.engine.caller import flows_with

END_SILENCE_S = 1.2  # of an ask
DIGITS = "1234512345"
WORDS = dict(zip("12345", ("one", "two", "three", "four", "five"), strict=True))
SIZES = ((1, 1), (4, 4), (2, 6))
TERMINATORS = ("#", "*", "")
TIMEOUTS = ((5.0, 2.0), (2.0, 4.0))  # first input, between keys
AMOUNTS = ("none", "partial", "exact", "longer", "full", "over-long")
MOMENTS = ("during", "after", "held")  # held: during a prompt that must be heard
WAYS = ("keys", "keys, then the terminator", "speech", "speech, then keys", "keys, then speech")


@dataclass(frozen=True, slots=True)
class Rules:
    low: int
    high: int
    terminator: str
    first_s: float
    between_s: float

    @property
    def flow(self) -> str:
        ends = {"#": "hash", "*": "star", "": "nothing"}[self.terminator]
        return f"from_{self.low}_to_{self.high}_ended_by_{ends}_{self.first_s:g}_{self.between_s:g}"


@dataclass(frozen=True, slots=True)
class Cell:
    rules: Rules
    amount: str
    moment: str
    way: str

    @property
    def digits(self) -> str:
        low, high = self.rules.low, self.rules.high
        return DIGITS[: {"none": 0, "partial": low - 1, "exact": low, "longer": low + 1, "full": high}.get(
            self.amount, high + 2
        )]  # fmt: skip

    @property
    def keyed(self) -> bool:
        """Whether a key counts: some is pressed, and the prompt lets it."""
        pressed = self.digits or self.way == "keys, then the terminator"
        return self.way != "speech" and bool(pressed) and self.moment != "held"

    @property
    def words(self) -> str:
        return " ".join(WORDS[digit] for digit in self.digits)

    @property
    def spoken(self) -> bool:
        return "speech" in self.way and self.moment != "held"

    def __str__(self) -> str:
        return f"{self.rules.flow}-{self.amount}-{self.moment}-{self.way}"


@dataclass(frozen=True, slots=True)
class Expected:
    """`after_s`: from the end of the prompt for silence, from the last key or the end of speech for the rest."""

    verdict: str
    value: str = ""
    after_s: float = 0.0
    typed_ahead: str = ""
    swallows: bool = False  # a terminator that follows


def expected(cell: Cell) -> Expected:
    """The rules, written down once more and apart from the code that keeps them."""
    rules, digits = cell.rules, cell.digits
    if cell.keyed:  # once a key is pressed speech is dropped, whichever came first
        if len(digits) >= rules.high:
            return Expected("match", digits[: rules.high], 0.0, digits[rules.high :], bool(rules.terminator))
        verdict = "match" if len(digits) >= rules.low else "no_match"
        value = digits if verdict == "match" else ""
        ended = cell.way == "keys, then the terminator"
        return Expected(verdict, value, 0.0 if ended else rules.between_s)
    if cell.spoken:
        fits = rules.low <= len(digits) <= rules.high
        return Expected("match" if fits else "no_match", digits if fits else "", END_SILENCE_S)
    return Expected("no_input", after_s=rules.first_s)


def cells() -> Iterator[Cell]:
    for (low, high), terminator, (first_s, between_s) in itertools.product(SIZES, TERMINATORS, TIMEOUTS):
        rules = Rules(low, high, terminator, first_s, between_s)
        for amount, moment, way in itertools.product(AMOUNTS, MOMENTS, WAYS):
            if (amount == "partial" and low == 1) or (amount == "longer" and low + 1 >= high):
                continue
            if way == "keys, then the terminator" and not terminator:
                continue
            yield Cell(rules, amount, moment, way)


CELLS = list(cells())


def flow(rules: Rules, *, held: bool) -> str:
    return f"""
flow: {rules.flow}{"_held" if held else ""}
vars: {{value: digits}}
nodes:
  value:
    ask: home
    type: digits
    min: {rules.low}
    max: {rules.high}
    terminator: "{rules.terminator}"
    first_input_s: {rules.first_s}
    inter_digit_s: {rules.between_s}
    barge_in: {"false" if held else "true"}
    into: value
    next: got
  got: {{menu: home, options: {{one: {{key: "1", phrases: {{en: [one], zh-CN: [一]}}, next: got}}}}}}
"""


def flow_of(cell: Cell) -> str:
    return cell.rules.flow + ("_held" if cell.moment == "held" else "")


def flows_of_the_matrix() -> FlowSet:
    every = dict.fromkeys(cell.rules for cell in CELLS)
    return flows_with(*(flow(rules, held=held) for rules in every for held in (False, True)))
