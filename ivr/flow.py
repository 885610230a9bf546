"""A flow as it is run: frozen, checked, every name in it known. Made by `loader`, never by hand."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ivr.expressions import Expression
from ivr.outputs import Gather
from ivr.prompts import Template
from ivr.values import ValueType
from ivr.yaml_source import Place

if TYPE_CHECKING:
    from ivr.calendars import Calendar
    from speech.intents import IntentRouter, Memory

Texts = Mapping[str, Template]  # language -> text


@dataclass(frozen=True, slots=True)
class PromptUse:
    """A prompt to be said: in the caller's language, or always in `language` (written `prompt@language`)."""

    id: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    type: ValueType
    default: Any
    required: bool = False  # an argument without a default
    private: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class SayNode(Node):
    prompts: tuple[PromptUse, ...]
    barge_in: bool
    next: str


@dataclass(frozen=True, slots=True)
class Option:
    """One way on from a menu: by key, phrase or intent, or any of them. Of a global one `action` or `flow` says what.

    A global that is `first` beats everything: its key is nobody else's, and it is never asked back.
    """

    name: str
    key: str | None
    phrases: Mapping[str, tuple[str, ...]]
    next: str = ""
    action: str = ""  # one of ACTIONS
    flow: str = ""
    arguments: Mapping[str, Template] = field(default_factory=dict)
    intents: tuple[str, ...] = ()
    first: bool = False
    to: str = ""  # of the action `language`: which one; "" is the hotline's next


ACTIONS = ("repeat", "back", "main_menu", "help", "language")


@dataclass(frozen=True, slots=True)
class Escalation:
    """What is said the first, second, ... time of an event (nothing heard, not understood, not valid, help wanted), and
    where it ends.

    At the `limit`-th time the call goes to `next`, or to the flow `flow` where the node names none. `reprompt`: the
    wait's own prompts follow.
    """

    prompts: tuple[PromptUse, ...]
    limit: int
    next: str = ""
    flow: str = ""
    reprompt: bool = True


class Confirm(enum.StrEnum):
    """When a wait asks back what it has understood."""

    AUTO = "auto"  # speech between the bounds of `speech.reject_below` and `speech.confirm_below`
    ALWAYS = "always"  # keys as well
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class WaitNode(Node):
    prompts: tuple[PromptUse, ...]
    barge_in: bool
    first_input_s: float
    no_input: Escalation
    no_match: Escalation
    help: Escalation
    confirm: Confirm


@dataclass(frozen=True, slots=True)
class MenuNode(WaitNode):
    options: tuple[Option, ...]
    into: str | None = None  # keeps the name of the option taken


@dataclass(frozen=True, slots=True)
class AskNode(WaitNode):
    """`min_value` and `max_value` bound a number, an amount in cents, or a date (ISO, or "today", "today+30").

    `min_digits` and `max_digits` are of the entry on the keypad.
    """

    type: ValueType
    into: str
    min_digits: int
    max_digits: int
    terminator: str
    inter_digit_s: float
    next: str
    invalid: Escalation
    private: bool = False
    min_value: int | str | None = None
    max_value: int | str | None = None


@dataclass(frozen=True, slots=True)
class RecordNode(Node):
    prompts: tuple[PromptUse, ...]
    into: str
    transcript_into: str | None
    max_s: float
    end_silence_s: float
    next: str
    no_input: Escalation
    private: bool = False


@dataclass(frozen=True, slots=True)
class DoNode(Node):
    service: str
    arguments: Mapping[str, Template]
    into: Mapping[str, str]  # output -> variable
    outcomes: Mapping[str, str]  # outcome -> node; `late` where there is none for it goes the way of `error`
    budget_s: float
    changes: bool = False  # the service writes: there is no way back over it


@dataclass(frozen=True, slots=True)
class Branch:
    condition: Expression | None  # None: else
    next: str


@dataclass(frozen=True, slots=True)
class WhenNode(Node):
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class SetNode(Node):
    values: Mapping[str, Template]
    next: str


@dataclass(frozen=True, slots=True)
class CallNode(Node):
    flow: str
    arguments: Mapping[str, Template]
    into: Mapping[str, str]  # result -> variable
    next: str


@dataclass(frozen=True, slots=True)
class TransferNode(Node):
    prompts: tuple[PromptUse, ...]
    to: Template  # a telephone, or AGENTS
    timeout_s: float
    outcomes: Mapping[str, str]  # answered, busy, no-answer, failed -> node
    leave_key: str = ""  # who waits for an agent presses it and goes the way of no-answer


@dataclass(frozen=True, slots=True)
class ReturnNode(Node):
    results: Mapping[str, Template]


@dataclass(frozen=True, slots=True)
class HangupNode(Node):
    prompts: tuple[PromptUse, ...]


