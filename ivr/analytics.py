"""What one call did in its flows, counted from its turns: which nodes it came to, which ways it took, where it ended.

Pure: the turns as they are stored in, counts out, under the ids of `ivr.graph`. Only calls that are over are counted,
for only then is it known where they were left. A step that nothing of the turn explains (the call became too long) is
the outcome `jump`; one that follows a fault of the flow is `fault`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ivr.figures import NodeFigures

LONGEST_TEXT = 80  # characters kept of what was not understood
_MASK = "•••"  # the sign `ivr.routing` writes for what is private
_NUMBER = re.compile(r"\d[\d\s-]*\d|\d")
_NodeKey = tuple[str, str]  # flow, node
_Stack = tuple[_NodeKey, ...]
_COUNTERS = {"no_input": "no_inputs", "no_match": "no_matches", "help": "helps", "invalid": "invalids"}


class TurnRow(Protocol):
    """A turn as `models.CallTurn` stores it."""

    @property
    def number(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def event(self) -> Mapping[str, Any]: ...
    @property
    def outputs(self) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Keys begin with flow, node and the language spoken then; `edges` end in the outcome, `unheard` in what was said
    at a menu and fitted nothing, with its digits hidden."""

    nodes: dict[tuple[str, str, str], NodeFigures] = field(default_factory=dict)
    edges: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    unheard: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)


def count_call(turns: Iterable[TurnRow], ended_at: datetime, language: str = "") -> CallCounts:
    """`turns` in any order; `language` is what is spoken where the first turn does not say it. What another release
    wrote and this one does not know is passed over."""
    walk = _Walk(language)
    for turn in sorted(turns, key=lambda turn: turn.number):
        walk.turn(turn)
    walk.over(ended_at)
    return walk.counts


class _Walk:
    """Goes through a call again. `cause`: the outcome that will be counted when the node is left."""

    def __init__(self, language: str) -> None:
        self.counts = CallCounts()
        self.language = language
        self.where: _NodeKey | None = None
        self.kind = ""
        self.cause = ""
        self.confirming = False  # what was understood has been asked back, and not yet answered with yes
        self.asked_back = ""  # the option that this was about
        self.at: datetime | None = None
        self.calls: _Stack = ()  # the call nodes whose flows are under way
        self.calls_at: dict[_NodeKey, _Stack] = {}

    def turn(self, turn: TurnRow) -> None:
        self._spent(turn.at)
        match turn.event.get("kind"):
            case "call_started":
                self.language = turn.event.get("language") or self.language
            case "dial_ended":
                self.cause = f"outcome.{turn.event.get('status', '')}"
            case "hung_up":
                self._hung_up()
                return
        for output in turn.outputs:
            match output.get("kind"):
                case "node_entered":
                    self._enter((output["flow"], output["node"]), output.get("node_kind", ""))
                case "heard":
                    self._heard(output)
                case "service_called":
                    self.cause = f"outcome.{output['outcome']}"
                case "language_changed":
                    self.language = output["language"]
                case "fault":
                    self.cause = self.cause or "fault"
                case "hangup":
                    self._leave(self.cause or "end")
        if self.cause.startswith("option."):  # it did not lead away: repeat, help
            self._leave(self.cause)
        self.cause = ""

    def over(self, ended_at: datetime) -> None:
        self._spent(ended_at)

    # --- steps

    def _enter(self, node: _NodeKey, kind: str) -> None:
        left, outcome = self.where, self._outcome(node)
        if left is not None:
            self._leave(outcome)
            self._follow(left, outcome, node)
        self.where, self.kind, self.cause = node, kind, ""
        self.confirming, self.asked_back = False, ""
        self.calls_at[node] = self.calls
        self._figures(node).entries += 1

    def _outcome(self, node: _NodeKey) -> str:
        if self.cause:
            return self.cause
        by_kind = {"say": "next", "set": "next", "call": "call", "return": "return", "when": f"to.{node[1]}"}
        return by_kind.get(self.kind, "jump")

    def _follow(self, left: _NodeKey, outcome: str, node: _NodeKey) -> None:
        """Keeps which flows are inside which, so that a return is known for its call's way on."""
        if outcome == "call":
            self.calls = (*self.calls, left)
        elif outcome == "return":
            if self.calls:
                self._count_edge(self.calls[-1], "returned")
                self.calls = self.calls[:-1]
        elif outcome.startswith("option.") and node in self.calls_at:
            self.calls = self.calls_at[node]  # back to where the call has been
        elif node[0] != left[0]:
            self.calls = ()

    def _leave(self, outcome: str) -> None:
        if self.where is not None:
            self._count_edge(self.where, outcome)

    def _count_edge(self, node: _NodeKey, outcome: str) -> None:
        self.counts.edges[(*node, self.language, outcome)] += 1

    def _hung_up(self) -> None:
        if self.where is not None:
            self._figures(self.where).hang_ups += 1
            self._leave("hung_up")
        self.where = None

    def _heard(self, heard: Mapping[str, Any]) -> None:
        if self.where is None:
            return
        figures = self._figures(self.where)
        verdict, option = heard.get("verdict", ""), heard.get("option")
        figures.inputs += 1
        if verdict in _COUNTERS:
            setattr(figures, _COUNTERS[verdict], getattr(figures, _COUNTERS[verdict]) + 1)
        if heard.get("confidence") is not None:
            figures.confidence_sum += heard["confidence"]
            figures.confidence_count += 1
        if verdict in ("confirm", "corrected"):
            self.confirming, self.asked_back, self.cause = True, option or "", ""
        elif verdict == "match":
            taken = option or self.asked_back
            at_record = heard.get("by") == "recording"
            self.cause = f"option.{taken}" if taken else "recorded" if at_record else "value"
            self.confirming, self.asked_back = False, ""
        else:
            self.cause = verdict
        said = verdict == "no_match" and heard.get("by") == "speech"
        if said and self.kind == "menu" and not self.confirming:
            self._unheard(self.where, heard.get("text", ""))

    def _unheard(self, node: _NodeKey, text: str) -> None:
        kept = _NUMBER.sub("#", " ".join(text.split()))[:LONGEST_TEXT].rstrip()
        if kept and _MASK not in kept:
            self.counts.unheard[(*node, self.language, kept)] += 1

    def _figures(self, node: _NodeKey) -> NodeFigures:
        return self.counts.nodes.setdefault((*node, self.language), NodeFigures())

    def _spent(self, until: datetime) -> None:
        """A caller is at the last node of a turn until the next turn comes."""
        if self.where is not None and self.at is not None:
            passed = (until - self.at).total_seconds() * 1000
            self._figures(self.where).time_ms += max(0, round(passed))
        self.at = until
