"""Where each box stands from left to right, so that lines are straight: Brandes and Koepf's four alignments.

U. Brandes, B. Koepf, "Fast and Simple Horizontal Coordinate Assignment", 2001. The blocks are set by their longest
way instead of the paper's classes, which go wrong where blocks of different widths meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

Neighbours = Sequence[Sequence[int]]


def columns(
    layers: list[list[int]],
    above: Neighbours,
    below: Neighbours,
    bend: Sequence[bool],
    widths: Sequence[float],
    gaps: Sequence[float],
) -> list[float]:
    """The middle of each box. `bend`: it is only a bend of a line; `gaps`: room kept on both sides of each."""
    conflicts = _conflicts(layers, above, bend)
    found: list[dict[int, float]] = []
    for upwards in (False, True):
        for leftwards in (False, True):
            turned = [list(reversed(layer)) if leftwards else layer for layer in layers]
            if upwards:
                turned.reverse()
            roots = _aligned(turned, below if upwards else above, conflicts)
            at = _set_apart(turned, roots, widths, gaps)
            found.append({node: -x for node, x in at.items()} if leftwards else at)
    narrowest = min(found, key=lambda at: max(at.values(), default=0.0) - min(at.values(), default=0.0))
    low, high = min(narrowest.values(), default=0.0), max(narrowest.values(), default=0.0)
    for number, at in enumerate(found):
        shift = high - max(at.values(), default=0.0) if number % 2 else low - min(at.values(), default=0.0)
        for node in at:
            at[node] += shift
    return [sum(sorted(at[node] for at in found)[1:3]) / 2 for node in range(len(widths))]


def _conflicts(layers: list[list[int]], above: Neighbours, bend: Sequence[bool]) -> set[tuple[int, int]]:
    """Lines that cross a long line between two of its bends: the long one stays straight."""
    found: set[tuple[int, int]] = set()
    for upper, lower in pairwise(layers):
        place = {node: at for at, node in enumerate(upper)}
        left = scanned = 0
        for at, node in enumerate(lower):
            inner = next((end for end in above[node] if bend[end]), None) if bend[node] else None
            if inner is None and at + 1 < len(lower):
                continue
            right = place[inner] if inner is not None else len(upper) - 1
            while scanned <= at:
                tail = lower[scanned]
                for end in above[tail]:
                    if not left <= place[end] <= right and not (bend[end] and bend[tail]):
                        found.add((end, tail))
                scanned += 1
            left = right
    return found


def _aligned(layers: list[list[int]], towards: Neighbours, conflicts: set[tuple[int, int]]) -> dict[int, int]:
    """node -> root of the block it belongs to: what stands in one line."""
    place = {node: at for layer in layers for at, node in enumerate(layer)}
    roots = {node: node for node in place}
    taken: set[int] = set()
    for layer in layers:
        furthest = -1
        for node in layer:
            ends = sorted(towards[node], key=lambda end: place[end])
            middles = ends[(len(ends) - 1) // 2 : len(ends) // 2 + 1]
            for end in middles:
                if end in taken or place[end] <= furthest or {(node, end), (end, node)} & conflicts:
                    continue
                roots[node] = roots[end]
                taken.add(end)
                furthest = place[end]
                break
    return roots


def _set_apart(
    layers: list[list[int]], roots: dict[int, int], widths: Sequence[float], gaps: Sequence[float]
) -> dict[int, float]:
    """Every block as far left as it can, then as far right as its right neighbours let it."""
    after: dict[int, dict[int, float]] = defaultdict(dict)
    before: dict[int, set[int]] = defaultdict(set)
    for layer in layers:
        for left, right in pairwise(layer):
            a, b = roots[left], roots[right]
            apart = (widths[left] + widths[right]) / 2 + max(gaps[left], gaps[right])
            after[a][b] = max(after[a].get(b, 0.0), apart)
            before[b].add(a)
    blocks = sorted(set(roots.values()))
    waiting = {block: len(before[block]) for block in blocks}
    order = [block for block in blocks if not waiting[block]]
    at = dict.fromkeys(blocks, 0.0)
    for block in order:
        for right, apart in after[block].items():
            at[right] = max(at[right], at[block] + apart)
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    for block in reversed(order):
        if after[block]:
            at[block] = max(at[block], min(at[right] - apart for right, apart in after[block].items()))
    return {node: at[root] for node, root in roots.items()}
