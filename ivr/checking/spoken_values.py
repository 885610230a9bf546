"""Variables that are spoken where, on some way, nothing has set them yet.

A flow's variables are its own: nothing outside it can set them but the results of a call, so each flow is looked at
alone. A service's outputs count as set on every outcome but a failure; a `when` that asks about a value (or about
another of the same answer) has taken care of it.
"""

from __future__ import annotations

from ivr import flow as nodes
from ivr.checking.exploration import Exploration
from ivr.checking.finding import Severity, Step
from ivr.checking.material import Material
from ivr.checking.prompts import said_at
from ivr.checking.ways import Kind, NodeId, Way
from ivr.flow import FAILURES, Flow, Node
from ivr.prompts import Placeholder
from ivr.values import ValueType
from ivr.yaml_source import Mapping as YamlMapping

Bits = int


def check_spoken(material: Material) -> None:
    for part in material.exploration.begun:
        flow = material.flows.flows[part[0]]
        if flow.variables:
            _Flow(material, flow, part).check()


class _Flow:
    def __init__(self, material: Material, flow: Flow, part: NodeId) -> None:
        self.material = material
        self.flow = flow
        self.part = part
        self.found: Exploration = material.exploration
        self.bit = {name: 1 << i for i, name in enumerate(flow.variables)}
        self.mates = self._mates()

    def check(self) -> None:
        given = self._given()
        certain = self._certain(given)
        for name, node in self.flow.nodes.items():
            if name not in certain:
                continue
            for under, uses in said_at(node):
                for use in uses:
                    for template in self.material.flows.texts(self.flow, use.id).values():
                        for part in template.parts:
                            for variable in part.expression.names if isinstance(part, Placeholder) else ():
                                if variable in self.bit and not certain[name] & self.bit[variable]:
                                    self._note(node, variable, use.id, under)

    def _given(self) -> Bits:
        """Arguments, and variables with a default that is written."""
        bits = 0
        for name in self.flow.variables:
            for section in ("vars", "gives"):
                declared = self.material.sources.value(self.flow.name, section, name)
                if isinstance(declared, YamlMapping) and "default" in declared:
                    bits |= self.bit[name]
            if name in self.flow.takes:
                bits |= self.bit[name]
        return bits

    def _mates(self) -> dict[str, Bits]:
        """variable -> those that some node sets together with it, itself among them."""
        mates: dict[str, Bits] = dict(self.bit)
        for node in self.flow.nodes.values():
            together = 0
            for name in written(node):
                together |= self.bit.get(name, 0)
            for name in written(node):
                if name in mates:
                    mates[name] |= together
        return mates

    def _sets(self, node: Node, way: Way) -> Bits:
        bits = 0
        if isinstance(node, nodes.WhenNode):
            for branch in node.branches:
                for name in branch.condition.names if branch.condition else ():
                    bits |= self.mates.get(name, 0)
        elif not (isinstance(node, nodes.DoNode) and way.event in FAILURES) and _answers(node, way):
            for name in written(node):
                bits |= self.bit.get(name, 0)
        return bits

    def _after(self, name: str) -> list[tuple[str, Bits]]:
        node = self.flow.nodes[name]
        return [
            (way.node, self._sets(node, way))
            for way in self.found.ways[self.flow.name, name]
            if way.kind is Kind.GO or (way.kind is Kind.CALL and any(self.found.called(way)))
        ]

    def _certain(self, given: Bits) -> dict[str, Bits]:
        """node -> variables set on every way there: the greatest solution of the meet over its ways in."""
        certain = {self.part[1]: given}
        work = [self.part[1]]
        while work:
            name = work.pop()
            for after, bits in self._after(name):
                self.found.edges_seen += 1
                now = certain[name] | bits
                if after not in certain or certain[after] & now != certain[after]:
                    certain[after] = now if after not in certain else certain[after] & now
                    work.append(after)
        return certain

    def _note(self, node: Node, variable: str, prompt: str, under: str) -> None:
        type_ = self.flow.variables[variable].type
        breaks = type_ in (ValueType.DATE, ValueType.TIME)
        heard = "the call breaks off there" if breaks else "the caller hears nothing or a zero"
        key = under or nodes.KIND_OF[type(node)]
        self.material.notes.add(
            "spoken-before-set",
            self.material.place(self.flow.name, "nodes", node.name, key),
            f"'{prompt}' says '{variable}', which nothing has set on this way to '{node.name}': {heard}.",
            f"Set '{variable}' before, ask with 'when' whether it is known, or say something else here.",
            self._way(node.name, variable),
            severity=Severity.ERROR if breaks else Severity.WARNING,
        )

    def _way(self, target: str, variable: str) -> tuple[Step, ...]:
        """The shortest way through the flow on which nothing sets `variable`."""
        bit = self.bit[variable]
        came: dict[str, tuple[str, Way]] = {}
        seen, work = {self.part[1]}, [self.part[1]]
        for name in work:
            node = self.flow.nodes[name]
            for way in self.found.ways[self.flow.name, name]:
                goes = way.kind is Kind.GO or (way.kind is Kind.CALL and any(self.found.called(way)))
                if goes and way.node not in seen and not self._sets(node, way) & bit:
                    seen.add(way.node)
                    came[way.node] = (name, way)
                    work.append(way.node)
        steps, name = [Step(self.flow.name, target)], target
        while name in came:
            name, way = came[name]
            steps.insert(0, Step(self.flow.name, name, way.event, way.times, way.by_caller))
        start = self.found.path(self.part, {**self.material.reached, self.part: self.part})
        return (*start[:-1], *steps)


def written(node: Node) -> set[str]:
    match node:
        case nodes.AskNode(into=into):
            return {into}
        case nodes.MenuNode(into=into):
            return {into} if into else set()
        case nodes.RecordNode():
            return {node.into, *([node.transcript_into] if node.transcript_into else [])}
        case nodes.DoNode(into=into) | nodes.CallNode(into=into):
            return set(into.values())
        case nodes.SetNode(values=values):
            return set(values)
    return set()


def _answers(node: Node, way: Way) -> bool:
    """Whether `way` is taken with an answer: an escalation leaves a question unanswered."""
    return not isinstance(node, nodes.WaitNode | nodes.RecordNode) or not (way.by_caller and way.event in _NO_ANSWER)


_NO_ANSWER = frozenset({"(silence)", "(not understood)", "(not valid)", "(help)"})
