"""Boxes and lines -> where they stand: a layered drawing from top to bottom, with room for the lines' labels.

Loops are opened (`ranks`), layers are ordered so that few lines cross (`ordering`), and lines are made straight
(`columns`). Between two layers of boxes stands one of labels, so that no label lies on anything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ivr.drawing.columns import columns
from ivr.drawing.ordering import ordered
from ivr.drawing.ranks import ranks_of, without_loops

GAP = 26.0  # between boxes side by side
LINE_GAP = 12.0
LAYER_GAP = 13.0  # between a layer of boxes and one of labels, where lines run straight
BEND_GAP = 26.0  # what is added at most where lines go far aside
MARGIN = 16.0

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    id: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """From box `source` to box `target`, with a label of that size (0 for none)."""

    id: str
    source: str
    target: str
    label_width: float = 0.0
    label_height: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """`points` from source to target; between two of them the line may bend. `label`: the middle of its label."""

    points: tuple[Point, ...]
    label: Point
    back: bool = False  # it leads to a layer above, or to its own


@dataclass(frozen=True, slots=True)
class Layout:
    """`boxes`: id -> middle."""

    width: float
    height: float
    boxes: Mapping[str, Point] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)


def lay_out(boxes: Sequence[Box], lines: Sequence[Line]) -> Layout:
    """The first box is where the drawing begins. Raises KeyError for a line between boxes that are not there."""
    if not boxes:
        return Layout(2 * MARGIN, 2 * MARGIN)
    return _Drawing(boxes, lines).drawn()


class _Drawing:
    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line]) -> None:
        self.boxes = boxes
        number = {box.id: at for at, box in enumerate(boxes)}
        self.loops = [line for line in lines if line.source == line.target]
        self.lines = [line for line in lines if line.source != line.target]
        arcs = [(number[line.source], number[line.target]) for line in self.lines]
        self.turned = without_loops(len(boxes), arcs)
        self.arcs = [(b, a) if turned else (a, b) for (a, b), turned in zip(arcs, self.turned, strict=True)]
        self.widths = [box.width for box in boxes]
        self.heights = [box.height for box in boxes]
        for line in self.loops:  # room for the loop at the box's right side, kept on its left as well
            at = number[line.source]
            self.widths[at] = boxes[at].width + 2 * (24 + line.label_width)
        self.gaps = [GAP] * len(boxes)
        self.bend = [False] * len(boxes)
        self.chains: list[list[int]] = []  # for each line: its boxes and bends from top to bottom
        self.labels: list[int] = []  # for each line: the bend its label stands on
        self.layers = self._layers()

    def _layers(self) -> list[list[int]]:
        ranks = [2 * rank for rank in ranks_of(len(self.boxes), self.arcs)]
        layers: dict[int, list[int]] = defaultdict(list)
        for node, rank in enumerate(ranks):
            layers[rank].append(node)
        for line, (top, bottom), turned in zip(self.lines, self.arcs, self.turned, strict=True):
            labelled = ranks[bottom] - 1 if turned else ranks[top] + 1
            chain = [top]
            for rank in range(ranks[top] + 1, ranks[bottom]):
                bend = len(self.widths)
                here = rank == labelled
                self.widths.append(line.label_width if here else 0.0)
                self.heights.append(line.label_height if here else 0.0)
                self.gaps.append(LINE_GAP)
                self.bend.append(True)
                layers[rank].append(bend)
                chain.append(bend)
                if here:
                    self.labels.append(bend)
            self.chains.append([*chain, bottom])
        return [layers[rank] for rank in sorted(layers)]

    def drawn(self) -> Layout:
        above: list[list[int]] = [[] for _ in self.widths]
        below: list[list[int]] = [[] for _ in self.widths]
        for chain in self.chains:
            for top, bottom in pairwise(chain):
                below[top].append(bottom)
                above[bottom].append(top)
        layers = ordered(self.layers, above, below)
        x = columns(layers, above, below, self.bend, self.widths, self.gaps)
        left = min(x[node] - self.widths[node] / 2 for node in range(len(x))) - MARGIN
        x = [at - left for at in x]
        bands = self._bands(layers, x, below)
        y = [0.0] * len(x)
        band_of: list[tuple[float, float]] = [(0.0, 0.0)] * len(x)
        for layer, band in zip(layers, bands, strict=True):
            for node in layer:
                y[node] = (band[0] + band[1]) / 2
                band_of[node] = band
        routes = self._routes(x, y, band_of)
        for line in self.loops:
            routes[line.id] = self._loop(line, x, y)
        width = max(x[node] + self.widths[node] / 2 for node in range(len(x))) + MARGIN
        middles = {box.id: (x[at], y[at]) for at, box in enumerate(self.boxes)}
        return Layout(width, bands[-1][1] + MARGIN, middles, routes)

    def _bands(
        self, layers: Sequence[Sequence[int]], x: Sequence[float], below: Sequence[Sequence[int]]
    ) -> list[tuple[float, float]]:
        """Top and bottom of each layer: further apart where a line goes far to the side."""
        bands, top = [], MARGIN
        for layer in layers:
            height = max(self.heights[node] for node in layer)
            bands.append((top, top + height))
            aside = max((abs(x[node] - x[end]) for node in layer for end in below[node]), default=0.0)
            top += height + LAYER_GAP + min(BEND_GAP, aside / 10)
        return bands

    def _routes(
        self, x: Sequence[float], y: Sequence[float], band_of: Sequence[tuple[float, float]]
    ) -> dict[str, Route]:
        leaves, arrives = self._ports(x)
        routes = {}
        for number, (line, chain) in enumerate(zip(self.lines, self.chains, strict=True)):
            top, bottom = chain[0], chain[-1]
            points = [(leaves[number], y[top] + self.heights[top] / 2), (leaves[number], band_of[top][1])]
            for bend in chain[1:-1]:
                points += [(x[bend], band_of[bend][0]), (x[bend], band_of[bend][1])]
            points += [(arrives[number], band_of[bottom][0]), (arrives[number], y[bottom] - self.heights[bottom] / 2)]
            points = [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]
            turned = self.turned[number]
            label = self.labels[number]
            routes[line.id] = Route(tuple(reversed(points) if turned else points), (x[label], y[label]), turned)
        return routes

    def _ports(self, x: Sequence[float]) -> tuple[list[float], list[float]]:
        """Where each line leaves the lower side of its upper box, and reaches the upper side of its lower one."""
        leaves, arrives = [0.0] * len(self.chains), [0.0] * len(self.chains)
        for end, ports, spread in ((0, leaves, 0.7), (-1, arrives, 0.4)):
            of_box: dict[int, list[int]] = defaultdict(list)
            for number, chain in enumerate(self.chains):
                of_box[chain[end]].append(number)
            for box, numbers in of_box.items():
                beside = 1 if end == 0 else -2
                numbers.sort(key=lambda number: x[self.chains[number][beside]])
                room = min(self.boxes[box].width * spread, 34.0 * (len(numbers) - 1))
                step = room / (len(numbers) - 1) if len(numbers) > 1 else 0.0
                for at, number in enumerate(numbers):
                    ports[number] = x[box] - room / 2 + at * step
        return leaves, arrives

    def _loop(self, line: Line, x: Sequence[float], y: Sequence[float]) -> Route:
        at = next(number for number, box in enumerate(self.boxes) if box.id == line.source)
        side, height = x[at] + self.boxes[at].width / 2, self.boxes[at].height
        points = ((side, y[at] + height / 4), (side + 18, y[at]), (side, y[at] - height / 4))
        return Route(points, (side + 22 + line.label_width / 2, y[at]), True)
