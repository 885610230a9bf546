"""Which nodes of the flows, and which ways out of them, the conversations have taken, and which none of them takes.

Counted are the ways an author wrote at a node: options, values, outcomes, branches, what a silence of this very node
leads to. What every wait has by the shared file (globals, default escalations) is not asked for at each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ivr import events, outputs
from ivr.analytics import count_call
from ivr.conversations.talk import Played
from ivr.figures import Figures, fitted
from ivr.flow import FlowSet
from ivr.graph import EdgeKind, GraphEdge, graph_of
from ivr.yaml_source import Place

_CHOICES = {EdgeKind.OPTION, EdgeKind.ESCALATION, EdgeKind.OUTCOME, EdgeKind.CONDITION}
_ANSWERS = {"value", "recorded"}
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # what is counted of a call here are its ways, not how long they took


@dataclass(frozen=True, slots=True)
class Way:
    """`name` is the way out of the node as `ivr.graph` names it, or "" for the node itself."""

    flow: str
    node: str
    name: str
    place: Place

    def __str__(self) -> str:
        return f"{self.flow}/{self.node}" + (f"  {self.name}" if self.name else "")


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    flow: str
    ways: tuple[Way, ...]
    missing: tuple[Way, ...]

    @property
    def percent(self) -> float:
        return 100 * (1 - len(self.missing) / len(self.ways)) if self.ways else 100.0


@dataclass(frozen=True, slots=True)
class Coverage:
    flows: tuple[FlowCoverage, ...]

    @property
    def percent(self) -> float:
        """Of the nodes and ways of all flows together, 0..100."""
        all_ = sum(len(flow.ways) for flow in self.flows)
        return 100 * (1 - sum(len(flow.missing) for flow in self.flows) / all_) if all_ else 100.0


@dataclass(frozen=True, slots=True)
class _Row:
    """A turn as `count_call` reads it."""

    number: int
    event: dict[str, Any]
    outputs: list[dict[str, Any]]
    at: datetime = _ANY_TIME


def coverage(flows: FlowSet, calls: Iterable[Sequence[Played]]) -> Coverage:
    """`calls`: the turns of each."""
    graph = graph_of(flows)
    nodes: set[tuple[str, str]] = set()
    edges: dict[str, int] = {}
    for turns in calls:
        rows = [
            _Row(number, events.to_json(turn.event), [outputs.to_json(output) for output in turn.outputs])
            for number, turn in enumerate(turns)
        ]
        counts = count_call(rows, _ANY_TIME)
        nodes |= {(flow, node) for flow, node, _ in counts.nodes}
        edges |= {f"{flow}/{node}/{outcome}": 1 for flow, node, _, outcome in counts.edges}
    taken = fitted(Figures(edges=edges), graph).edges
    written: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        if not edge.shared and (edge.kind in _CHOICES or edge.outcome in _ANSWERS):
            written.setdefault(edge.source, []).append(edge)
    found = []
    for flow in flows.flows.values():
        ways, missing = [], []
        for node in flow.nodes.values():
            itself = Way(flow.name, node.name, "", node.place)
            ways.append(itself)
            if (flow.name, node.name) not in nodes:
                missing.append(itself)
            for edge in written.get(f"{flow.name}/{node.name}", ()):
                way = Way(flow.name, node.name, edge.outcome, node.place)
                ways.append(way)
                if edge.id not in taken:
                    missing.append(way)
        found.append(FlowCoverage(flow.name, tuple(ways), tuple(missing)))
    return Coverage(tuple(found))
