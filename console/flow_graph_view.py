"""What the page of a flow's graph shows, as plain values: the same figures for the picture and for the tables."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from console.flow_words import way_words
from ivr.figures import Figures, NodeFigures, fitted
from ivr.flow import FlowSet
from ivr.flow_counts import Span, Unheard, example_calls, figures_of, unheard_at
from ivr.graph import EdgeKind, Graph, GraphEdge, GraphNode, graph_of
from models import FlowRevision

REVISIONS_SHOWN: Final = 30
RowT = TypeVar("RowT")


class Period(enum.StrEnum):
    TODAY = "today"
    WEEK = "7d"
    MONTH = "30d"

    def first(self, today: date) -> date:
        return today - timedelta(days={"today": 0, "7d": 6, "30d": 29}[self.value])


@dataclass(frozen=True, slots=True)
class Asked:
    """`revision` "": the flows as they are now, with the counts of all revisions. `sort`, `ways`: a column, "-" before
    it for the largest first."""

    flow: str
    period: Period = Period.TODAY
    revision: str = ""
    node: str = ""
    sort: str = ""
    ways: str = ""
    size: str = ""  # fit: the whole picture in its frame

    def arguments(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class NodeRow:
    name: str
    kind: str  # "" of a node that is not in this revision
    figures: NodeFigures
    here: int


@dataclass(frozen=True, slots=True)
class WayRow:
    node: str
    words: str
    target: str  # flow/node, or ""
    count: int
    share: float  # of those who came to the node
    shared: bool


@dataclass(frozen=True, slots=True)
class Picked:
    """The node that is looked at."""

    node: GraphNode
    row: NodeRow
    ways: tuple[WayRow, ...]
    unheard: tuple[Unheard, ...]
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GraphView:
    asked: Asked
    language: str
    flow_names: tuple[str, ...]
    revisions: tuple[tuple[str, datetime], ...]
    nodes: tuple[NodeRow, ...]
    ways: tuple[WayRow, ...]
    picked: Picked | None
    figures: Figures = field(repr=False)  # what is left out of repr is told by the rows
    flows: FlowSet = field(repr=False)
    revision_drawn: str = ""


def view_of(rows: Session, flows: FlowSet, asked: Asked, now: datetime, zone: str, page_language: str) -> GraphView:
    """Everything by key: counts of one flow and some days, and one look at the calls in progress."""
    today = now.astimezone(ZoneInfo(zone)).date()
    span = Span(asked.period.first(today), today, (asked.flow,), asked.revision or None)
    graph = graph_of(flows, asked.flow)
    figures = fitted(figures_of(rows, span, here=True), graph)
    language = page_language if page_language in flows.languages else flows.languages[0]
    nodes = _node_rows(graph, figures)
    ways = _way_rows(graph, figures)
    picked = next((node for node in graph.nodes if node.name == asked.node), None) if asked.node else None
    return GraphView(
        asked=asked,
        language=language,
        flow_names=tuple(sorted(flows.flows)),
        revisions=_revisions(rows),
        nodes=tuple(_sorted(nodes, NODE_COLUMNS, asked.sort)),
        ways=tuple(_sorted([way for way in ways if way.count], WAY_COLUMNS, asked.ways or "-count")),
        picked=_picked(rows, span, picked, nodes, ways) if picked else None,
        figures=figures,
        flows=flows,
        revision_drawn=flows.revision,
    )


def _revisions(rows: Session) -> tuple[tuple[str, datetime], ...]:
    newest = sa.select(FlowRevision.id, FlowRevision.published_at).order_by(FlowRevision.published_at.desc())
    return tuple((row.id, row.published_at) for row in rows.execute(newest.limit(REVISIONS_SHOWN)))


NODE_COLUMNS: dict[str, Callable[[NodeRow], Any]] = {
    "node": lambda row: row.name,
    "came": lambda row: row.figures.entries,
    "left": lambda row: row.figures.left,
    "unclear": lambda row: row.figures.not_understood,
    "silent": lambda row: row.figures.no_inputs,
    "help": lambda row: row.figures.helps,
    "confidence": lambda row: row.figures.confidence or 0.0,
    "time": lambda row: row.figures.seconds or 0.0,
    "here": lambda row: row.here,
}
WAY_COLUMNS: dict[str, Callable[[WayRow], Any]] = {
    "from": lambda row: row.node,
    "way": lambda row: row.words,
    "to": lambda row: row.target,
    "count": lambda row: row.count,
    "share": lambda row: row.share,
}


def _sorted(rows: list[RowT], columns: dict[str, Callable[[RowT], Any]], wish: str) -> list[RowT]:
    """Rows that are equal, or all when the column is none, stay in the order of the flow."""
    column = columns.get(wish.removeprefix("-"))
    return rows if column is None else sorted(rows, key=column, reverse=wish.startswith("-"))


def _node_rows(graph: Graph, figures: Figures) -> list[NodeRow]:
    rows = [
        NodeRow(node.name, node.kind, figures.nodes.get(node.id, NodeFigures()), figures.here.get(node.id, 0))
        for node in graph.nodes
    ]
    known = {node.id for node in graph.nodes}
    gone = sorted(set(figures.nodes) - known)
    return rows + [NodeRow(node.partition("/")[2], "", figures.nodes[node], figures.here.get(node, 0)) for node in gone]


def _way_rows(graph: Graph, figures: Figures) -> list[WayRow]:
    def row(edge: GraphEdge | None, edge_id: str) -> WayRow:
        node, _slash, outcome = edge_id.rpartition("/")
        count, came = figures.edges.get(edge_id, 0), figures.nodes.get(node, NodeFigures()).entries
        return WayRow(
            node.partition("/")[2], way_words(edge, outcome), edge.target if edge else "", count,
            count / came if came else 0.0, edge.shared if edge else False,
        )  # fmt: skip

    # A flow that nobody called ends where it would return: not two ways for a reader until it was taken.
    shown = [edge for edge in graph.edges if edge.kind is not EdgeKind.END or figures.edges.get(edge.id)]
    known = {edge.id for edge in graph.edges}
    return [row(edge, edge.id) for edge in shown] + [row(None, one) for one in sorted(set(figures.edges) - known)]


def _picked(rows: Session, span: Span, node: GraphNode, nodes: list[NodeRow], ways: list[WayRow]) -> Picked:
    return Picked(
        node,
        next(row for row in nodes if row.name == node.name),
        tuple(sorted((way for way in ways if way.node == node.name), key=lambda way: -way.count)),
        tuple(unheard_at(rows, span, node.flow, node.name)),
        tuple(example_calls(rows, span, node.flow, node.name)),
    )
