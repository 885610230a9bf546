"""In which order the boxes of each layer stand, so that few lines cross: medians up and down, then swaps."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise

Neighbours = Sequence[Sequence[int]]
SWEEPS = 24
LARGE = 4000  # boxes and bends; above that fewer sweeps, no swaps


def ordered(layers: list[list[int]], above: Neighbours, below: Neighbours) -> list[list[int]]:
    """`layers` as numbers of boxes in any order; `above` and `below`: each box's neighbours in the next layer."""
    size = sum(len(layer) for layer in layers)
    best = _walked(layers, below)
    fewest = crossings(best, below)
    now = [list(layer) for layer in best]
    quiet = 0
    for sweep in range(SWEEPS if size < LARGE else 4):
        if not fewest or quiet > 5:
            break
        down = sweep % 2 == 0
        numbers = range(1, len(now)) if down else range(len(now) - 2, -1, -1)
        for number in numbers:
            fixed, neighbours = (now[number - 1], above) if down else (now[number + 1], below)
            now[number] = _by_median(now[number], fixed, neighbours)
        if size < LARGE:
            _swap(now, above, below)
        found = crossings(now, below)
        quiet += 1
        if found < fewest:
            best, fewest, quiet = [list(layer) for layer in now], found, 0
    return best


def crossings(layers: Sequence[Sequence[int]], below: Neighbours) -> int:
    total = 0
    for upper, lower in pairwise(layers):
        place = {node: at for at, node in enumerate(lower)}
        seen: list[int] = []
        for node in upper:
            ends = sorted(place[head] for head in below[node])
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _walked(layers: list[list[int]], below: Neighbours) -> list[list[int]]:
    """The order in which a walk from the top comes to them: options keep the order they are written in."""
    layer_of = {node: number for number, layer in enumerate(layers) for node in layer}
    found: list[list[int]] = [[] for _ in layers]
    seen: set[int] = set()
    for layer in layers:
        for root in layer:
            stack = [root]
            while stack:
                node = stack.pop()
                if node in seen:
                    continue
                seen.add(node)
                found[layer_of[node]].append(node)
                stack.extend(reversed(below[node]))
    return found


def _by_median(layer: list[int], fixed: list[int], neighbours: Neighbours) -> list[int]:
    place = {node: at for at, node in enumerate(fixed)}
    medians: dict[int, float] = {}
    for node in layer:
        ends = sorted(place[end] for end in neighbours[node])
        if ends:
            middle = len(ends) // 2
            medians[node] = ends[middle] if len(ends) % 2 else (ends[middle - 1] + ends[middle]) / 2
    movable = iter(sorted(medians, key=lambda node: medians[node]))
    return [next(movable) if node in medians else node for node in layer]


def _swap(layers: list[list[int]], above: Neighbours, below: Neighbours) -> None:
    """Swaps two that stand side by side where that crosses less."""
    for number, layer in enumerate(layers):
        up = {node: at for at, node in enumerate(layers[number - 1])} if number else {}
        down = {node: at for at, node in enumerate(layers[number + 1])} if number + 1 < len(layers) else {}
        for at in range(len(layer) - 1):
            left, right = layer[at], layer[at + 1]
            kept = _pair(above[left], above[right], up) + _pair(below[left], below[right], down)
            swapped = _pair(above[right], above[left], up) + _pair(below[right], below[left], down)
            if swapped < kept:
                layer[at], layer[at + 1] = right, left


def _pair(left: Sequence[int], right: Sequence[int], place: dict[int, int]) -> int:
    return sum(place[a] > place[b] for a in left for b in right) if place else 0
