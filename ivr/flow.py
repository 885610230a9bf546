"""A flow as it is run: frozen, checked, every name in it known. Made by `loader`, never by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.expressions import Expression
from ivr.outputs import Gather
from ivr.prompts import Template
from ivr.values import ValueType
from ivr.yaml_source import Place

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
    """One way on from a menu: by key, by phrase, or both. Of a global option `action` or `flow` says what it does."""

    name: str
    key: str | None
    phrases: Mapping[str, tuple[str, ...]]
    next: str = ""
    action: str = ""  # repeat
    flow: str = ""
    arguments: Mapping[str, Template] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Escalation:
    """What is said the first, second, ... time nothing (or nothing that fits) was heard, and where it ends.

    At the `limit`-th time the call goes to `next`, or to the flow `flow` where the node names none.
    """

    prompts: tuple[PromptUse, ...]
    limit: int
    next: str = ""
    flow: str = ""
    reprompt: bool = True


@dataclass(frozen=True, slots=True)
class WaitNode(Node):
    prompts: tuple[PromptUse, ...]
    barge_in: bool
    first_input_s: float
    no_input: Escalation
    no_match: Escalation


@dataclass(frozen=True, slots=True)
class MenuNode(WaitNode):
    options: tuple[Option, ...]
    into: str | None = None  # keeps the name of the option taken


@dataclass(frozen=True, slots=True)
class AskNode(WaitNode):
    type: ValueType
    into: str
    min_digits: int
    max_digits: int
    terminator: str
    inter_digit_s: float
    next: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class RecordNode(Node):
    prompts: tuple[PromptUse, ...]
    into: str
    transcript_into: str | None
    max_s: float
    end_silence_s: float
    next: str
    no_input: Escalation


@dataclass(frozen=True, slots=True)
class DoNode(Node):
    service: str
    arguments: Mapping[str, Template]
    into: Mapping[str, str]  # output -> variable
    outcomes: Mapping[str, str]  # outcome -> node
    budget_s: float


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
    to: Template
    timeout_s: float
    outcomes: Mapping[str, str]  # answered, busy, no-answer, failed -> node


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

# What every flow knows without declaring it. `language` may be set, which changes what is spoken from there on.
BUILT_IN: Mapping[str, ValueType] = {
    "caller_number": ValueType.PHONE,
    "called_number": ValueType.PHONE,
    "direction": ValueType.TEXT,
    "language": ValueType.TEXT,
    "today": ValueType.DATE,
    "utility": ValueType.TEXT,
    "answered_by": ValueType.TEXT,
}


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

    @property
    def formats(self) -> Mapping[str, str]:
        return {name: variable.type.value for name, variable in self.variables.items()} | {
            name: type_.value for name, type_ in BUILT_IN.items()
        }


@dataclass(frozen=True, slots=True)
class FlowSet:
    """Every flow of one revision, and what they share. `waits` keeps what was once made of a node's options, by flow,
    node and language: it follows from the flows alone."""

    revision: str
    languages: tuple[str, ...]
    flows: Mapping[str, Flow]
    prompts: Mapping[str, Texts]
    globals: tuple[Option, ...]
    fault_flow: str  # where a call goes on when its own flow cannot
    utility: Mapping[str, str] = field(default_factory=dict)  # language -> name, spoken as {utility}
    waits: dict[tuple[str, str, str], Gather] = field(default_factory=dict, compare=False, repr=False)

    def texts(self, flow: Flow, prompt: str) -> Texts:
        return flow.prompts.get(prompt) or self.prompts[prompt]
