"""The rows behind the figures of flows: a call's counts are added to them, and what a page or a command shows is read.

Everything is read and written by key: no statement here reads calls or turns of the past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ivr.analytics import CallCounts
from ivr.figures import COUNTED, Figures, NodeFigures
from models import Call, CallStatus, Direction, FlowEdgeCount, FlowNodeCount, FlowUnheard

UNHEARD_KEPT: Final = 50  # different texts of a node, a day and a language; those that come later are not kept

_nodes: sa.Table = FlowNodeCount.__table__  # type: ignore[assignment]
_edges: sa.Table = FlowEdgeCount.__table__  # type: ignore[assignment]
_unheard: sa.Table = FlowUnheard.__table__  # type: ignore[assignment]


def add(session: Session, call: Call, counts: CallCounts, day: date) -> None:
    """Adds what one call did. Rows are taken in the order of their keys: two that add at once never deadlock."""
    which = {"day": day, "revision_id": call.flow_revision_id, "direction": Direction(call.direction)}
    _upsert(
        session, _nodes, call.id,
        (
            {**which, "flow": flow, "node": node, "language": language}
            | {name: getattr(figures, name) for name in COUNTED}
            for (flow, node, language), figures in sorted(counts.nodes.items())
        ),
        COUNTED,
    )  # fmt: skip
    _upsert(
        session, _edges, call.id,
        (
            {**which, "flow": flow, "node": node, "language": language, "outcome": outcome, "count": count}
            for (flow, node, language, outcome), count in sorted(counts.edges.items())
        ),
        ("count",),
    )  # fmt: skip
    _add_unheard(session, call.id, counts, day)


def _add_unheard(session: Session, call_id: str, counts: CallCounts, day: date) -> None:
    kept: list[dict[str, Any]] = []
    for (flow, node, language, text), count in sorted(counts.unheard.items()):
        there = sa.select(_unheard.c.text).where(
            _unheard.c.flow == flow, _unheard.c.day == day, _unheard.c.node == node, _unheard.c.language == language
        )
        known = set(session.scalars(there.limit(UNHEARD_KEPT)))
        if text in known or len(known) + len(kept) < UNHEARD_KEPT:
            kept.append({"day": day, "flow": flow, "node": node, "language": language, "text": text, "count": count})
    _upsert(session, _unheard, call_id, kept, ("count",))


def _upsert(
    session: Session, table: sa.Table, call_id: str, rows: Iterable[Mapping[str, Any]], summed: Sequence[str]
) -> None:
    values = [{**row, "last_call_id": call_id} for row in rows]
    if not values:
        return
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    new = sqlite.insert(table) if on_sqlite else postgresql.insert(table)
    added = {name: table.c[name] + new.excluded[name] for name in summed}
    session.execute(
        new.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={**added, "last_call_id": new.excluded["last_call_id"]},
        ),
        values,
    )


# --- read


@dataclass(frozen=True, slots=True)
class Span:
    """Which counts are wanted: days from and to (both in it), of one revision or of all, of some flows."""

    first: date
    last: date
    flows: tuple[str, ...]
    revision: str | None = None


def figures_of(session: Session, span: Span, *, here: bool = False) -> Figures:
    """`here`: with the callers who are at each node now."""
    summed = _summed(_nodes, span, COUNTED, (_nodes.c.flow, _nodes.c.node))
    nodes = {f"{row[0]}/{row[1]}": _figures(row[2:]) for row in session.execute(summed)}
    keys = (_edges.c.flow, _edges.c.node, _edges.c.outcome)
    edges = {
        f"{row.flow}/{row.node}/{row.outcome}": int(row[3])
        for row in session.execute(_summed(_edges, span, ("count",), keys))
    }
    return Figures(nodes, edges, callers_here(session, span) if here else {})


def _figures(sums: Sequence[Any]) -> NodeFigures:
    """PostgreSQL sums large integers as decimals."""
    found = NodeFigures()
    for name, total in zip(COUNTED, sums, strict=True):
        setattr(found, name, float(total) if name == "confidence_sum" else int(total))
    return found


def callers_here(session: Session, span: Span) -> dict[str, int]:
    """Node -> calls in progress that stand at it. One statement, by the index on the status of calls."""
    if session.get_bind().dialect.name == "sqlite":
        flow, node = (sa.func.json_extract(Call.state, f"$.frames[#-1].{name}") for name in ("flow", "node"))
    else:
        flow, node = (sa.func.json_extract_path_text(Call.state, "frames", "-1", name) for name in ("flow", "node"))
    wanted = (
        sa.select(flow.label("flow"), node.label("node"), sa.func.count().label("callers"))
        .where(Call.status == CallStatus.IN_PROGRESS, Call.state.is_not(None))
        .group_by(flow, node)
    )
    if span.revision is not None:
        wanted = wanted.where(Call.flow_revision_id == span.revision)
    return {f"{row.flow}/{row.node}": row.callers for row in session.execute(wanted) if row.flow in span.flows}


@dataclass(frozen=True, slots=True)
class Unheard:
    text: str
    language: str
    count: int
    call_id: str


def unheard_at(session: Session, span: Span, flow: str, node: str, limit: int = 10) -> list[Unheard]:
    """What was said at a node and fitted nothing, the most frequent first."""
    total = sa.func.sum(_unheard.c.count)
    wanted = (
        sa.select(_unheard.c.text, _unheard.c.language, total.label("total"), sa.func.max(_unheard.c.last_call_id))
        .where(_unheard.c.flow == flow, _unheard.c.day.between(span.first, span.last), _unheard.c.node == node)
        .group_by(_unheard.c.text, _unheard.c.language)
        .order_by(total.desc(), _unheard.c.text)
        .limit(limit)
    )
    return [Unheard(text, language, int(count), call_id) for text, language, count, call_id in session.execute(wanted)]


def example_calls(session: Session, span: Span, flow: str, node: str, limit: int = 5) -> list[str]:
    """Ids of calls that came to a node, the newest first; one of each day, language and direction is known."""
    wanted = _where(sa.select(_nodes.c.last_call_id).distinct(), _nodes, span).where(
        _nodes.c.flow == flow, _nodes.c.node == node
    )
    return list(session.scalars(wanted.order_by(_nodes.c.last_call_id.desc()).limit(limit)))


def _summed(
    table: sa.Table, span: Span, names: Sequence[str], keys: tuple[sa.Column[Any], ...]
) -> sa.Select[*tuple[Any, ...]]:
    sums = (sa.func.sum(table.c[name]).label(name) for name in names)
    return _where(sa.select(*keys, *sums), table, span).group_by(*keys)


def _where(statement: sa.Select[Any], table: sa.Table, span: Span) -> sa.Select[Any]:
    wanted = statement.where(table.c.flow.in_(span.flows), table.c.day.between(span.first, span.last))
    return wanted if span.revision is None else wanted.where(table.c.revision_id == span.revision)
