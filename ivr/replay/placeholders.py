"""What stands for values that were private, and so are not kept: a value of the same type, and answers like theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from ivr.events import Digits, Event, NoInput, Speech
from ivr.flow import AskNode, CallNode, DoNode, FlowSet, Node, ReturnNode, SetNode, WhenNode
from ivr.outputs import Heard
from ivr.replay.stored import NotPlayable, ReadTurn
from ivr.routing import MASK
from ivr.slots import FREE, SlotRules, keyed, spoken
from ivr.values import ValueType
from speech.check_digits import complete

# Those a condition may ask for have more than one: each is tried until the call goes the way it went.
OUTPUTS: Mapping[ValueType, tuple[Any, ...]] = {
    ValueType.TEXT: (MASK,),
    ValueType.DIGITS: ("0000000000",),
    ValueType.PHONE: ("+8613800138000",),
    ValueType.NUMBER: (1, 0, 1_000_000, -1),
    ValueType.MONEY: (100, 0, 100_000_000, -100),
    ValueType.DATE: ("2000-01-01", "2099-12-31"),
    ValueType.TIME: ("12:00",),
    ValueType.YES_NO: (False, True),
    ValueType.ACCOUNT: ("0000000000",),
    ValueType.ADDRESS: (MASK,),
}

# What callers say where something else than digits is asked for, and where they live.
_SAID: Mapping[str, tuple[str, ...]] = {
    "en": ("yes", "today", "five", "five yuan", "noon", "half past two"),
    "zh-CN": ("是的", "今天", "五", "五块", "五元", "中午十二点", "下午两点半"),
}
_ADDRESSES: Mapping[str, str] = {"en": "1 Elm Street", "zh-CN": "榆树街1号"}


class Guesses:
    """One choice after another, where each may be made otherwise the next time."""

    def __init__(self) -> None:
        self._chosen: list[int] = []
        self._of: list[int] = []
        self._at = 0

    @property
    def made(self) -> bool:
        return bool(self._of)

    def take(self, candidates: tuple[Any, ...]) -> Any:
        if self._at == len(self._chosen):
            self._chosen.append(0)
        if self._at == len(self._of):
            self._of.append(len(candidates))
        choice = candidates[self._chosen[self._at]]
        self._at += 1
        return choice

    def other(self) -> bool:
        """Begins anew with another set of choices; False when all have been made."""
        while self._chosen:
            place = len(self._chosen) - 1
            if self._chosen[place] + 1 < self._of[place]:
                self._chosen[place] += 1
                del self._of[place + 1 :]
                self._at = 0
                return True
            self._chosen.pop()
            del self._of[place:]
        return False


def answer(turn: ReadTurn, node: Node, flows: FlowSet, language: str, today: str, asked_back: bool) -> Event:
    """An input of the kind that was masked: one that fits where theirs did. `asked_back`: a value was being confirmed.

    Raises NotPlayable where none can be made.
    """
    heard = next((output for output in turn.outputs if isinstance(output, Heard)), None)
    if heard is None or not isinstance(node, AskNode):
        raise NotPlayable(f"what the caller did at turn {turn.number} is private and not kept")
    if heard.text not in ("", MASK):
        return Digits(heard.text) if heard.by == "keys" else Speech(heard.text, heard.confidence or 1.0)
    if heard.option is not None:
        return _wish(turn, heard, flows)
    if heard.verdict == "no_input":
        return NoInput()
    if heard.verdict == "no_match":
        return Speech("", 0.0)
    if asked_back and heard.verdict == "match":
        return Digits("1")
    confidence = heard.confidence if heard.confidence is not None else 1.0
    if node.type in FREE:
        return Speech(_ADDRESSES.get(language, MASK) if node.type is ValueType.ADDRESS else MASK, confidence)
    rules, valid = _rules(flows, today), heard.verdict != "invalid"
    entries = tuple(_entries(node, flows, today))
    if heard.by == "speech":
        for text in (*(" ".join(entry) for entry in entries), *_SAID.get(language, ())):
            slot = spoken(node, text, language, rules)
            if slot is not None and slot.valid == valid:
                return Speech(text, confidence)
    for entry in entries:
        slot = keyed(node, entry, rules)
        if slot is not None and slot.valid == valid:
            return Digits(entry)
    raise NotPlayable(f"nothing can stand for the private {node.type.value} of turn {turn.number}")


def _wish(turn: ReadTurn, heard: Heard, flows: FlowSet) -> Event:
    """Something that works everywhere."""
    option = next((option for option in flows.globals if option.name == heard.option), None)
    if option is not None and heard.by == "speech" and heard.phrase:
        return Speech(heard.phrase, 1.0)
    if option is not None and option.key:
        return Digits(option.key if option.key == "*" else f"*{option.key}")
    raise NotPlayable(f"the wish '{heard.option}' of turn {turn.number} is no longer there")


def _entries(node: AskNode, flows: FlowSet, today: str) -> Iterator[str]:
    least = str(node.min_value) if isinstance(node.min_value, int) else "1"
    day = today or "2000-01-01"
    yield from ("13800138000", "1200", day.replace("-", ""), "1", least, "1" * node.min_digits)
    if node.min_digits >= 2:
        yield complete("0" * (node.min_digits - 1), flows.account_check.check)
    yield from ("0" * node.min_digits, "9" * node.max_digits, "2560", "0")


def _rules(flows: FlowSet, today: str) -> SlotRules:
    return SlotRules(date.fromisoformat(today) if today else date(2000, 1, 1), flows.account_check, flows.region)


class Tainted:
    """Which variables hold a placeholder, or come of one. By name alone: rather one too many."""

    def __init__(self, flows: FlowSet) -> None:
        self._flows = flows
        self._names: set[str] = set()

    def add(self, name: str) -> None:
        self._names.add(name)

    def touches(self, names: Iterable[str]) -> bool:
        return not self._names.isdisjoint(names)

    def passed(self, node: Node, flow: str) -> None:
        """Follows values from variable to variable."""
        if not self._names:
            return
        match node:
            case SetNode():
                given = node.values
            case CallNode():
                given = node.arguments
            case ReturnNode():
                given = node.results
                touched = {name for name, template in given.items() if self.touches(template.names)}
                touched |= {name for name in self._flows.flows[flow].gives if name in self._names}
                for other in self._flows.flows.values():
                    for one in other.nodes.values():
                        if isinstance(one, CallNode) and one.flow == flow:
                            self._names |= {variable for result, variable in one.into.items() if result in touched}
                return
            case _:
                return
        self._names |= {name for name, template in given.items() if self.touches(template.names)}

    def decides(self, node: Node) -> bool:
        """Whether the way on from `node` hangs on a placeholder."""
        return isinstance(node, WhenNode) and any(
            branch.condition is not None and self.touches(branch.condition.names) for branch in node.branches
        )

    def hides(self, node: Node, flow: str) -> bool:
        """Whether `node` says a placeholder."""
        if not self._names:
            return False
        prompts = getattr(node, "prompts", ())
        return any(
            self.touches(template.names)
            for prompt in prompts
            for template in self._flows.texts(self._flows.flows[flow], prompt.id).values()
        )

    def inputs(self, node: Node) -> frozenset[str]:
        """Inputs of a service at `node` that are placeholders."""
        if not isinstance(node, DoNode):
            return frozenset()
        return frozenset(name for name, template in node.arguments.items() if self.touches(template.names))
