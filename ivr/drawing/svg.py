"""A graph as SVG: text is text, every box has a title, and its look is CSS that knows light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import sqrt
from pathlib import Path

from ivr.drawing.layered import Box, Layout, Line, Route, lay_out
from ivr.drawing.lettering import shortened, width, wrapped
from ivr.drawing.plan import WORDS, Piece, Plan, Way, edge_words, overview_of, plan_of
from ivr.drawing.shapes import PADDING, shape
from ivr.figures import Figures, fitted
from ivr.graph import Graph

STYLE = (Path(__file__).parent / "flow.css").read_text(encoding="utf-8")
_NAME, _TEXT, _LABEL = 13.0, 12.0, 11.5  # sizes as in flow.css
_LONGEST, _LONGEST_LABEL = 210.0, 190.0
_LINE_STEP, _LABEL_STEP = 15.0, 14.0
_COUNT_ROOM = 34.0  # kept for a count, so that the picture stays where it is while counts grow
_THICKEST = 7.0
_WAITING = {"menu", "ask", "record", "transfer"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is made: the prompts' language, what our own words are, where boxes lead, which one is picked."""

    language: str
    words: Mapping[str, str] = field(default_factory=lambda: WORDS)
    link: Callable[[str], str] | None = None  # id of a node -> address
    picked: str = ""
    shared: bool = False  # draw what every wait has as well
    style: bool = True  # with the style sheet inside; a page has it already


def svg(graph: Graph, look: Look, figures: Figures | None = None) -> str:
    """The picture of one flow; of all flows when the graph is of all: how they call each other, then each one."""
    figures = None if figures is None else fitted(figures, graph)
    most = max(figures.edges.values(), default=0) if figures else 0
    plans = [] if graph.flow else [overview_of(graph)]
    plans += [
        plan_of(graph, flow, figures, shared=look.shared) for flow in ([graph.flow] if graph.flow else graph.starts)
    ]
    panels = [_Panel(plan, graph, look, most, counted=figures is not None) for plan in plans]
    across = max([panel.layout.width for panel in panels] + [640.0])
    parts, top = [], 0.0
    for panel in panels:
        if panel.plan.flow and len(panels) > 1:
            parts.append(f'<path class="fg-frame" d="M0 {top:.1f}H{across:.1f}"/>')
        if len(panels) > 1 and panel.plan.flow:
            parts.append(f'<text class="fg-title" x="16" y="{top + 26:.1f}">{escape(panel.plan.flow)}</text>')
            top += 28
        parts.append(f'<g transform="translate(0 {top:.1f})">')
        parts.extend(panel.drawn())
        parts.append("</g>")
        top += panel.layout.height + 8
    legend, height = _legend(look, across, top)
    parts.extend(legend)
    title = graph.flow or ", ".join(graph.starts)
    about = f"{len(graph.nodes)} · {len(graph.edges)}"
    style = f"<style>{STYLE}</style>" if look.style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow-graph" role="graphics-document" '
        f'aria-label="{escape(title)}" width="{across:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {across:.0f} {height:.0f}" lang="{escape(look.language)}">'
        f"{style}<title>{escape(title)}</title><desc>{escape(about)}</desc>{''.join(parts)}</svg>\n"
    )


