"""What is known in a flow that an escalation jumped to: why, and nothing else. It may well ask for that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ivr.checking.material import Material
from ivr.checking.spoken_values import written
from ivr.checking.ways import Kind, NodeId, Way
from ivr.expressions import ExpressionError
from ivr.flow import Flow, WhenNode

REASON = {"reason": "not_understood"}  # what an escalation tells the flow it jumps to


def after_escalation(
    material: Material, edges: dict[NodeId, dict[NodeId, Way]], ring: Iterable[NodeId]
) -> dict[NodeId, dict[NodeId, Way]]:
    """The part of `edges` on `ring` that can be taken by whoever came round by a jump."""
    members = list(ring)
    jumped_to = {to[0] for node in members for to, way in edges[node].items() if way.kind is Kind.LEAVE}
    left = {node: edges[node] for node in members}
    for node in members:
        flow = material.flows.flows[node[0]]
        when = flow.nodes[node[1]]
        if node[0] in jumped_to and isinstance(when, WhenNode):
            taken = _taken(when, _known(flow))
            left[node] = {to: way for to, way in edges[node].items() if to[1] in taken}
    return left


def _known(flow: Flow) -> dict[str, Any]:
    changed = {name for node in flow.nodes.values() for name in written(node)}
    values = {name: variable.default for name, variable in flow.variables.items()}
    values |= {name: value for name, value in REASON.items() if name in flow.takes}
    return {name: value for name, value in values.items() if name not in changed}


def _taken(when: WhenNode, known: dict[str, Any]) -> set[str]:
    taken = set()
    for branch in when.branches:
        if branch.condition is not None and not branch.condition.names <= known.keys() | {"true", "false"}:
            taken.add(branch.next)
            continue
        try:
            holds = branch.condition is None or bool(branch.condition.value(known))
        except (ExpressionError, KeyError):
            taken.add(branch.next)
            continue
        if holds:
            return taken | {branch.next}
    return taken