KINDS: Mapping[str, type[Node]] = {
    "say": SayNode,
    "menu": MenuNode,
    "ask": AskNode,
    "record": RecordNode,
    "do": DoNode,
    "when": WhenNode,
    "set": SetNode,
    "call": CallNode,
    "transfer": TransferNode,
    "return": ReturnNode,
    "hangup": HangupNode,
}
KIND_OF: Mapping[type[Node], str] = {node: kind for kind, node in KINDS.items()}

AGENTS = "agents"
"""Where a transfer goes that is to whoever of the hotline's agents is free first."""
LEAVE_KEYS = tuple("0123456789#")  # a star begins a command that works everywhere
TRANSFER_OUTCOMES = ("answered", "busy", "no-answer", "failed")
FAILURES = frozenset({"error", "late"})  # how every service may end besides the ways of its own

# What every flow knows without declaring it. `language` may be set, which changes what is spoken from there on.
BUILT_IN: Mapping[str, ValueType] = {
    "caller_number": ValueType.PHONE,
    "called_number": ValueType.PHONE,
    "direction": ValueType.TEXT,
    "language": ValueType.TEXT,
    "today": ValueType.DATE,
    "utility": ValueType.TEXT,
    "answered_by": ValueType.TEXT,
    "storm": ValueType.YES_NO,
    "now": ValueType.TEXT,  # "2026-11-23T14:05", local
    "time": ValueType.TIME,
}
_BUILT_IN_FORMATS = {name: type_.value for name, type_ in BUILT_IN.items()} | {"now": "datetime"}


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    start: str
    takes: Mapping[str, Variable]
    gives: Mapping[str, Variable]
    variables: Mapping[str, Variable]  # takes and gives among them
    prompts: Mapping[str, Texts]
    nodes: Mapping[str, Node]
    place: Place
    formats: Mapping[str, str] = field(init=False, compare=False, repr=False)  # variable -> how it is said by its type
    secret: frozenset[str] = field(init=False, compare=False, repr=False)  # variables whose values are private

    def __post_init__(self) -> None:
        own = {name: variable.type.value for name, variable in self.variables.items()}
        object.__setattr__(self, "formats", own | _BUILT_IN_FORMATS)
        secret = frozenset(name for name, variable in self.variables.items() if variable.private)
        object.__setattr__(self, "secret", secret)


@dataclass(frozen=True, slots=True)
class Intent:
    """What a caller may want, by examples of how they say it: language -> phrases."""

    name: str
    phrases: Mapping[str, tuple[str, ...]]
    place: Place


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """What an account number is: so many digits, the last of them by a scheme of `speech.check_digits`."""

    digits: int = 10
    check: str = "none"


@dataclass(frozen=True, slots=True)
class FlowSet:
    """Every flow of one revision, and what they share.

    `storm`: flow -> the one that stands in for it while storm mode is on. `main_menu`: flow and node, or None. `waits`
    and `routers` keep what was once made of the flows, and follows from them alone.
    """

    revision: str
    languages: tuple[str, ...]
    flows: Mapping[str, Flow]
    prompts: Mapping[str, Texts]
    globals: tuple[Option, ...]
    fault_flow: str  # where a call goes on when its own flow cannot
    utility: Mapping[str, str] = field(default_factory=dict)  # language -> name, spoken as {utility}
    too_long_flow: str = ""  # how a call that has passed its length limit is ended
    main_menu: tuple[str, str] | None = None
    account_check: AccountCheck = AccountCheck()
    region: str = "CN"  # ISO country in whose way phone numbers are written
    intents: Mapping[str, Intent] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    storm: Mapping[str, str] = field(default_factory=dict)
    waits: dict[tuple[str, ...], Gather] = field(default_factory=dict, compare=False, repr=False)
    routers: dict[str, IntentRouter] = field(default_factory=dict, compare=False, repr=False)
    first: tuple[Option, ...] = field(init=False, compare=False, repr=False)  # globals that come first, and the others
    rest: tuple[Option, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", tuple(option for option in self.globals if option.first))
        object.__setattr__(self, "rest", tuple(option for option in self.globals if not option.first))

    def texts(self, flow: Flow, prompt: str) -> Texts:
        return flow.prompts.get(prompt) or self.prompts[prompt]

    def router(self, language: str) -> IntentRouter:
        """Made when it is first asked for. Revisions with the same examples share what was learnt of them."""
        found = self.routers.get(language)
        if found is None:
            examples = tuple((name, intent.phrases.get(language, ())) for name, intent in self.intents.items())
            found = self.routers[language] = _router(examples, language)
        return found

    def learn(self, memory: Memory | None = None) -> None:
        """Learns what callers may want, half a second a language the first time: not in a caller's turn."""
        if self.intents:
            for language in self.languages:
                self.router(language).learn(memory)


@lru_cache(maxsize=16)
def _router(examples: tuple[tuple[str, tuple[str, ...]], ...], language: str) -> IntentRouter:
    from speech.intents import IntentRouter  # what it learns with is slow to import, and not all flows have intents

    return IntentRouter(dict(examples), language)
