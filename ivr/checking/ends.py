"""Where a call can go but never end, flows that never come back, and what no call comes to."""

from __future__ import annotations

from collections import defaultdict

from ivr.checking.components import components
from ivr.checking.exploration import Exploration
from ivr.checking.finding import Severity
from ivr.checking.material import Material, listed
from ivr.checking.ways import Kind, NodeId, Way
from ivr.flow import CallNode
from ivr.yaml_source import Place


def finished(found: Exploration) -> set[NodeId]:
    """Nodes from which a call can end, or the flow can return: the least set that holds."""
    waiting: dict[NodeId, list[NodeId]] = defaultdict(list)  # node -> those that finish when it does
    ended: set[NodeId] = set()  # the call itself can end from here, inside the flow or below it
    done: set[NodeId] = set()
    work: list[tuple[NodeId, bool]] = []

    def mark(node: NodeId, *, end: bool) -> None:
        known = ended if end else done
        if node not in known:
            known.add(node)
            work.append((node, end))
            if end:
                mark(node, end=False)

    for node, ways in found.ways.items():
        for way in ways:
            for target in _next(found, node, way):
                waiting[target].append(node)
            if way.kind is Kind.END:
                mark(node, end=True)
            elif way.kind is Kind.RETURN:
                mark(node, end=False)
    while work:
        target, end = work.pop()
        for node in waiting[target]:
            for way in found.ways[node]:
                if _leads(found, node, way, target, end, mark_end=True):
                    mark(node, end=True)
                elif _leads(found, node, way, target, end, mark_end=False):
                    mark(node, end=False)
    return done


def _next(found: Exploration, node: NodeId, way: Way) -> list[NodeId]:
    here = [(node[0], way.node)] if way.kind in (Kind.GO, Kind.CALL) else []
    return here + (list(found.targets(way)) if way.kind in (Kind.LEAVE, Kind.CALL) else [])


def _leads(found: Exploration, node: NodeId, way: Way, target: NodeId, end: bool, *, mark_end: bool) -> bool:
    """Whether `node` can end (or be done) because `target` can, over `way`. A LEAVE leaves nothing to return to."""
    if way.kind is Kind.LEAVE:
        return mark_end and target in found.targets(way)
    if way.kind is Kind.GO:
        return target == (node[0], way.node) and end == mark_end
    if way.kind is Kind.CALL:
        if end and mark_end and target in found.targets(way):
            return True
        return target == (node[0], way.node) and end == mark_end and any(found.called(way))
    return False


def check_ends(material: Material, loops: set[NodeId]) -> set[NodeId]:
    """Nodes from which a call cannot end. `loops`: nodes on cycles that were told already."""
    found = material.exploration
    done = finished(found)
    trapped = {node for node in material.reached if node not in done}
    edges = {node: [t for way in found.ways[node] for t in _next(found, node, way) if t in trapped] for node in trapped}
    for component in components(edges):
        inside = set(component)
        if any(other not in inside for node in component for other in edges[node]) or inside & loops:
            continue
        node = material.nearest(component)
        others = listed([f"{f}.{n}" for f, n in sorted(inside - {node})])
        material.notes.add(
            "no-end",
            material.at(node),
            f"from node '{node[1]}' no end of the call can be reached"
            + (f", nor from {others}." if others else ".")
            + (" What it calls neither ends nor returns." if _calls(material, node) else ""),
            "Let one of its ways lead to a 'hangup', a 'return' or a flow that ends.",
            material.path(*node),
        )
    return trapped


def _calls(material: Material, node: NodeId) -> bool:
    return isinstance(material.flows.flows[node[0]].nodes[node[1]], CallNode)


