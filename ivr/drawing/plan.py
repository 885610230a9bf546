"""What of a flow's graph is drawn: boxes for its nodes, lines for its ways, and small exits to other flows.

Ways between the same two boxes are one line. A way into another flow ends at an exit beside its node, so that fifteen
ways to the agent are not fifteen lines across the picture, and so does one that goes far; ways that all flows share
(globals, defaults) need not be drawn at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.drawing.ranks import ranks_of, without_loops
from ivr.figures import Figures, NodeFigures
from ivr.graph import EdgeKind, Graph, GraphEdge, GraphNode

WORDS: Mapping[str, str] = {
    "no_input": "no input", "no_match": "not understood", "help": "help", "invalid": "not valid",
    "otherwise": "otherwise", "here": "here now", "left": "left", "unclear": "not understood",
    "shared": "At every wait",
    "say": "Say", "menu": "Menu", "ask": "Ask", "record": "Record", "do": "Service", "when": "Branch", "set": "Set",
    "call": "Flow called", "transfer": "Transfer", "return": "Return", "hangup": "Hang up",
    "exit": "Goes on elsewhere",
}  # fmt: skip
LONGEST_SPAN = 4  # layers
_UNDRAWN = {EdgeKind.CALL, EdgeKind.RETURN, EdgeKind.END, EdgeKind.HUNG_UP}


@dataclass(frozen=True, slots=True)
class Piece:
    """A box: a node, or an exit (`node` None) to `target`."""

    id: str
    node: GraphNode | None
    target: str = ""
    figures: NodeFigures | None = None
    here: int = 0


@dataclass(slots=True)
class Way:
    """A line: every edge between the same two boxes."""

    source: str
    target: str
    edges: list[GraphEdge] = field(default_factory=list)
    count: int | None = None

    @property
    def id(self) -> str:
        return self.edges[0].id

    @property
    def shared(self) -> bool:
        return all(edge.shared for edge in self.edges)

    @property
    def kind(self) -> EdgeKind:
        return self.edges[0].kind


@dataclass(frozen=True, slots=True)
class Plan:
    """One panel of a picture. `entry`: the flow's name stands above its first box."""

    flow: str
    pieces: tuple[Piece, ...]
    ways: tuple[Way, ...]


def plan_of(graph: Graph, flow: str, figures: Figures | None, *, shared: bool) -> Plan:
    """`shared`: with the ways that every wait has."""
    first = graph.starts[flow]
    nodes = sorted((node for node in graph.nodes if node.flow == flow), key=lambda node: node.id != first)
    pieces = [
        Piece(node.id, node, "", figures.nodes.get(node.id) if figures else None,
              figures.here.get(node.id, 0) if figures else 0)
        for node in nodes
    ]  # fmt: skip
    own = {node.id for node in nodes}
    ways: dict[tuple[str, str], Way] = {}
    for edge in graph.edges:
        if edge.source not in own or edge.kind in _UNDRAWN or not edge.target or (edge.shared and not shared):
            continue
        target = edge.target
        if edge.shared or target not in own:
            target = f"{edge.source}>{target}"
            if (edge.source, target) not in ways:
                pieces.append(Piece(target, None, edge.target))
        way = ways.setdefault((edge.source, target), Way(edge.source, target))
        way.edges.append(edge)
        if figures is not None:
            way.count = (way.count or 0) + figures.edges.get(edge.id, 0)
    return _without_long_ways(Plan(flow, tuple(pieces), tuple(ways.values())))


def _without_long_ways(plan: Plan) -> Plan:
    """A way over many layers ends at an exit beside its node, as a way into another flow does: ten lines from top to
    bottom are not followed by any eye. Each box keeps the shortest way to it."""
    number = {piece.id: at for at, piece in enumerate(plan.pieces)}
    arcs = [(number[way.source], number[way.target]) for way in plan.ways if way.source != way.target]
    turned = without_loops(len(number), arcs)
    ranks = ranks_of(len(number), [(b, a) if back else (a, b) for (a, b), back in zip(arcs, turned, strict=True)])
    span = {way.id: abs(ranks[number[way.target]] - ranks[number[way.source]]) for way in plan.ways}
    down = [way for way in plan.ways if ranks[number[way.target]] > ranks[number[way.source]]]
    shortest: dict[str, Way] = {}
    for way in sorted(down, key=lambda way: -span[way.id]):
        shortest[way.target] = way
    pieces = list(plan.pieces)
    for way in plan.ways:
        if span[way.id] > LONGEST_SPAN and shortest.get(way.target) is not way:
            exit_id = f"{way.source}>{way.target}"
            pieces.append(Piece(exit_id, None, way.target))
            way.target = exit_id
    return Plan(plan.flow, tuple(pieces), plan.ways)


def overview_of(graph: Graph) -> Plan:
    """Flows as boxes, and which of them go over into which."""
    pieces = []
    ways: dict[tuple[str, str], Way] = {}
    for flow, start in graph.starts.items():
        pieces.append(Piece(flow, None, start))
    flow_of = {node.id: node.flow for node in graph.nodes}
    for edge in graph.edges:
        target = flow_of.get(edge.target, "")
        if edge.shared or not target or target == flow_of[edge.source]:
            continue
        ways.setdefault((flow_of[edge.source], target), Way(flow_of[edge.source], target)).edges.append(edge)
    # Those that nobody calls are where calls begin: they stand first.
    called = {way.target for way in ways.values()}
    return Plan("", tuple(sorted(pieces, key=lambda piece: piece.id in called)), tuple(ways.values()))


def edge_words(edge: GraphEdge, words: Mapping[str, str]) -> str:
    """What stands on its line: "1 report", "no input", "tries < 2"."""
    if edge.kind is EdgeKind.ESCALATION:
        return words[edge.outcome]
    if edge.kind is EdgeKind.CONDITION and not edge.label:
        return words["otherwise"]
    if edge.kind in {EdgeKind.OPTION, EdgeKind.GLOBAL}:
        return f"{edge.key} {edge.label.replace('_', ' ')}".strip()
    return edge.label.replace("_", " ") if edge.kind is EdgeKind.OUTCOME else edge.label