class _Panel:
    def __init__(self, plan: Plan, graph: Graph, look: Look, most: int, *, counted: bool) -> None:
        self.plan, self.graph, self.look, self.most, self.counted = plan, graph, look, most, counted
        unclear = f"00,000 · {look.words['left']} 00% · {look.words['unclear']} 00%"
        self._room = width(unclear, _LABEL)  # whatever the figures become, the box fits
        self.first = plan.pieces[0].id if plan.pieces else ""
        self.words = {piece.id: self._words(piece) for piece in plan.pieces}
        self.labels = {way.id: self._label(way) for way in plan.ways}
        self.layout: Layout = lay_out(
            [Box(piece.id, *self._size(piece)) for piece in plan.pieces],
            [Line(way.id, way.source, way.target, *self._label_size(way)) for way in plan.ways],
        )

    # --- what stands where

    def _words(self, piece: Piece) -> list[str]:
        if piece.node is None:
            return []
        says = piece.node.says.get(self.look.language, "")
        if says:
            return wrapped(says, _TEXT, _LONGEST, 2)
        return [shortened(piece.node.detail, _TEXT, _LONGEST)] if piece.node.detail else []

    def _name(self, piece: Piece) -> str:
        if piece.node is not None:
            return shortened(piece.node.name.replace("_", " "), _NAME, _LONGEST)
        flow, _, node = piece.target.partition("/")
        if not self.plan.flow:
            return flow
        start = self.graph.starts.get(flow) == piece.target
        return f"→ {flow if start and flow != self.plan.flow else node}".replace("_", " ")

    def _kind(self, piece: Piece) -> str:
        return piece.node.kind if piece.node else "exit" if self.plan.flow else "call"

    def _size(self, piece: Piece) -> tuple[float, float]:
        words = self.words[piece.id]
        across = max([width(self._name(piece), _NAME) * 1.06, *(width(line, _TEXT) for line in words)])
        lines = 1 + len(words)
        if self.counted and piece.node is not None:
            across, lines = max(across, 40.0 if piece.node.kind not in _WAITING else self._room), lines + 1
        kind = self._kind(piece)
        smallest = 60.0 if kind == "exit" else 96.0
        return max(smallest, across + 2 * PADDING.get(kind, 14)), lines * _LINE_STEP + (10 if kind == "exit" else 16)

    def _label(self, way: Way) -> list[str]:
        texts = [edge_words(edge, self.look.words) for edge in way.edges] if self.plan.flow else []
        texts = [text for text in dict.fromkeys(texts) if text]
        if way.shared and len(texts) > 2:
            texts = [self.look.words["shared"]]
        lines = [shortened(text, _LABEL, _LONGEST_LABEL) for text in texts[:4]]
        return [*lines[:3], "…"] if len(texts) > 4 else lines

    def _label_size(self, way: Way) -> tuple[float, float]:
        lines = self.labels[way.id]
        across = max([0.0, *(width(line, _LABEL) for line in lines)])
        if way.count is not None:
            return across + _COUNT_ROOM, max(1, len(lines)) * _LABEL_STEP
        return (across + 6 if across else 0.0), len(lines) * _LABEL_STEP

    # --- drawn

    def drawn(self) -> Iterator[str]:
        for way in self.plan.ways:
            yield from self._line(way, self.layout.routes[way.id])
        for way in self.plan.ways:
            yield from self._label_at(way, *self.layout.routes[way.id].label)
        for piece in self.plan.pieces:
            yield from self._piece(piece, *self.layout.boxes[piece.id])

    def _classes(self, way: Way) -> str:
        route = self.layout.routes[way.id]
        marks = ["fg-way", "fg-shared" if way.shared else "", "fg-back" if route.back else ""]
        if way.count is not None:
            marks.append("fg-taken" if way.count else "fg-never")
        return " ".join(filter(None, marks))

    def _thickness(self, way: Way) -> float:
        return 1.4 if not way.count or not self.most else 1.4 + (_THICKEST - 1.4) * sqrt(way.count / self.most)

    def _line(self, way: Way, route: Route) -> Iterator[str]:
        thick = self._thickness(way)
        length = 6 + 1.2 * thick
        points = list(route.points)
        end, before = points[-1], points[-2]
        sideways = abs(end[0] - before[0]) > abs(end[1] - before[1]) and way.source == way.target
        if sideways:
            points[-1] = (end[0] + length, end[1])
            head = ((end[0], end[1]), (end[0] + length, end[1] - length / 2), (end[0] + length, end[1] + length / 2))
        else:
            towards = 1 if end[1] >= before[1] else -1
            points[-1] = (end[0], end[1] - towards * length)
            base = end[1] - towards * length
            head = ((end[0], end[1]), (end[0] - length / 2, base), (end[0] + length / 2, base))
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in head)
        yield (
            f'<g class="{self._classes(way)}"><path class="fg-line" stroke-width="{thick:.1f}" d="{_curve(points)}"/>'
            f'<polygon class="fg-head" points="{corners}"/></g>'
        )

    def _label_at(self, way: Way, x: float, y: float) -> Iterator[str]:
        lines = self.labels[way.id]
        if not lines and way.count is None:
            return
        top = y - (max(1, len(lines)) - 1) * _LABEL_STEP / 2 + 4
        rows = []
        for number, text in enumerate(lines or [""]):
            last = number == max(1, len(lines)) - 1
            count = f' <tspan class="fg-count">{way.count:,}</tspan>' if last and way.count is not None else ""
            key = next((one.key for one in way.edges if one.key and text.startswith(f"{one.key} ")), "")
            if key:
                shown = f'<tspan class="fg-key">{escape(key)}</tspan> {escape(text[len(key) + 1 :])}'
            else:
                shown = escape(text)
            rows.append(f'<tspan x="{x:.1f}" y="{top + number * _LABEL_STEP:.1f}">{shown}{count}</tspan>')
        whole = "; ".join(edge_words(edge, self.look.words) or edge.outcome for edge in way.edges)
        yield (
            f'<g class="{self._classes(way)}"><title>{escape(whole)}</title>'
            f'<text class="fg-label" text-anchor="middle">{"".join(rows)}</text></g>'
        )

    def _piece(self, piece: Piece, x: float, y: float) -> Iterator[str]:
        kind = self._kind(piece)
        across, high = self._size(piece)
        marks = f"fg-node fg-{kind}"
        if piece.id == self.first and piece.node is not None:
            marks += " fg-first"
        if self.look.picked and piece.id == self.look.picked:
            marks += " fg-picked"
        top = y - high / 2 + (18 if kind != "exit" else 16)
        inside = [f"<title>{escape(self._told(piece))}</title>", shape(kind, x, y, across, high)]
        inside.append(_text("fg-name", x, top, self._name(piece)))
        for number, line in enumerate(self.words[piece.id], start=1):
            inside.append(_text("fg-words", x, top + number * _LINE_STEP, line))
        if self.counted and piece.node is not None:
            inside.append(self._figures(piece, x, top + (1 + len(self.words[piece.id])) * _LINE_STEP))
        if piece.here:
            inside.append(self._here(piece, x + across / 2, y - high / 2))
        drawn = f'<g class="{marks}" role="graphics-symbol">{"".join(inside)}</g>'
        leads_to = piece.id if piece.node else piece.target
        if self.look.link is not None:
            drawn = f'<a href="{escape(self.look.link(leads_to))}" id="fg:{escape(piece.id)}">{drawn}</a>'
        yield drawn

    def _figures(self, piece: Piece, x: float, y: float) -> str:
        found = piece.figures
        if found is None or not found.entries:
            return _text("fg-figures fg-words", x, y, "0")
        texts = [f"<tspan>{found.entries:,}</tspan>"]
        words = self.look.words
        if found.hang_ups:
            texts.append(f'<tspan class="{_alarm(found.left)}">{escape(words["left"])} {found.left:.0%}</tspan>')
        if found.no_matches + found.invalids:
            share = found.not_understood
            texts.append(f'<tspan class="{_alarm(share)}">{escape(words["unclear"])} {share:.0%}</tspan>')
        return f'<text class="fg-figures" text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{" · ".join(texts)}</text>'

    def _here(self, piece: Piece, x: float, y: float) -> str:
        text = f"{piece.here:,}"
        wide = max(20.0, width(text, 11) + 12)
        return (
            f'<rect class="fg-here" x="{x - wide + 6:.1f}" y="{y - 9:.1f}" width="{wide:.1f}" height="18" rx="9"/>'
            f'<text class="fg-here-text" text-anchor="middle" x="{x - wide / 2 + 6:.1f}" y="{y + 4:.1f}">{text}</text>'
        )

    def _told(self, piece: Piece) -> str:
        """All of it, for the pointer and for who cannot see the picture."""
        words = self.look.words
        if piece.node is None:
            return f"{words['exit'] if self.plan.flow else words['call']}: {piece.target}"
        node = piece.node
        told = [f"{words[node.kind]} {node.name}"]
        told += [text for text in (node.detail, node.says.get(self.look.language, "")) if text]
        if piece.here:
            told.append(f"{words['here']}: {piece.here}")
        return "\n".join(told)


