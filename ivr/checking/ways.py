"""The ways on from a node: what may happen there, and where the call then goes."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from ivr import flow as nodes
from ivr.flow import Escalation, FlowSet, Node, Option
from ivr.values import ValueType

NodeId = tuple[str, str]  # flow, node


class Kind(enum.Enum):
    GO = "go"  # to a node of the same flow
    LEAVE = "leave"  # everything left for another flow, or for a node of it (the main menu)
    CALL = "call"  # into a flow, and on at `node` when it returns
    RETURN = "return"
    END = "end"
    STAY = "stay"  # the same wait again


class Cause(enum.Enum):
    """Who or what takes a way."""

    STEP = "step"  # the flow itself goes on
    BRANCH = "branch"
    OUTCOME = "outcome"  # of a service or a transfer
    FAULT = "fault"  # the flow could not go on; happens to a call once, the second time it ends
    CHOICE = "choice"  # a key, words, an answer of the caller
    UNHEARD = "unheard"  # silence, or nothing that fits, as often as the wait allows


@dataclass(frozen=True, slots=True)
class Way:
    kind: Kind
    cause: Cause
    event: str = ""  # as it is shown: `2`, `"report an outage"`, `(silence)`, `found`
    node: str = ""
    flow: str = ""
    times: int = 1
    option: str = ""  # of a choice: whose

    @property
    def by_caller(self) -> bool:
        return self.cause in (Cause.CHOICE, Cause.UNHEARD)

    @property
    def cost(self) -> int:
        """What a caller does counts for more than how far it goes; an outcome that is a failure comes last."""
        return (100 * self.times if self.by_caller else 3 if self.event in ("error", "late") else 0) + 1


def ways(flows: FlowSet, node: Node) -> tuple[Way, ...]:
    """Of a node of `flows`. Raises TypeError for a node of no known kind."""
    match node:
        case nodes.MenuNode():
            own = tuple(_choice(option, Kind.GO, node=option.next) for option in node.options)
            return (*own, *_waiting(flows, node))
        case nodes.AskNode():
            return (Way(Kind.GO, Cause.CHOICE, _answer(node), node.next), *_waiting(flows, node))
        case nodes.RecordNode():
            keyed = (option for option in flows.globals if option.key and len(option.key) == 1)
            message = Way(Kind.GO, Cause.CHOICE, "(message)", node.next)
            return (message, _escalated(node.no_input, "(silence)"), *(_everywhere(flows, option) for option in keyed))
        case nodes.DoNode():
            return tuple(_outcomes(flows, node))
        case nodes.TransferNode():
            return tuple(Way(Kind.GO, Cause.OUTCOME, outcome, to) for outcome, to in node.outcomes.items())
        case nodes.WhenNode():
            return tuple(
                Way(Kind.GO, Cause.BRANCH, "else" if b.condition is None else f"if {b.condition.source}", b.next)
                for b in node.branches
            )
        case nodes.SayNode() | nodes.SetNode():
            return (Way(Kind.GO, Cause.STEP, "", node.next),)
        case nodes.CallNode():
            return (Way(Kind.CALL, Cause.STEP, f"calls {node.flow}", node.next, node.flow),)
        case nodes.ReturnNode():
            return (Way(Kind.RETURN, Cause.STEP),)
        case nodes.HangupNode():
            return (Way(Kind.END, Cause.STEP),)
    raise TypeError(f"nothing is known of {type(node).__name__}")


def shown(option: Option) -> str:
    """How a caller takes `option`: its key, else its first phrase, else what they want."""
    if option.key:
        return option.key
    phrase = next((phrases[0] for phrases in option.phrases.values() if phrases), "")
    return f'"{phrase}"' if phrase else f"({', '.join(option.intents)})"


def escalations(node: Node) -> Iterator[tuple[str, Escalation]]:
    """The escalations of a wait by the key they are written under."""
    for name in ("no_input", "no_match", "help", "invalid"):
        escalation = getattr(node, name, None)
        if isinstance(escalation, Escalation):
            yield name, escalation


def _waiting(flows: FlowSet, node: nodes.MenuNode | nodes.AskNode) -> Iterator[Way]:
    asked_for_help = any(option.action == "help" for option in flows.globals)
    for name, escalation in escalations(node):
        if (escalation.next or escalation.flow) and (name != "help" or asked_for_help):
            yield _escalated(escalation, {**_UNHEARD, "help": "(help)"}[name])
    for option in flows.globals:
        yield _everywhere(flows, option)


def _everywhere(flows: FlowSet, option: Option) -> Way:
    if option.flow:
        return _choice(option, Kind.LEAVE, flow=option.flow)
    if option.action == "main_menu" and flows.main_menu:
        return _choice(option, Kind.LEAVE, flow=flows.main_menu[0], node=flows.main_menu[1])
    return _choice(option, Kind.STAY)


_UNHEARD = {"no_input": "(silence)", "no_match": "(not understood)", "invalid": "(not valid)"}


def _choice(option: Option, kind: Kind, *, node: str = "", flow: str = "") -> Way:
    return Way(kind, Cause.CHOICE, shown(option), node, flow, option=option.name)


def _escalated(escalation: Escalation, event: str) -> Way:
    cause = Cause.CHOICE if event == "(help)" else Cause.UNHEARD
    if escalation.next:
        return Way(Kind.GO, cause, event, escalation.next, times=escalation.limit)
    return Way(Kind.LEAVE, cause, event, flow=escalation.flow, times=escalation.limit)


def _answer(node: nodes.AskNode) -> str:
    return "(says it)" if node.type is ValueType.TEXT else f"({node.type.value.replace('_', ' ')})"


def _outcomes(flows: FlowSet, node: nodes.DoNode) -> Iterator[Way]:
    for outcome, to in node.outcomes.items():
        yield Way(Kind.GO, Cause.OUTCOME, outcome, to)
    if "error" not in node.outcomes:
        yield Way(Kind.LEAVE, Cause.FAULT, "error", flow=flows.fault_flow)
