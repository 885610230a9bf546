"""Cycles that nothing limits: run through without a wait, gone round for ever by a silent caller, calls in a ring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from ivr.checking.components import rings
from ivr.checking.counters import Counter, counters
from ivr.checking.escalated import after_escalation
from ivr.checking.exploration import Exploration
from ivr.checking.finding import Step
from ivr.checking.material import Material, listed
from ivr.checking.ways import Cause, Kind, NodeId, Way
from ivr.flow import AskNode, MenuNode, RecordNode, TransferNode

Edges = dict[NodeId, dict[NodeId, Way]]
_WAITS = (MenuNode, AskNode, RecordNode)
_WHO = {
    "(silence)": "says nothing",
    "(not understood)": "is never understood",
    "(not valid)": "never gives a valid answer",
}


def check_unasked_loops(material: Material) -> set[NodeId]:
    """Nodes on the cycles found."""
    nodes = material.flows.flows

    def unasked(node: NodeId, way: Way) -> bool:
        kind = nodes[node[0]].nodes[node[1]]
        return not isinstance(kind, (*_WAITS, TransferNode)) and way.cause is not Cause.FAULT

    told: set[NodeId] = set()
    for ring in _unlimited(material, unasked):
        told |= set(ring)
        _note(
            material,
            "loop-without-wait",
            ring,
            unasked,
            "goes round without ever waiting for the caller",
            "Lead one of its ways elsewhere, or count the rounds with 'set' and leave with 'when'.",
        )
    return told


def check_silent_loops(material: Material, told: set[NodeId]) -> None:
    """`told`: nodes of which worse was said already."""

    def silent(_node: NodeId, way: Way) -> bool:
        return way.cause not in (Cause.CHOICE, Cause.FAULT)

    for ring in _unlimited(material, silent):
        if not told & set(ring):
            _note(
                material,
                "endless-loop",
                ring,
                silent,
                "",
                "Let an escalation end somewhere else, or count the rounds with 'set' and leave with 'when'.",
            )


def check_recursion(material: Material) -> None:
    """A flow that calls itself, at once or by way of others: after 20 calls in calls the engine gives up."""
    calls: dict[str, dict[str, Way]] = defaultdict(dict)
    for (flow, node), ways in material.exploration.ways.items():
        for way in ways:
            if way.kind is Kind.CALL and (flow, node) in material.reached:
                for target, _ in material.exploration.targets(way):
                    calls[flow].setdefault(target, way)
                    calls.setdefault(target, {})
    for ring in rings(calls):
        inside = set(ring)
        for (flow, node), ways in sorted(material.exploration.ways.items()):
            target = next(
                (t for way in ways if way.kind is Kind.CALL for t, _ in material.exploration.targets(way)), ""
            )
            if flow in inside and target in inside and (flow, node) in material.reached:
                message = f"flow '{flow}' calls '{target}', which comes to call '{flow}' again before it returns."
                if flow == target:
                    message = f"flow '{flow}' calls itself before it returns."
                material.notes.add(
                    "endless-recursion",
                    material.at((flow, node)),
                    message + " After 20 calls in calls the caller hears an apology.",
                    "Return to the caller's flow instead of calling it.",
                    material.path(flow, node),
                )
                break


def _unlimited(material: Material, allowed: Callable[[NodeId, Way], bool]) -> list[list[NodeId]]:
    """Rings in the graph of `allowed` ways that no counter limits."""
    found = material.exploration
    leaving, inside = _edges(found, material.reached, allowed)
    told: list[list[NodeId]] = []
    seen: set[NodeId] = set()
    for ring in rings(leaving):  # a jump empties every variable: no counter outlives it
        if _jumped(leaving, ring):
            possible = after_escalation(material, leaving, ring)
            told += [left for left in rings(possible, set(ring)) if _jumped(possible, left)][:1]
            seen |= set(ring)
    for ring in rings(inside):
        if not seen & set(ring):
            told += _unlimited_rings(material, inside, ring)
    return told


def _jumped(edges: Edges, ring: list[NodeId]) -> bool:
    members = set(ring)
    return any(way.kind is Kind.LEAVE and to in members for node in ring for to, way in edges[node].items())


def _unlimited_rings(material: Material, edges: Edges, ring: list[NodeId]) -> Iterable[list[NodeId]]:
    """What is left of a ring when the nodes its counters are tested, set or forgotten at are taken out in turn."""
    members = set(ring)
    limits: Sequence[Counter] = counters(material.flows.flows[ring[0][0]], {name for _, name in ring})
    if not limits:
        return [ring]
    flow = ring[0][0]
    tests = [{(flow, name) for name in counter.tested} for counter in limits]
    left = list(rings(edges, members - set().union(*tests)))
    for index, counter in enumerate(limits):
        others = set().union(*(test for i, test in enumerate(tests) if i != index))
        uncounted = members - others - {(flow, name) for name in counter.counted}
        left += [r for r in rings(edges, uncounted) if tests[index] & set(r)]
        forgotten = {(flow, name) for name in counter.forgotten}
        if forgotten:
            left += [r for r in rings(edges, members - others) if tests[index] & set(r) and forgotten & set(r)]
    return left[:1]


def _edges(
    found: Exploration, reached: Iterable[NodeId], allowed: Callable[[NodeId, Way], bool]
) -> tuple[Edges, Edges]:
    """Two graphs: with jumps and calls into flows; and of each flow alone, a call being a step if it can return so."""
    inside: Edges = {node: {} for node in reached}
    leaving: Edges = {node: {} for node in inside}
    calls: list[tuple[NodeId, Way]] = []
    for node in inside:
        for way in found.ways[node]:
            found.edges_seen += 1
            if not allowed(node, way):
                continue
            if way.kind is Kind.GO:
                inside[node].setdefault((node[0], way.node), way)
            elif way.kind is Kind.CALL:
                calls.append((node, way))
            if way.kind in (Kind.LEAVE, Kind.CALL):
                for target in found.targets(way):
                    leaving[node].setdefault(target, way)
    returning = _returning(found, inside, calls, allowed)
    for node, way in calls:
        if any(target in returning for target in found.targets(way)):
            inside[node].setdefault((node[0], way.node), way)
    for node, targets in inside.items():
        for target, way in targets.items():
            leaving[node].setdefault(target, way)
    return leaving, inside


def _returning(
    found: Exploration, inside: Edges, calls: list[tuple[NodeId, Way]], allowed: Callable[[NodeId, Way], bool]
) -> set[NodeId]:
    """Nodes a `return` can be come to from, over `allowed` ways only."""
    before: dict[NodeId, list[NodeId]] = defaultdict(list)
    for node, targets in inside.items():
        for target in targets:
            before[target].append(node)
    after_call: dict[NodeId, list[tuple[NodeId, NodeId]]] = defaultdict(list)  # start or next -> (call, the other)
    for node, way in calls:
        for target in found.targets(way):
            after_call[target].append((node, (node[0], way.node)))
            after_call[node[0], way.node].append((node, target))
    work = [n for n in inside for way in found.ways[n] if way.kind is Kind.RETURN and allowed(n, way)]
    returning = set(work)
    while work:
        target = work.pop()
        found.edges_seen += len(before[target]) + len(after_call[target])
        fresh = before[target] + [call for call, other in after_call[target] if other in returning]
        for node in fresh:
            if node not in returning:
                returning.add(node)
                work.append(node)
    return returning


def _note(
    material: Material,
    code: str,
    ring: list[NodeId],
    allowed: Callable[[NodeId, Way], bool],
    what: str,
    fix: str,
) -> None:
    members = set(ring)
    first = material.nearest(ring)
    way_there = material.path(*first)[:-1]
    round_ = _round(material.exploration, members, first, allowed)
    names = [step.node if step.flow == first[0] else f"{step.flow}.{step.node}" for step in round_[:-1]]
    if not what:
        who = [_WHO[step.event] for step in round_ if step.event in _WHO]
        what = f"a caller who {' or '.join(dict.fromkeys(who)) or 'only listens'} goes round for ever"
    material.notes.add(code, material.at(first), f"{listed(names)}: {what}.", fix, (*way_there, *round_))


def _round(
    found: Exploration, members: set[NodeId], first: NodeId, allowed: Callable[[NodeId, Way], bool]
) -> list[Step]:
    """The shortest way from `first` back to it inside `members`."""
    came: dict[NodeId, tuple[NodeId, Way]] = {}
    work = [first]
    for node in work:
        for way in found.ways[node]:
            if not allowed(node, way) or way.kind in (Kind.RETURN, Kind.END, Kind.STAY):
                continue
            targets = [(node[0], way.node)] if way.kind in (Kind.GO, Kind.CALL) else []
            targets += found.targets(way) if way.kind in (Kind.LEAVE, Kind.CALL) else []
            for target in targets:
                if target in members and target not in came:
                    came[target] = (node, way)
                    work.append(target)
        if first in came:
            break
    steps, node = [Step(*first)], first
    while first in came:
        node, way = came[node]
        steps.insert(0, Step(*node, way.event, way.times, way.by_caller))
        if node == first:
            break
    return steps
