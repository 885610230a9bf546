"""Entering each kind of node, and what comes back from a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr import flow as nodes
from ivr.engine import waits
from ivr.engine.state import FlowFaulted, typed
from ivr.engine.walk import Walk
from ivr.events import ServiceResult
from ivr.flow import FAILURES, Node
from ivr.outputs import CallService, Transfer


def _say(walk: Walk, node: nodes.SayNode) -> None:
    walk.say(node.prompts, barge_in=node.barge_in)
    walk.go(node.next)


def _do(walk: Walk, node: nodes.DoNode) -> None:
    variables = walk.variables
    inputs = {name: template.value(variables) for name, template in node.arguments.items()}
    walk.outputs.append(CallService(node.service, inputs, node.budget_s))
    walk.wait()


def served(walk: Walk, node: nodes.DoNode, result: ServiceResult) -> None:
    outcome = result.outcome
    if outcome == "late" and outcome not in node.outcomes:
        outcome = "error"
    if outcome == "error" and outcome not in node.outcomes:
        raise FlowFaulted(f"the service '{result.service}' {'was late' if result.outcome == 'late' else 'failed'}")
    if outcome not in node.outcomes:
        raise FlowFaulted(f"the outcome '{outcome}' of '{result.service}' leads nowhere")
    if node.changes and outcome not in FAILURES:
        walk.forget()
    for output, variable in node.into.items():
        if output in result.outputs:
            walk.frame["vars"][variable] = result.outputs[output]
    walk.go(node.outcomes[outcome])


def _when(walk: Walk, node: nodes.WhenNode) -> None:
    variables = walk.variables
    for branch in node.branches:
        if branch.condition is None or branch.condition.value(variables):
            walk.go(branch.next)
            return


def _set(walk: Walk, node: nodes.SetNode) -> None:
    variables = walk.variables
    for name, template in node.values.items():
        value = template.value(variables)
        if name == "language":
            walk.speak(str(value))
        else:
            walk.frame["vars"][name] = typed(walk.flow.variables[name].type, name, value)
    walk.go(node.next)


def _call(walk: Walk, node: nodes.CallNode) -> None:
    variables = walk.variables
    arguments = {name: template.value(variables) for name, template in node.arguments.items()}
    walk.call(node.flow, arguments, node.into, node.next)


def _return(walk: Walk, node: nodes.ReturnNode) -> None:
    variables = walk.variables
    results = {name: walk.frame["vars"][name] for name in walk.flow.gives}
    results |= {name: template.value(variables) for name, template in node.results.items()}
    done = walk.state["frames"].pop()
    if not walk.state["frames"]:
        walk.end("flow")
        return
    for result, variable in done["into"].items():
        if result in results:  # a flow that stands in for another in a storm may give less
            walk.frame["vars"][variable] = results[result]
    walk.go(done["next"])


def _transfer(walk: Walk, node: nodes.TransferNode) -> None:
    walk.say(node.prompts, barge_in=False)
    walk.outputs.append(Transfer(str(node.to.value(walk.variables)), node.timeout_s, node.leave_key))
    walk.wait()


def _hangup(walk: Walk, node: nodes.HangupNode) -> None:
    walk.say(node.prompts, barge_in=False)
    walk.end("flow")


ENTER: Mapping[type[Node], Callable[[Walk, Any], None]] = {
    nodes.SayNode: _say,
    nodes.MenuNode: waits.enter,
    nodes.AskNode: waits.enter,
    nodes.RecordNode: waits.enter_record,
    nodes.DoNode: _do,
    nodes.WhenNode: _when,
    nodes.SetNode: _set,
    nodes.CallNode: _call,
    nodes.ReturnNode: _return,
    nodes.TransferNode: _transfer,
    nodes.HangupNode: _hangup,
}