def _alarm(share: float) -> str:
    return "fg-bad" if share >= 0.1 else ""


def _text(classes: str, x: float, y: float, text: str) -> str:
    return f'<text class="{classes}" text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _curve(points: Sequence[tuple[float, float]]) -> str:
    x0, y0 = points[0]
    written = [f"M{x0:.1f} {y0:.1f}"]
    for x, y in points[1:]:
        if abs(x - x0) < 0.5:
            written.append(f"L{x:.1f} {y:.1f}")
        else:
            middle = (y0 + y) / 2
            written.append(f"C{x0:.1f} {middle:.1f} {x:.1f} {middle:.1f} {x:.1f} {y:.1f}")
        x0, y0 = x, y
    return "".join(written)


def _legend(look: Look, across: float, top: float) -> tuple[list[str], float]:
    kinds = ("say", "menu", "ask", "record", "do", "when", "set", "call", "transfer", "return", "hangup", "exit")
    parts, x, y = [], 16.0, top + 20
    for kind in kinds:
        text = look.words[kind]
        room = 34 + width(text, _TEXT) + 18
        if x + room > across:
            x, y = 16.0, y + 24
        parts.append(f'<g class="fg-node fg-{kind}">{shape(kind, x + 13, y, 26, 14)}</g>')
        parts.append(f'<text class="fg-words" x="{x + 34:.1f}" y="{y + 4:.1f}">{escape(text)}</text>')
        x += room
    return parts, y + 24
