"""What limits a cycle: a variable that changes on every round and that a `when` of the cycle leaves it by."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from ivr.expressions import ExpressionError
from ivr.flow import CallNode, DoNode, Flow, SetNode, WhenNode
from ivr.prompts import Placeholder, Template
from ivr.values import coerce


@dataclass(slots=True)
class Counter:
    """Nodes of one cycle, by what they do with one variable."""

    tested: set[str] = field(default_factory=set)  # a `when` that leaves the cycle by it
    counted: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)  # set to something that does not leave the cycle


def counters(flow: Flow, cycle: Collection[str]) -> list[Counter]:
    """Those that can limit a cycle through the nodes `cycle` of `flow`."""
    found: dict[str, Counter] = defaultdict(Counter)
    for name in cycle:
        node = flow.nodes[name]
        if isinstance(node, WhenNode) and any(branch.next not in cycle for branch in node.branches):
            for branch in node.branches:
                for variable in branch.condition.names if branch.condition else ():
                    found[variable].tested.add(name)
    for name in cycle:
        node = flow.nodes[name]
        if isinstance(node, DoNode | CallNode):
            for variable in node.into.values():
                found[variable].counted.add(name)
        if isinstance(node, SetNode):
            for variable, template in node.values.items():
                counts = _counts(flow, variable, template, found[variable], cycle)
                (found[variable].counted if counts else found[variable].forgotten).add(name)
    return [counter for counter in found.values() if counter.tested and counter.counted]


def _counts(flow: Flow, variable: str, template: Template, counter: Counter, cycle: Collection[str]) -> bool:
    """Whether setting `variable` to `template` brings the cycle nearer to its end."""
    if variable in template.names:
        return any(isinstance(p, Placeholder) and not isinstance(p.expression.tree, ast.Name) for p in template.parts)
    if not template.fixed or variable not in flow.variables:
        return True  # what it is set to cannot be told here
    try:
        value = coerce(flow.variables[variable].type, template.value({}))
    except (ValueError, TypeError):
        return True
    for name in counter.tested:
        node = flow.nodes[name]
        assert isinstance(node, WhenNode)
        for branch in node.branches:
            try:
                taken = branch.condition is None or bool(branch.condition.value({variable: value}))
            except ExpressionError:
                return True
            if taken:
                if branch.next not in cycle:
                    return True
                break
    return False
