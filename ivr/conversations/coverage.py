"""Which nodes of the flows, and which ways out of them, the conversations have taken, and which none of them takes.

Counted are the ways an author wrote: options, outcomes, branches, what a silence of this very node leads to. What every
wait has by the shared file (globals, default escalations) is not asked for at each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ivr import flow as nodes
from ivr.events import DialEnded, Event
from ivr.flow import FlowSet, Node
from ivr.outputs import Heard, NodeEntered, Output, ServiceCalled
from ivr.yaml_source import Place


@dataclass(frozen=True, slots=True)
class Way:
    """`name` is the way out of the node, or "" for the node itself."""

    flow: str
    node: str
    name: str
    place: Place

    def __str__(self) -> str:
        return f"{self.flow}/{self.node}" + (f"  {self.name}" if self.name else "")


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    flow: str
    ways: tuple[Way, ...]
    missing: tuple[Way, ...]

    @property
    def percent(self) -> float:
        return 100 * (1 - len(self.missing) / len(self.ways)) if self.ways else 100.0


@dataclass(frozen=True, slots=True)
class Coverage:
    flows: tuple[FlowCoverage, ...]

    @property
    def percent(self) -> float:
        """Of the nodes and ways of all flows together, 0..100."""
        all_ = sum(len(flow.ways) for flow in self.flows)
        return 100 * (1 - sum(len(flow.missing) for flow in self.flows) / all_) if all_ else 100.0


def coverage(flows: FlowSet, calls: Iterable[tuple[Sequence[Output], Sequence[Event]]]) -> Coverage:
    """`calls`: of each call everything that went out, in order, and what came in."""
    taken = {way for outputs, events in calls for way in _taken(flows, outputs, events)}
    found = []
    for flow in flows.flows.values():
        ways = tuple(
            Way(flow.name, node.name, name, node.place) for node in flow.nodes.values() for name in ("", *_ways(node))
        )
        missing = tuple(way for way in ways if (way.flow, way.node, way.name) not in taken)
        found.append(FlowCoverage(flow.name, ways, missing))
    return Coverage(tuple(found))


def _ways(node: Node) -> Iterator[str]:
    """Names of the ways an author wrote at a node that has more than one."""
    match node:
        case nodes.MenuNode():
            yield from (f"option {option.name}" for option in node.options)
        case nodes.AskNode():
            yield "an answer"
        case nodes.RecordNode():
            yield "a message"
        case nodes.DoNode():
            yield from (f"outcome {outcome}" for outcome in node.outcomes)
        case nodes.TransferNode():
            yield from (f"outcome {outcome}" for outcome in node.outcomes)
        case nodes.WhenNode():
            yield from dict.fromkeys(f"to {branch.next}" for branch in node.branches)
    for escalation in ("no_input", "no_match", "help", "invalid"):
        given = getattr(node, escalation, None)
        if given is not None and given.next:
            yield f"{escalation} to {given.next}"


def _taken(flows: FlowSet, outputs: Sequence[Output], events: Sequence[Event]) -> Iterator[tuple[str, str, str]]:
    """(flow, node, way) in the order they were passed."""
    dials = (event for event in events if isinstance(event, DialEnded))
    at: tuple[str, str, Node] | None = None
    heard: Heard | None = None
    for output in outputs:
        if isinstance(output, NodeEntered):
            if at is not None:
                yield from _left(at, heard, output, dials)
            node = flows.flows[output.flow].nodes[output.node]
            at, heard = (output.flow, output.node, node), None
            yield output.flow, output.node, ""
        elif isinstance(output, Heard):
            heard = output
        elif isinstance(output, ServiceCalled) and at is not None and isinstance(at[2], nodes.DoNode):
            outcome = output.outcome if output.outcome in at[2].outcomes or output.outcome != "late" else "error"
            yield at[0], at[1], f"outcome {outcome}"


def _left(
    at: tuple[str, str, Node], heard: Heard | None, following: NodeEntered, dials: Iterator[DialEnded]
) -> Iterator[tuple[str, str, str]]:
    flow, name, node = at
    if isinstance(node, nodes.WhenNode):
        yield flow, name, f"to {following.node}"
    elif isinstance(node, nodes.TransferNode):
        ended = next(dials, None)
        status = ended.status if ended is not None else ""
        yield flow, name, f"outcome {status if status in node.outcomes else 'failed'}"
    elif heard is not None and isinstance(node, nodes.MenuNode | nodes.AskNode | nodes.RecordNode):
        escalation = getattr(node, heard.verdict, None)
        if escalation is not None and escalation.next == following.node:
            yield flow, name, f"{heard.verdict} to {escalation.next}"
        elif isinstance(node, nodes.MenuNode):
            yield flow, name, f"option {heard.option}"
        elif heard.option is None and following.flow == flow and following.node == node.next:
            yield flow, name, "a message" if isinstance(node, nodes.RecordNode) else "an answer"
