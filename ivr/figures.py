"""Figures of flows: what callers did at each node and which ways they took. Plain numbers, added up from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ivr.graph import Graph


@dataclass(slots=True)
class NodeFigures:
    """Counts of one node. `inputs` is everything a caller did there, the four kinds that did not help among them;
    `time_ms` what callers spent at it; confidence is that of speech, as a sum and how many were summed."""

    entries: int = 0
    inputs: int = 0
    no_inputs: int = 0
    no_matches: int = 0
    helps: int = 0
    invalids: int = 0
    hang_ups: int = 0
    time_ms: int = 0
    confidence_sum: float = 0.0
    confidence_count: int = 0

    @property
    def confidence(self) -> float | None:
        return self.confidence_sum / self.confidence_count if self.confidence_count else None

    @property
    def seconds(self) -> float | None:
        """Spent at it by a caller who comes to it, on average."""
        return self.time_ms / 1000 / self.entries if self.entries else None

    @property
    def left(self) -> float:
        """Share of those who came that hung up here."""
        return self.hang_ups / self.entries if self.entries else 0.0

    @property
    def not_understood(self) -> float:
        """Share of what was said or pressed that did not fit."""
        spoken = self.inputs - self.no_inputs
        return (self.no_matches + self.invalids) / spoken if spoken > 0 else 0.0

    def add(self, other: NodeFigures) -> None:
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


COUNTED = tuple(one.name for one in fields(NodeFigures))


@dataclass(frozen=True, slots=True)
class Figures:
    """`nodes`: flow/node -> its counts; `edges`: flow/node/outcome -> how often; `here`: node -> callers now at it."""

    nodes: Mapping[str, NodeFigures] = field(default_factory=dict)
    edges: Mapping[str, int] = field(default_factory=dict)
    here: Mapping[str, int] = field(default_factory=dict)


def fitted(figures: Figures, graph: Graph) -> Figures:
    """Counts of ways that `graph` names otherwise are moved there: a late service without a way of its own took that of
    `error`, and a transfer that ended in a way without one that of `failed`."""
    known = {edge.id for edge in graph.edges}
    edges = dict(figures.edges)
    for edge_id, count in figures.edges.items():
        node, _, outcome = edge_id.rpartition("/")
        if edge_id in known or not outcome.startswith("outcome."):
            continue
        for instead in (f"{node}/outcome.error", f"{node}/outcome.failed"):
            if instead in known:
                edges[instead] = edges.get(instead, 0) + count
                del edges[edge_id]
                break
    return Figures(figures.nodes, edges, figures.here)
