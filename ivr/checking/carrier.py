"""What a carrier cannot do or will not wait for. Figures are Twilio's.

`<Say>` in the voices used here takes 3,000 bytes (https://www.twilio.com/docs/api/errors/13521), a webhook is waited
for 15 s.
"""

from __future__ import annotations

from ivr import flow as nodes
from ivr.checking.announcing import seconds, text_of
from ivr.checking.components import components
from ivr.checking.material import Material
from ivr.checking.ways import Cause, Kind, NodeId, Way
from ivr.flow import Flow, Node, PromptUse

MAX_SAY_BYTES = 3000
MAX_TURN_S = 15.0  # of silence between an answer and what follows it, before the carrier gives up
TURN_OVERHEAD_S = 1.0
LONGEST_SAY_S = 45.0
MOST_DIGITS = 32


def check_carrier(material: Material) -> None:
    for flow, node in material.nodes():
        if (flow.name, node.name) not in material.reached:
            continue
        prompts: tuple[PromptUse, ...] = getattr(node, "prompts", ())
        for language in material.flows.languages if prompts else ():
            _length(material, flow, node, prompts, language)
        match node:
            case nodes.AskNode(max_digits=most, terminator="") if most > MOST_DIGITS:
                _digits(material, flow, node, most)
            case nodes.MenuNode(first_input_s=wait) | nodes.AskNode(first_input_s=wait) if wait > 30:
                material.notes.add(
                    "wait-too-long",
                    material.place(flow.name, "nodes", node.name, "first_input_s"),
                    f"'{node.name}' is silent for {wait:g} s before it asks again; callers think the line is dead.",
                    "Say meanwhile that there is time, or wait for 30 s at most.",
                    material.path(flow.name, node.name),
                )
    _slow_turns(material)


def _digits(material: Material, flow: Flow, node: Node, most: int) -> None:
    material.notes.add(
        "wait-too-long",
        material.place(flow.name, "nodes", node.name, "max"),
        f"'{node.name}' takes {most} digits and no key ends them: only the time between keys does.",
        "Let '#' end the entry.",
        material.path(flow.name, node.name),
    )


def _length(material: Material, flow: Flow, node: Node, prompts: tuple[PromptUse, ...], language: str) -> None:
    text = text_of(material.flows, flow, prompts, language)
    size, long = len(text.encode()), seconds(text, language)
    where = material.place(flow.name, "nodes", node.name, nodes.KIND_OF[type(node)])
    if size > MAX_SAY_BYTES:
        material.notes.add(
            "say-too-long", where,
            f"what '{node.name}' says in {language} takes {size} bytes; Twilio speaks {MAX_SAY_BYTES} at once.",
            "Shorten it, or make several nodes of it.", material.path(flow.name, node.name),
        )  # fmt: skip
    elif long > LONGEST_SAY_S:
        material.notes.add(
            "say-tires", where,
            f"'{node.name}' talks for about {long:.0f} s in {language}; nobody listens that long.",
            "Shorten it, or ask whether the caller wants to hear it.", material.path(flow.name, node.name),
        )  # fmt: skip


def _slow_turns(material: Material) -> None:
    """The longest chain of services between two waits, were each to take its whole budget."""
    found, flows = material.exploration, material.flows.flows
    edges: dict[NodeId, list[tuple[NodeId, Way]]] = {}
    for node in material.reached:
        kind = flows[node[0]].nodes[node[1]]
        silent = not isinstance(kind, nodes.WaitNode | nodes.RecordNode | nodes.TransferNode)
        edges[node] = []
        for way in found.ways[node] if silent else ():
            found.edges_seen += 1
            if way.kind is Kind.GO and way.cause is not Cause.FAULT:
                edges[node].append(((node[0], way.node), way))
            elif way.kind in (Kind.CALL, Kind.LEAVE) and way.cause is not Cause.FAULT:
                edges[node] += [(target, way) for target in found.targets(way)]
    plain = {node: [target for target, _ in targets if target in edges] for node, targets in edges.items()}
    takes: dict[NodeId, float] = {}
    after: dict[NodeId, NodeId] = {}
    rings: set[NodeId] = set()
    for component in components(plain):  # each after those it leads to
        inside = set(component)
        if len(component) > 1:
            rings |= inside
        for node in component:
            kind = flows[node[0]].nodes[node[1]]
            longest = max((t for t in plain[node] if t not in inside), key=lambda t: takes[t], default=None)
            takes[node] = (kind.budget_s if isinstance(kind, nodes.DoNode) else 0.0) + (
                takes[longest] if longest is not None else 0.0
            )
            if longest is not None:
                after[node] = longest
    told: set[NodeId] = set()
    for node in sorted(takes, key=lambda n: -takes[n]):
        if takes[node] + TURN_OVERHEAD_S <= MAX_TURN_S or not isinstance(flows[node[0]].nodes[node[1]], nodes.DoNode):
            continue
        chain = [node]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        services = [n for n in chain if isinstance(flows[n[0]].nodes[n[1]], nodes.DoNode)]
        if not told & set(services):
            material.notes.add(
                "turn-too-slow",
                material.at(node),
                f"{len(services)} services one after the other may take {takes[node]:g} s before the caller hears "
                f"anything; the carrier gives up after {MAX_TURN_S:g} s.",
                "Give them smaller budgets ('budget_s'), or ask the caller something in between.",
                material.path(*node),
            )
        told |= set(services)
