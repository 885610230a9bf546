"""What an input means at a wait: which option, which value, or neither."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ivr.events import Digits, Event, NoInput, Speech
from ivr.flow import AskNode, FlowSet, MenuNode, Option
from ivr.listening import star_commands
from ivr.outputs import Heard
from ivr.slots import FREE, YES_NO_KEYS, Slot, SlotRules, keyed, spoken
from ivr.values import ValueType
from speech.phrases import match, said_within

MASK = "•••"
_SAID_OUTRIGHT = 0.8  # from here on a phrase was said as it stands, with more around it
_AS_GOOD_AS = 0.05
_BARELY_MORE = 2  # a free answer of at most so many times a command's length is that command


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait an input is heard at. `today`: ISO."""

    flows: FlowSet
    node: MenuNode | AskNode
    language: str
    today: str
    reject_below: float
    confirm_below: float

    @property
    def own(self) -> tuple[Option, ...]:
        return self.node.options if isinstance(self.node, MenuNode) else ()

    @property
    def first(self) -> tuple[Option, ...]:
        return self.flows.first

    @property
    def rest(self) -> tuple[Option, ...]:
        """Globals that do not come first; a node's own options beat them."""
        return self.flows.rest

    @property
    def rules(self) -> SlotRules:
        today = date.fromisoformat(self.today) if self.today else date(2000, 1, 1)
        return SlotRules(today, self.flows.account_check, self.flows.region)

    def shown(self, text: str) -> str:
        return MASK if isinstance(self.node, AskNode) and self.node.private else text


@dataclass(frozen=True, slots=True)
class Understood:
    """`heard` goes to the timeline. An option, or a slot of an ask, or neither (its verdict says why).

    `doubtful`: heard with so little confidence that it should be asked back.
    """

    heard: Heard
    option: Option | None = None
    slot: Slot | None = None
    doubtful: bool = False


def understand(wait: Wait, event: Event) -> Understood:
    """Raises TypeError for an event that is no input."""
    if isinstance(event, NoInput):
        return Understood(Heard(wait.node.name, "silence", "no_input"))
    if isinstance(event, Digits):
        return _keys(wait, event.digits)
    if isinstance(event, Speech):
        return _speech(wait, event)
    raise TypeError(f"{event.kind} is no input")


# --- keys


def _keys(wait: Wait, digits: str) -> Understood:
    option = keyed_option(wait, digits)
    if option is not None:
        return _chosen(wait, Heard(wait.node.name, "keys", "match", digits, option=option.name), option)
    if isinstance(wait.node, MenuNode):
        return Understood(Heard(wait.node.name, "keys", "no_match", digits))
    return _valued(Heard(wait.node.name, "keys", "no_match", wait.shown(digits)), keyed(wait.node, digits, wait.rules))


def keyed_option(wait: Wait, digits: str) -> Option | None:
    if isinstance(wait.node, MenuNode):
        return _by_key((*wait.first, *wait.own, *wait.rest), digits)
    command = star_commands(wait.node, wait.flows.globals).get(digits)
    if command is not None:
        return command
    no_value = wait.node.type in FREE or (wait.node.type is ValueType.YES_NO and digits not in YES_NO_KEYS)
    if len(digits) >= wait.node.min_digits and not no_value:
        return None
    return _by_key(wait.flows.globals, digits)  # it can be no value: the caller means what works everywhere


def _by_key(options: Iterable[Option], digits: str) -> Option | None:
    for option in options:
        if option.key == digits and digits:
            return option
    return None


# --- speech


def _speech(wait: Wait, event: Speech) -> Understood:
    node = wait.node
    heard = Heard(node.name, "speech", "no_match", wait.shown(event.text), event.confidence)
    if not event.text.strip() or event.confidence < wait.reject_below:
        return Understood(heard)
    said = said_option(wait, event.text)
    if said is not None and said.option.first:
        return _spoken_option(wait, event, said)
    if isinstance(node, AskNode):
        slot = spoken(node, event.text, wait.language, wait.rules)
        # In a free answer a command is one only when it is about all that was said.
        if slot is not None and not (node.type in FREE and said is not None and _alone(event.text, said)):
            return _valued(heard, slot, doubtful=event.confidence < wait.confirm_below)
    return Understood(heard) if said is None else _spoken_option(wait, event, said)


