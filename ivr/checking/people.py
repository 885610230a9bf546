"""Whether a caller can come to a person from every wait, and report danger there."""

from __future__ import annotations

from collections import defaultdict

from ivr.checking.material import Material
from ivr.checking.ways import Kind, NodeId
from ivr.flow import Option, TransferNode

AGENT, DANGER = "agent", "danger"


def check_people(material: Material) -> None:
    globals_ = material.flows.globals
    agent = [option for option in globals_ if _is(option, AGENT) and option.flow]
    danger = [option for option in globals_ if option.flow and (_is(option, DANGER) or option.first)]
    if not danger:
        material.notes.add(
            "no-way-to-report-danger",
            material.place("", "globals"),
            "there is no global for danger: a caller who sees a wire down cannot say so at every wait.",
            "Add a global 'danger' with 'first: true' and a flow that reaches a person.",
        )
    for option in danger:
        if not option.key or not all(option.phrases.get(language) for language in material.flows.languages):
            left = "key" if not option.key else "phrases"
            material.notes.add(
                "no-way-to-report-danger",
                material.place("", "globals", option.name),
                f"'{option.name}' has no {left}: at a wait that only "
                + ("takes keys" if left == "key" else "hears words")
                + " nobody can report danger.",
                f"Give it {left if left == 'phrases' else 'a key'}.",
            )
        elif not option.first:
            material.notes.add(
                "danger-not-first",
                material.place("", "globals", option.name),
                f"'{option.name}' does not come first: an option may take its key or words, and it may be asked back.",
                "Write 'first: true' under it.",
            )
    # A flow people answer: the agent's, danger's, and those the hotline itself falls back to.
    people = {option.flow for option in (*agent, *danger)}
    _ways_to_people(material, people)


def _is(option: Option, what: str) -> bool:
    return option.name == what or any(intent.split(".")[-1] == what for intent in option.intents)


def _ways_to_people(material: Material, people: set[str]) -> None:
    found = material.exploration
    before: dict[NodeId, set[NodeId]] = defaultdict(set)
    goals: set[NodeId] = set()
    # Danger is for danger: an ordinary caller is not sent there.
    danger = {option.name for option in material.flows.globals if option.flow and (_is(option, DANGER) or option.first)}
    for node, ways in found.ways.items():
        if isinstance(material.flows.flows[node[0]].nodes[node[1]], TransferNode) or node[0] in people:
            goals.add(node)
        for way in ways:
            found.edges_seen += 1
            if way.option in danger and way.kind is Kind.LEAVE:
                continue
            if way.kind in (Kind.GO, Kind.CALL):
                before[node[0], way.node].add(node)
            if way.kind in (Kind.LEAVE, Kind.CALL):
                for target in found.targets(way):
                    before[target].add(node)
    # Who is called goes on at the caller's when it returns.
    returning: dict[str, list[NodeId]] = defaultdict(list)
    for node, ways in found.ways.items():
        if any(way.kind is Kind.RETURN for way in ways):
            returning[node[0]].append(node)
    for node, ways in found.ways.items():
        for way in ways:
            if way.kind is Kind.CALL:
                for called, _ in found.called(way):
                    before[node[0], way.node].update(returning[called])
    reach, work = set(goals), list(goals)
    while work:
        for node in before[work.pop()]:
            if node not in reach:
                reach.add(node)
                work.append(node)
    for flow, wait in material.waits():
        if (flow.name, wait.name) in material.reached and (flow.name, wait.name) not in reach:
            material.notes.add(
                "no-way-to-agent",
                material.at((flow.name, wait.name)),
                f"no option, no global and no escalation of '{wait.name}' leads to a person.",
                "Add a global 'agent', or let 'no_input' and 'no_match' end there.",
                material.path(flow.name, wait.name),
            )
