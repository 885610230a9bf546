"""A graph as Mermaid text, which many editors and forges draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.drawing.lettering import shortened
from ivr.drawing.plan import WORDS, edge_words, plan_of
from ivr.figures import Figures
from ivr.graph import EdgeKind, Graph, GraphNode

_SHAPES: Mapping[str, tuple[str, str]] = {
    "say": ("(", ")"), "menu": ("{{", "}}"), "ask": ("[/", "/]"), "record": ("[/", "/]"), "do": ("[[", "]]"),
    "when": ("{", "}"), "set": ("[", "]"), "call": ("[[", "]]"), "transfer": ("[\\", "\\]"), "return": ("([", "])"),
    "hangup": ("((", "))"),
}  # fmt: skip


def mermaid(graph: Graph, figures: Figures | None = None, *, language: str, shared: bool = False) -> str:
    """Flowchart text. With `figures` each way says how often it was taken."""
    flows = [graph.flow] if graph.flow else list(graph.starts)
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart TD"]
    several = len(flows) > 1
    for number, flow in enumerate(flows):
        indent = "    " if several else "  "
        if several:
            lines.append(f"  subgraph f{number}[{_quoted(flow)}]")
        for node in graph.nodes:
            if node.flow == flow:
                opening, closing = _SHAPES[node.kind]
                lines.append(f"{indent}{names[node.id]}{opening}{_quoted(_label(node, language))}{closing}")
        if several:
            lines.append("  end")
    for flow in flows:
        lines.extend(_ways(graph, flow, figures, names, shared))
    if several:
        for edge in graph.edges:
            if edge.kind is EdgeKind.CALL:
                lines.append(f"  {names[edge.source]} ==> {names[edge.target]}")
    return "\n".join(lines) + "\n"


def _ways(graph: Graph, flow: str, figures: Figures | None, names: dict[str, str], shared: bool) -> Iterator[str]:
    plan = plan_of(graph, flow, figures, shared=shared)
    for piece in plan.pieces:
        if piece.node is None and piece.target not in names:  # an exit to a flow that is not in the picture
            names[piece.id] = f"n{len(names)}"
            yield f"  {names[piece.id]}([{_quoted('→ ' + piece.target.partition('/')[0])}])"
        elif piece.node is None:
            names[piece.id] = names[piece.target]
    for way in plan.ways:
        text = ", ".join(dict.fromkeys(filter(None, (edge_words(edge, WORDS) for edge in way.edges))))
        if way.count is not None:
            text = f"{text}: {way.count}" if text else str(way.count)
        arrow = "-.->" if way.shared else "-->"
        label = f"|{_quoted(text)}|" if text else ""
        yield f"  {names[way.source]} {arrow}{label} {names[way.target]}"


def _label(node: GraphNode, language: str) -> str:
    words = node.says.get(language) or node.detail
    return f"{node.name}: {shortened(words, 1, 24)}" if words else node.name


def _quoted(text: str) -> str:
    """A Mermaid string: its own signs and a line's end would break out of it."""
    for sign, instead in (("&", "&amp;"), ('"', "#quot;"), ("<", "&lt;"), (">", "&gt;"), ("\n", " ")):
        text = text.replace(sign, instead)
    return f'"{text}"'