@dataclass(frozen=True, slots=True)
class Said:
    """An option that was named: `phrase` is the one it was known by, of its own or of an intent."""

    option: Option
    confidence: float
    phrase: str
    by_intent: bool = False


def said_option(wait: Wait, text: str) -> Said | None:
    """Which option of the wait is meant: what comes first, then phrases as they stand, then the sense of the words."""
    first, other = _said_first(wait, text), _said_elsewhere(wait, text)
    if first is not None and _beats(first, other):
        return first
    if other is not None and other.confidence >= 1:
        return other
    routed = _routed(wait, text)
    return other if other is not None and not (routed is not None and routed.option.first) else routed


def _said_first(wait: Wait, text: str) -> Said | None:
    """What comes first is heard in the midst of other words as well."""
    for option in wait.first:
        phrase = said_within(text, option.phrases.get(wait.language, ()), wait.language)
        if phrase is not None:
            return Said(option, 1.0, phrase)
    return _match(wait, text, wait.first)


def _said_elsewhere(wait: Wait, text: str) -> Said | None:
    """A node's own options beat what works everywhere."""
    own, rest = _match(wait, text, wait.own), _match(wait, text, wait.rest)
    return rest if own is None or (rest is not None and rest.confidence > own.confidence) else own


def _beats(first: Said, other: Said | None) -> bool:
    if other is not None and other.confidence >= 1 > first.confidence:
        return False  # said word for word: 微信 is no 危险 where it is offered, though they sound alike
    return other is None or first.confidence >= _SAID_OUTRIGHT or first.confidence + _AS_GOOD_AS >= other.confidence


def _match(wait: Wait, text: str, options: tuple[Option, ...]) -> Said | None:
    phrases = {option.name: said for option in options if (said := option.phrases.get(wait.language))}
    found = match(text, phrases, wait.language) if phrases else None
    if found is None:
        return None
    option = next(option for option in options if option.name == found.option)
    return Said(option, found.confidence, found.phrase)


def _routed(wait: Wait, text: str) -> Said | None:
    by_intent: Mapping[str, Option] = {
        intent: option for option in (*wait.rest, *wait.own, *wait.first) for intent in option.intents
    }
    if not by_intent:
        return None
    # A free answer is about anything: only against all that callers may want can a command be told from it.
    among = None if isinstance(wait.node, AskNode) and wait.node.type in FREE else by_intent.keys()
    routed = wait.flows.router(wait.language).route(text, among)
    if routed is None or routed.intent not in by_intent or routed.confidence < wait.reject_below:
        return None
    return Said(by_intent[routed.intent], routed.confidence, routed.matched, by_intent=True)


def _alone(text: str, said: Said) -> bool:
    return not said.by_intent and len(text) <= _BARELY_MORE * len(said.phrase)


# --- what comes of it


def _spoken_option(wait: Wait, event: Speech, said: Said) -> Understood:
    confidence = round(min(said.confidence, event.confidence), 3)
    shown = wait.shown(event.text)
    heard = Heard(wait.node.name, "speech", "match", shown, confidence, said.option.name, said.phrase)
    if confidence < wait.reject_below and not said.option.first:
        return Understood(Heard(wait.node.name, "speech", "no_match", shown, confidence))
    return _chosen(wait, heard, said.option, doubtful=confidence < wait.confirm_below)


def _chosen(wait: Wait, heard: Heard, option: Option, *, doubtful: bool = False) -> Understood:
    return Understood(with_verdict(heard, "help") if option.action == "help" else heard, option, doubtful=doubtful)


def _valued(heard: Heard, slot: Slot | None, *, doubtful: bool = False) -> Understood:
    if slot is None:
        return Understood(heard)
    return Understood(with_verdict(heard, "match" if slot.valid else "invalid"), slot=slot, doubtful=doubtful)


def with_verdict(heard: Heard, verdict: str) -> Heard:
    return Heard(heard.node, heard.by, verdict, heard.text, heard.confidence, heard.option, heard.phrase)