def check_reached(material: Material) -> None:
    """Flows and nodes no call comes to. What follows a call that never returns is told at the call."""
    found, flows = material.exploration, material.flows.flows
    begun = {part[0] for part in found.begun}
    for flow in flows.values():
        if flow.name not in begun:
            material.notes.add(
                "unreachable-flow",
                material.place(flow.name, "flow"),
                f"no call comes to flow '{flow.name}': nothing calls it, jumps to it or begins with it.",
                "Call it from a flow, name it in config.yaml, or delete the file.",
            )
    never = _never_return(material)
    for flow in flows.values():
        if flow.name not in begun:
            continue
        left = {name for name in flow.nodes if (flow.name, name) not in material.reached}
        for caller in sorted(left & never.keys()):
            del never[caller]
        after = _following(found, flow.name, left, {way.node for _, way in never.values()})
        edges = {n: [w.node for w in found.ways[flow.name, n] if w.node in left and not w.flow] for n in left - after}
        heads = _heads(edges)
        for head, rest in heads.items():
            also = f"; so {'is' if len(rest) == 1 else 'are'} {listed(rest)}" if rest else ""
            material.notes.add(
                "unreachable-node",
                material.at((flow.name, head)),
                f"no way leads to node '{head}' of flow '{flow.name}'{also}.",
                "Let a node lead to it, or delete it.",
            )


def _never_return(material: Material) -> dict[str, tuple[NodeId, Way]]:
    """Calls of flows that cannot return where that matters; noted here. Node name -> the call."""
    found, told = material.exploration, {}
    for flow, node in material.nodes():
        if not isinstance(node, CallNode) or (flow.name, node.name) not in material.reached:
            continue
        way = found.ways[flow.name, node.name][0]
        next_reached = (flow.name, node.next) in material.reached
        if any(found.called(way)) or (next_reached and not node.into):
            continue
        told[node.name] = ((flow.name, node.name), way)
        if any(flow.name == ring_flow for ring_flow, _ in _calls_below(found, way)):
            continue  # flows that call each other in a ring: told as such
        lost = (
            f"so '{node.next}' is never come to" if not next_reached else f"so nothing is kept of {listed(node.into)}"
        )
        material.notes.add(
            "call-never-returns",
            material.at((flow.name, node.name)),
            f"flow '{node.flow}' never returns, {lost}.",
            f"Give '{node.flow}' a 'return', or let this node end the call.",
            material.path(flow.name, node.name),
        )
    return told


def _calls_below(found: Exploration, way: Way) -> set[NodeId]:
    """Parts begun by calls from what `way` calls, itself among them."""
    seen = set(found.targets(way))
    work = list(seen)
    while work:
        part = work.pop()
        for node in found.length.get(part, ()):
            for inner in found.ways[part[0], node]:
                if inner.kind is Kind.CALL:
                    fresh = set(found.targets(inner)) - seen
                    seen |= fresh
                    work += fresh
    return seen


def _following(found: Exploration, flow: str, left: set[str], heads: set[str]) -> set[str]:
    seen, work = set(heads & left), list(heads & left)
    while work:
        for way in found.ways[flow, work.pop()]:
            if way.node in left and way.kind in (Kind.GO, Kind.CALL) and way.node not in seen:
                seen.add(way.node)
                work.append(way.node)
    return seen


def _heads(edges: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of nodes nothing reached leads to: those the others hang on -> what hangs on them."""
    order = list(components(edges))[::-1]
    heads: dict[str, list[str]] = {}
    head_of: dict[str, str] = {}
    for component in order:
        name = next((head_of[n] for n in component if n in head_of), None)
        first = min(component)
        if name is None:
            name = first
            heads[first] = []
        heads[name] += sorted(n for n in component if n != name)
        for node in component:
            head_of[node] = name
            for other in edges[node]:
                head_of.setdefault(other, name)
    return heads


def check_entries(material: Material) -> None:
    """The first entry answers calls, the others begin calls of our own, which some hotlines never make."""
    for index, (name, why) in enumerate(material.entries.items()):
        flow = material.flows.flows.get(name)
        if flow is None:
            material.notes.add(
                "entry-missing",
                Place("config.yaml", 1, 1),
                f"there is no flow '{name}', which {why}.",
                "Write the flow, or name another one in config.yaml.",
                severity=Severity.WARNING if index else None,
            )
