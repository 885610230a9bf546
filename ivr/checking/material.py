"""What every check works on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ivr.checking.exploration import Exploration
from ivr.checking.finding import Notes, Step
from ivr.checking.sources import Sources
from ivr.checking.ways import NodeId
from ivr.flow import AskNode, Flow, FlowSet, MenuNode, Node
from ivr.values import Signature
from ivr.yaml_source import Place


@dataclass(frozen=True)
class Material:
    """`entries`: flow -> why calls begin with it. `recordings`: (language, prompt) of every recorded prompt."""

    flows: FlowSet
    services: Mapping[str, Signature]
    sources: Sources
    exploration: Exploration
    entries: Mapping[str, str]
    recordings: Collection[tuple[str, str]]
    notes: Notes

    @cached_property
    def reached(self) -> Mapping[NodeId, NodeId]:
        return self.exploration.reached

    def path(self, flow: str, node: str) -> tuple[Step, ...]:
        return self.exploration.path((flow, node), self.reached)

    def nearest(self, nodes: Iterable[NodeId]) -> NodeId:
        """The one of these reached nodes that a call comes to first."""
        return min(nodes, key=lambda node: (self.exploration.distance(node, self.reached), node))

    def place(self, flow: str, *path: str | int) -> Place:
        return self.sources.place(flow, *path)

    def at(self, node: NodeId) -> Place:
        """The head of a node: its name."""
        return self.sources.place(node[0], "nodes", node[1])

    def nodes(self) -> Iterator[tuple[Flow, Node]]:
        for flow in self.flows.flows.values():
            for node in flow.nodes.values():
                yield flow, node

    def waits(self) -> Iterator[tuple[Flow, MenuNode | AskNode]]:
        for flow, node in self.nodes():
            if isinstance(node, MenuNode | AskNode):
                yield flow, node


def listed(names: Collection[str], most: int = 6) -> str:
    """'a', 'b' and 3 more"""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[: most - 1])} and {len(quoted) - most + 1} more"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]])) if quoted else ""
