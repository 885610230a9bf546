"""Flows as nodes and labelled edges: every way a call can take from node to node, under ids that stay.

An edge's id is `flow/node/outcome`, and the outcome is what the turns of a call tell of it (`ivr.analytics` counts
under the same): so the same way keeps its id through every revision in which its node and its outcome keep their names.

    next                 say, set                    outcome.NAME   do (the service's), transfer (how it ended)
    option.NAME          menu; a global at any wait  to.NODE        when: branches to one node are one way
    value                ask                         call, returned call: into the flow, and on after it
    recorded             record                      return, end    return; the flow ends the call
    no_input, no_match, help, invalid  escalations   hung_up        the caller leaves
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr import flow as nodes
from ivr.flow import KIND_OF, Escalation, Flow, FlowSet, Node, Option, PromptUse

_EMPTY = '""'


class EdgeKind(enum.StrEnum):
    NEXT = "next"  # the only way on
    OPTION = "option"
    GLOBAL = "global"  # an option that every wait has
    ESCALATION = "escalation"
    OUTCOME = "outcome"
    CONDITION = "condition"
    CALL = "call"
    RETURN = "return"
    END = "end"
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """`says`: language -> its prompts as written. `detail`: the service, the flow called, what is set, the number."""

    id: str  # flow/node
    flow: str
    name: str
    kind: str
    says: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """`target` is a node's id, or "" where the call is over, or goes where only the call itself knows (`back`).

    `shared`: it is written once for all flows (globals, default escalations, the fault flow). `label`: the name of an
    option or of an outcome, or a condition as written; "" where the outcome says it all.
    """

    id: str  # flow/node/outcome
    source: str
    target: str
    kind: EdgeKind
    outcome: str
    label: str = ""
    key: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """`flow` is the one drawn, or "" for all of a revision. `starts`: flow -> id of the node it begins with."""

    revision: str
    flow: str
    languages: tuple[str, ...]
    starts: Mapping[str, str]
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


def graph_of(flows: FlowSet, flow: str | None = None) -> Graph:
    """The graph of one flow (its edges may lead into others), or of all. Raises KeyError where there is no such."""
    chosen = [flows.flows[flow]] if flow else list(flows.flows.values())
    ways = _Ways(flows)
    return Graph(
        flows.revision,
        flow or "",
        flows.languages,
        {one.name: f"{one.name}/{one.start}" for one in flows.flows.values()},
        tuple(_node(flows, one, node) for one in chosen for node in one.nodes.values()),
        tuple(edge for one in chosen for node in one.nodes.values() for edge in ways.of(one, node)),
    )


def to_json(graph: Graph) -> dict[str, Any]:
    return {
        "revision": graph.revision,
        "flow": graph.flow or None,
        "starts": dict(graph.starts),
        "nodes": [
            {"id": n.id, "flow": n.flow, "name": n.name, "kind": n.kind, "says": dict(n.says), "detail": n.detail}
            for n in graph.nodes
        ],
        "edges": [
            {
                "id": e.id, "source": e.source, "target": e.target or None, "kind": e.kind.value, "outcome": e.outcome,
                "label": e.label, "key": e.key, "shared": e.shared,
            }
            for e in graph.edges
        ],
    }  # fmt: skip


def _node(flows: FlowSet, flow: Flow, node: Node) -> GraphNode:
    prompts: tuple[PromptUse, ...] = getattr(node, "prompts", ())
    says = {}
    for language in flows.languages if prompts else ():
        texts = (flows.texts(flow, use.id)[use.language or language].source for use in prompts)
        says[language] = " ".join(" ".join(text.split()) for text in texts)
    return GraphNode(f"{flow.name}/{node.name}", flow.name, node.name, KIND_OF[type(node)], says, _detail(node))


def _detail(node: Node) -> str:
    match node:
        case nodes.DoNode():
            return node.service
        case nodes.CallNode():
            return node.flow
        case nodes.TransferNode():
            return node.to.source
        case nodes.SetNode():
            return ", ".join(f"{name} = {value.source or _EMPTY}" for name, value in node.values.items())
    return ""


class _Ways:
    def __init__(self, flows: FlowSet) -> None:
        self.flows = flows

    def of(self, flow: Flow, node: Node) -> Iterator[GraphEdge]:
        source = f"{flow.name}/{node.name}"

        def edge(
            kind: EdgeKind, outcome: str, target: str, label: str = "", key: str = "", shared: bool = False
        ) -> GraphEdge:
            return GraphEdge(f"{source}/{outcome}", source, target, kind, outcome, label, key, shared)

        def here(name: str) -> str:
            return f"{flow.name}/{name}"

        def escalation(name: str, given: Escalation) -> Iterator[GraphEdge]:
            if given.next:
                yield edge(EdgeKind.ESCALATION, name, here(given.next))
            elif given.flow:
                yield edge(EdgeKind.ESCALATION, name, self.begin(given.flow), shared=True)

        match node:
            case nodes.SayNode() | nodes.SetNode():
                yield edge(EdgeKind.NEXT, "next", here(node.next))
            case nodes.MenuNode():
                for option in node.options:
                    yield edge(
                        EdgeKind.OPTION, f"option.{option.name}", here(option.next), option.name, option.key or ""
                    )
            case nodes.AskNode():
                yield edge(EdgeKind.NEXT, "value", here(node.next))
                yield from escalation("invalid", node.invalid)
            case nodes.RecordNode():
                yield edge(EdgeKind.NEXT, "recorded", here(node.next))
                yield from escalation("no_input", node.no_input)
            case nodes.DoNode():
                for outcome, target in node.outcomes.items():
                    yield edge(EdgeKind.OUTCOME, f"outcome.{outcome}", here(target), outcome)
                if "error" not in node.outcomes:
                    fault = self.begin(self.flows.fault_flow)
                    yield edge(EdgeKind.OUTCOME, "outcome.error", fault, "error", shared=True)
            case nodes.TransferNode():
                for outcome, target in node.outcomes.items():
                    yield edge(EdgeKind.OUTCOME, f"outcome.{outcome}", here(target), outcome)
            case nodes.WhenNode():
                conditions: dict[str, list[str]] = {}
                for branch in node.branches:
                    source_text = branch.condition.source if branch.condition else ""
                    conditions.setdefault(branch.next, []).append(source_text)
                for target, texts in conditions.items():
                    label = "" if "" in texts else " or ".join(texts)
                    yield edge(EdgeKind.CONDITION, f"to.{target}", here(target), label)
            case nodes.CallNode():
                yield edge(EdgeKind.CALL, "call", self.begin(node.flow), node.flow)
                yield edge(EdgeKind.NEXT, "returned", here(node.next))
            case nodes.ReturnNode():
                yield edge(EdgeKind.RETURN, "return", "")
                yield edge(EdgeKind.END, "end", "")  # where nothing called this flow
            case nodes.HangupNode():
                yield edge(EdgeKind.END, "end", "")
        if isinstance(node, nodes.MenuNode | nodes.AskNode):
            for name in ("no_input", "no_match", "help"):
                yield from escalation(name, getattr(node, name))
        if isinstance(node, nodes.MenuNode | nodes.AskNode | nodes.RecordNode):
            for option in self.flows.globals:
                if self.is_offered(option, node):
                    target = self.leads_to(option)
                    yield edge(
                        EdgeKind.GLOBAL, f"option.{option.name}", target, option.name, option.key or "", shared=True
                    )
        if isinstance(node, nodes.MenuNode | nodes.AskNode | nodes.RecordNode | nodes.TransferNode):
            yield edge(EdgeKind.HUNG_UP, "hung_up", "")

    def begin(self, flow: str) -> str:
        return f"{flow}/{self.flows.flows[flow].start}"

    def is_offered(self, option: Option, node: Node) -> bool:
        """A node's own option with the name of a global one is the one that is meant. Asking for help is no way of its
        own: it is counted, and leads somewhere, as the escalation is."""
        if option.action == "help":
            return False
        return not isinstance(node, nodes.MenuNode) or all(own.name != option.name for own in node.options)

    def leads_to(self, option: Option) -> str:
        if option.flow:
            return self.begin(option.flow)
        if option.action == "main_menu" and self.flows.main_menu:
            return "/".join(self.flows.main_menu)
        return ""
