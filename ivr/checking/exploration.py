"""Which nodes a call can come to, and the shortest way there, over all outcomes and through calls of flows.

A call of a flow is not followed anew from every caller: a flow has one summary, the shortest way from its start to a
`return` (none: it never comes back). Summaries and the ways inside all flows are found together in one pass in order of
length, as in Knuth's generalisation of Dijkstra's algorithm (Information Processing Letters 6, 1977); a second pass
finds the flows a call comes to.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ivr.checking.finding import Step
from ivr.checking.ways import Kind, NodeId, Way, ways
from ivr.flow import FlowSet

LONGEST_PATH = 40  # steps shown
DEEPEST = 3  # flows called by flows that are shown from inside on a way through them


@dataclass(frozen=True, slots=True)
class _Came:
    """How a node is come to inside a flow: over `way` from `node`; `through`: by way of a flow that returns."""

    node: str
    way: Way
    through: NodeId | None = None


@dataclass(slots=True)
class Exploration:
    """Made by `explore`. A part is a flow begun at one node (its start, or the main menu): (flow, node)."""

    flows: FlowSet
    ways: dict[NodeId, tuple[Way, ...]]
    entries: Mapping[str, str]
    length: dict[NodeId, dict[str, int]] = field(default_factory=dict)  # part -> node -> cost from its beginning
    came: dict[NodeId, dict[str, _Came]] = field(default_factory=dict)
    returns: dict[NodeId, tuple[int, str]] = field(default_factory=dict)  # part -> cost and node of the nearest return
    begun: dict[NodeId, int] = field(default_factory=dict)  # parts a call comes to -> cost
    begun_from: dict[NodeId, tuple[NodeId, str, Way]] = field(default_factory=dict)
    edges_seen: int = 0

    @property
    def reached(self) -> dict[NodeId, NodeId]:
        """Every node a call can come to -> the part it is nearest in."""
        best: dict[NodeId, tuple[int, NodeId]] = {}
        for part, cost in self.begun.items():
            for node, length in self.length[part].items():
                found = (cost + length, part)
                best[part[0], node] = min(best.get((part[0], node), found), found)
        return {node: part for node, (_, part) in best.items()}

    def distance(self, node: NodeId, reached: Mapping[NodeId, NodeId]) -> int:
        """From the beginning of a call to a node that is reached."""
        part = reached[node]
        return self.begun[part] + self.length[part][node[1]]

    def targets(self, way: Way) -> Iterator[NodeId]:
        """Where a LEAVE or CALL goes: with storm mode off, and on."""
        if way.kind is Kind.LEAVE and way.node:
            yield (way.flow, way.node)
            return
        for name in (way.flow, self.flows.storm.get(way.flow, "")):
            if name in self.flows.flows:
                yield (name, self.flows.flows[name].start)

    def called(self, way: Way) -> Iterator[NodeId]:
        return (part for part in self.targets(way) if part in self.returns)

    def path(self, node: NodeId, reached: Mapping[NodeId, NodeId]) -> tuple[Step, ...]:
        """The shortest way from the beginning of a call to `node`, that node last; empty where there is none."""
        part = reached.get(node)
        if part is None:
            return ()
        steps: list[Step] = []
        for before, at, way in self._beginnings(part):
            steps += [*self._inside(before, at), Step(before[0], at, way.event, way.times, way.by_caller)]
        steps += [*self._inside(part, node[1]), Step(*node)]
        return tuple(steps if len(steps) <= LONGEST_PATH else [*steps[:5], Step("", "..."), *steps[5 - LONGEST_PATH :]])

    def _beginnings(self, part: NodeId) -> list[tuple[NodeId, str, Way]]:
        found = []
        while part in self.begun_from:
            found.append(self.begun_from[part])
            part = found[-1][0]
        return found[::-1]

    def _inside(self, part: NodeId, node: str, depth: int = 0) -> list[Step]:
        """From the beginning of `part` to `node`, that node left out."""
        steps: list[Step] = []  # the last one first
        while (came := self.came[part].get(node)) is not None:
            if came.through is not None and depth < DEEPEST:
                last = self.returns[came.through][1]
                steps.append(Step(came.through[0], last, "returns"))
                steps += self._inside(came.through, last, depth + 1)[::-1]
            steps.append(Step(part[0], came.node, came.way.event, came.way.times, came.way.by_caller))
            node = came.node
        return steps[::-1]


def explore(flows: FlowSet, entries: Mapping[str, str]) -> Exploration:
    """`entries`: flow -> why a call may begin with it. Names that are no flow are left out."""
    every = {(flow.name, name): ways(flows, node) for flow in flows.flows.values() for name, node in flow.nodes.items()}
    found = Exploration(flows, every, {name: why for name, why in entries.items() if name in flows.flows})
    parts = [(flow.name, flow.start) for flow in flows.flows.values() if flow.start in flow.nodes]
    if flows.main_menu and flows.main_menu not in parts and flows.main_menu in every:
        parts.append(flows.main_menu)
    _inside_all(found, parts)
    _from_the_beginning(found)
    return found


def _inside_all(found: Exploration, parts: Iterable[NodeId]) -> None:
    callers: dict[NodeId, list[tuple[NodeId, str, Way]]] = defaultdict(list)
    heap: list[tuple[int, int, NodeId, str, _Came | None]] = []
    order = 0

    def push(cost: int, part: NodeId, node: str, came: _Came | None) -> None:
        nonlocal order
        order += 1
        if node not in found.length[part]:
            heapq.heappush(heap, (cost, order, part, node, came))

    for part in parts:
        found.length[part], found.came[part] = {}, {}
        push(0, part, part[1], None)
    while heap:
        cost, _, part, node, came = heapq.heappop(heap)
        if node in found.length[part]:
            continue
        found.length[part][node] = cost
        if came is not None:
            found.came[part][node] = came
        for way in found.ways[part[0], node]:
            found.edges_seen += 1
            if way.kind is Kind.GO:
                push(cost + way.cost, part, way.node, _Came(node, way))
            elif way.kind is Kind.CALL:
                for callee in found.targets(way):
                    callers[callee].append((part, node, way))
                    if callee in found.returns:
                        push(cost + way.cost + found.returns[callee][0], part, way.node, _Came(node, way, callee))
            elif way.kind is Kind.RETURN and part not in found.returns:
                found.returns[part] = (cost, node)
                for caller, at, call in callers[part]:
                    push(found.length[caller][at] + call.cost + cost, caller, call.node, _Came(at, call, part))


def _from_the_beginning(found: Exploration) -> None:
    heap: list[tuple[int, int, NodeId, tuple[NodeId, str, Way] | None]] = []
    for order, name in enumerate(found.entries):
        heapq.heappush(heap, (0, order, (name, found.flows.flows[name].start), None))
    order = len(heap)
    while heap:
        cost, _, part, came = heapq.heappop(heap)
        if part in found.begun or part not in found.length:
            continue
        found.begun[part] = cost
        if came is not None:
            found.begun_from[part] = came
        for node, length in found.length[part].items():
            for way in found.ways[part[0], node]:
                found.edges_seen += 1
                if way.kind not in (Kind.LEAVE, Kind.CALL):
                    continue
                for target in found.targets(way):
                    if target not in found.begun:
                        order += 1
                        heapq.heappush(heap, (cost + length + way.cost, order, target, (part, node, way)))
