"""The graph of a flow: every way a call can take is an edge, and its id stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivr.flow import FlowSet
from ivr.graph import EdgeKind, Graph, graph_of, to_json

FLOW = """
flow: main
vars: {number: digits, recording: text, tries: number}
prompts: {menu: {en: One or two., zh-CN: 一或者二。}}
nodes:
  menu:
    menu: menu
    options:
      number: {key: "1", phrases: {en: [number], zh-CN: [号码]}, next: number}
      leave: {phrases: {en: [leave], zh-CN: [走]}, next: bye}
    no_input: {limit: 2, next: bye}
  number: {ask: menu, type: digits, min: 4, max: 4, into: number, next: look}
  look: {do: test.look, with: {number: "{number}"}, outcomes: {found: which, none: count}}
  count: {set: {tries: "{tries + 1}"}, next: which}
  which:
    when:
      - {if: tries > 3, next: message}
      - {if: number == "1111", next: bye}
      - {if: number == "2222", next: bye}
      - else: sub
  message: {record: menu, into: recording, next: dial}
  dial: {transfer: menu, to: "+8657188880000", outcomes: {answered: bye, busy: sub, no-answer: sub, failed: sub}}
  sub: {call: other, next: bye}
  bye: {hangup: goodbye}
"""
OTHER = """
flow: other
nodes:
  back: {return: {}}
"""


@pytest.fixture
def graph(flows_of: Callable[..., FlowSet]) -> Graph:
    return graph_of(flows_of(FLOW, OTHER), "main")


def ways(graph: Graph, node: str) -> dict[str, str]:
    return {edge.outcome: edge.target for edge in graph.edges if edge.source == node and not edge.shared}


def test_each_kind_of_node_has_its_ways(graph: Graph) -> None:
    assert ways(graph, "main/menu") == {
        "option.number": "main/number", "option.leave": "main/bye", "no_input": "main/bye", "hung_up": "",
    }  # fmt: skip
    assert ways(graph, "main/number") == {"value": "main/look", "hung_up": ""}
    assert ways(graph, "main/look") == {"outcome.found": "main/which", "outcome.none": "main/count"}
    assert ways(graph, "main/count") == {"next": "main/which"}
    assert ways(graph, "main/which") == {"to.message": "main/message", "to.bye": "main/bye", "to.sub": "main/sub"}
    assert ways(graph, "main/message") == {"recorded": "main/dial", "hung_up": ""}
    assert ways(graph, "main/dial")["outcome.busy"] == "main/sub"
    assert ways(graph, "main/sub") == {"call": "other/back", "returned": "main/bye"}
    assert ways(graph, "main/bye") == {"end": ""}


def test_branches_to_one_node_are_one_way_with_all_their_conditions(graph: Graph) -> None:
    labels = {edge.outcome: edge.label for edge in graph.edges if edge.source == "main/which"}
    assert labels["to.bye"] == 'number == "1111" or number == "2222"'
    assert labels["to.sub"] == ""


def test_ways_that_all_flows_share_are_marked(graph: Graph) -> None:
    shared = {edge.outcome: edge.target for edge in graph.edges if edge.source == "main/menu" and edge.shared}
    assert shared["option.danger"] == "agent/bye"
    assert shared["no_match"] == "agent/bye"
    assert shared["option.repeat"] == ""
    failed = next(edge for edge in graph.edges if edge.id == "main/look/outcome.error")
    assert failed.target == "agent/bye", "a service without a way for errors leads to the fault flow"
    assert failed.shared


def test_ids_are_different_and_stay(graph: Graph, flows_of: Callable[..., FlowSet]) -> None:
    ids = [edge.id for edge in graph.edges]
    assert len(ids) == len(set(ids))
    changed = graph_of(flows_of(FLOW.replace("limit: 2", "limit: 3").replace('key: "1"', 'key: "4"'), OTHER), "main")
    assert [edge.id for edge in changed.edges] == ids


def test_all_flows_together_are_joined_by_their_calls(flows_of: Callable[..., FlowSet]) -> None:
    whole = graph_of(flows_of(FLOW, OTHER))
    nodes = {node.id for node in whole.nodes}
    assert {"main/menu", "other/back", "agent/bye"} <= nodes
    calls = [(edge.source, edge.target) for edge in whole.edges if edge.kind is EdgeKind.CALL]
    assert calls == [("main/sub", "other/back")]
    assert all(edge.target in nodes for edge in whole.edges if edge.target)


def test_a_graph_is_json(graph: Graph) -> None:
    data = to_json(graph)
    assert data["flow"] == "main"
    assert data["nodes"][0] == {
        "id": "main/menu", "flow": "main", "name": "menu", "kind": "menu",
        "says": {"en": "One or two.", "zh-CN": "一或者二。"}, "detail": "",
    }  # fmt: skip
    keyed = next(edge for edge in data["edges"] if edge["id"] == "main/menu/option.number")
    assert (keyed["key"], keyed["target"], keyed["kind"]) == ("1", "main/number", "option")


def test_a_flow_that_is_not_there(flows_of: Callable[..., FlowSet]) -> None:
    with pytest.raises(KeyError):
        graph_of(flows_of(FLOW, OTHER), "nowhere")
