"""One turn: what came in is answered, then the call walks on to the next wait or its end."""

from __future__ import annotations

from collections.abc import Callable

from ivr import flow as nodes
from ivr.engine import answers, steps
from ivr.engine.state import FlowFaulted
from ivr.engine.walk import Walk
from ivr.events import DialEnded, Digits, Event, HungUp, NoInput, Recorded, ServiceResult, Speech
from ivr.expressions import ExpressionError
from ivr.flow import KIND_OF
from ivr.outputs import Fault, Hangup, NodeEntered


class SessionError(Exception):
    """The event does not fit the wait that the call stands at (a remote's fault, not the flow's)."""


def begin(walk: Walk) -> None:
    _guarded(walk, lambda: None)


def go_on(walk: Walk, event: Event) -> None:
    """Raises SessionError for an event that the wait cannot take."""
    if isinstance(event, HungUp):
        walk.state["frames"] = []
        walk.outputs.append(Hangup(event.reason))
        return
    node = walk.node
    answer: Callable[[], None]
    match node, event:
        case (nodes.MenuNode() | nodes.AskNode(), Digits() | Speech() | NoInput()):
            walk.private = isinstance(node, nodes.AskNode) and node.private
            answer = lambda: answers.heard(walk, node, event)  # noqa: E731
        case (nodes.RecordNode(), Recorded() | NoInput() | Digits()):
            answer = lambda: answers.recorded(walk, node, event)  # noqa: E731
        case (nodes.DoNode(), ServiceResult()) if event.service == node.service:
            answer = lambda: steps.served(walk, node, event)  # noqa: E731
        case (nodes.TransferNode(), DialEnded()):
            answer = lambda: walk.go(node.outcomes.get(event.status, node.outcomes["failed"]))  # noqa: E731
        case _:
            raise SessionError(f"'{event.kind}' does not answer node '{node.name}' of flow '{walk.flow.name}'")
    _guarded(walk, answer)


def _guarded(walk: Walk, first: Callable[[], None]) -> None:
    """Runs to the next wait. A flow that cannot go on is left once for the fault flow, then the call is ended."""
    try:
        first()
        _run(walk)
    except (FlowFaulted, ExpressionError) as error:
        walk.outputs.append(Fault(str(error)))
        _fall_back(walk)


def _fall_back(walk: Walk) -> None:
    walk.waiting = False
    try:
        walk.say_shared("apology")
        if not walk.state["faulted"]:
            walk.state["faulted"] = True
            walk.forget()
            walk.state["frames"] = []
            walk.jump(walk.flows.fault_flow, {"reason": "fault"})
            _run(walk)
            return
    except (FlowFaulted, ExpressionError) as error:
        walk.outputs.append(Fault(str(error)))
    walk.end("fault")


def _run(walk: Walk) -> None:
    for _ in range(walk.limits.max_steps):
        if walk.waiting or not walk.state["frames"]:
            return
        node = walk.node
        walk.outputs.append(NodeEntered(walk.flow.name, node.name, KIND_OF[type(node)]))
        steps.ENTER[type(node)](walk, node)
    raise FlowFaulted(f"flow '{walk.flow.name}' passed {walk.limits.max_steps} nodes without waiting for the caller")
