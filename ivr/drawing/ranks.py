"""On which layer each box of a layered drawing stands: loops are opened, then the longest way decides."""

from __future__ import annotations

from collections.abc import Sequence

Arc = tuple[int, int]


def without_loops(count: int, arcs: Sequence[Arc], start: int = 0) -> list[bool]:
    """For each arc, whether it must be turned round so that none is left that leads back.

    Walks deep first from `start`, then from what that did not reach; an arc to where the walk has come through
    leads back.
    """
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, (tail, _) in enumerate(arcs):
        leaving[tail].append(number)
    turned = [False] * len(arcs)
    fresh, under_way, done = 0, 1, 2
    state = [fresh] * count
    for root in (start, *range(count)) if count else ():
        if state[root] != fresh:
            continue
        state[root] = under_way
        stack = [(root, iter(leaving[root]))]
        while stack:
            node, ahead = stack[-1]
            number = next(ahead, -1)
            if number < 0:
                state[node] = done
                stack.pop()
                continue
            head = arcs[number][1]
            if state[head] == under_way:
                turned[number] = True
            elif state[head] == fresh:
                state[head] = under_way
                stack.append((head, iter(leaving[head])))
    return turned


def ranks_of(count: int, arcs: Sequence[Arc]) -> list[int]:
    """Layers from 0 down: each box below all that lead to it, and no further up than shortens its lines.

    `arcs` must be without loops.
    """
    below: list[list[int]] = [[] for _ in range(count)]
    above: list[list[int]] = [[] for _ in range(count)]
    for tail, head in arcs:
        below[tail].append(head)
        above[head].append(tail)
    ranks = [0] * count
    waiting = [len(heads) for heads in above]
    order = [node for node in range(count) if not waiting[node]]
    for node in order:
        for head in below[node]:
            ranks[head] = max(ranks[head], ranks[node] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                order.append(head)
    for node in reversed(order):
        if below[node] and len(below[node]) > len(above[node]):
            ranks[node] = min(ranks[head] for head in below[node]) - 1
    lowest = min(ranks, default=0)
    return [rank - lowest for rank in ranks]
