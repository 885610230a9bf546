"""Strongly connected components: the nodes that can come back to one another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

N = TypeVar("N")


def components(edges: Mapping[N, Collection[N]], among: Collection[N] | None = None) -> Iterator[list[N]]:
    """Of the graph `edges` (of its part `among`), each after those it leads to (Tarjan 1972, without recursion)."""
    within = edges.keys() if among is None else among
    number: dict[N, int] = {}
    low: dict[N, int] = {}
    stack: list[N] = []
    on_stack: set[N] = set()
    for root in within:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(edges.get(root, ())))]
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in within:
                    continue
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(edges.get(other, ()))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    yield component


def rings(edges: Mapping[N, Collection[N]], among: Collection[N] | None = None) -> Iterator[list[N]]:
    """Components with a cycle: of more than one node, or of one that leads to itself."""
    for component in components(edges, among):
        if len(component) > 1 or component[0] in edges.get(component[0], ()):
            yield component
