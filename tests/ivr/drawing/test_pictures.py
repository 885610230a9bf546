"""Pictures of flows: SVG that a browser and a screen reader can read, and Mermaid text."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from app import signatures
from ivr.drawing.mermaid import mermaid
from ivr.drawing.plan import plan_of
from ivr.drawing.svg import Look, svg
from ivr.figures import Figures, NodeFigures
from ivr.flow import FlowSet
from ivr.flow_store import read_files
from ivr.graph import graph_of
from ivr.loader import load
from settings import SHIPPED_FLOWS
from settings import load as load_settings

SVG = "{http://www.w3.org/2000/svg}"
FLOW = """
flow: main
prompts:
  menu: {en: 'Say "one" & <two>.', zh-CN: 请按一或者二。}
nodes:
  menu:
    menu: menu
    options:
      one: {key: "1", phrases: {en: [one], zh-CN: [一]}, next: sub}
      again: {key: "2", phrases: {en: [two], zh-CN: [二]}, next: menu}
  sub: {call: agent, next: bye}
  bye: {hangup: goodbye}
"""


@pytest.fixture
def flows(flows_of: Callable[..., FlowSet]) -> FlowSet:
    return flows_of(FLOW)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> FlowSet:
    where = load_settings(environ={}, home=tmp_path_factory.mktemp("home"))
    return load(read_files(SHIPPED_FLOWS), signatures(where), ("en", "zh-CN"), where.utility.name)


def texts(picture: str) -> str:
    return " ".join("".join(one.itertext()) for one in ElementTree.fromstring(picture).iter(f"{SVG}text"))


def test_nodes_and_ways_stand_in_the_picture_as_text(flows: FlowSet) -> None:
    shown = texts(svg(graph_of(flows, "main"), Look("en")))
    for words in ("menu", 'Say "one" & <two>.', "1 one", "2 again", "sub", "agent", "bye"):
        assert words in shown
    assert "请按一或者二。" in texts(svg(graph_of(flows, "main"), Look("zh-CN")))


def test_every_node_has_a_title_and_the_picture_a_name(flows: FlowSet) -> None:
    picture = ElementTree.fromstring(svg(graph_of(flows, "main"), Look("en")))
    assert picture.get("aria-label") == "main"
    assert picture.find(f"{SVG}title") is not None
    assert picture.find(f"{SVG}desc") is not None
    symbols = [one for one in picture.iter(f"{SVG}g") if one.get("role") == "graphics-symbol"]
    assert len(symbols) == 3
    assert all(one.find(f"{SVG}title").text for one in symbols)  # type: ignore[union-attr]


def test_a_page_s_picture_has_links_and_no_style_of_its_own(flows: FlowSet) -> None:
    look = Look("en", link=lambda node: f"/flows/graph?node={node}&x=1", style=False, picked="main/sub")
    picture = svg(graph_of(flows, "main"), look)
    assert "<style" not in picture
    assert " style=" not in picture, "the content policy would refuse it"
    links = [one.get("href") for one in ElementTree.fromstring(picture).iter(f"{SVG}a")]
    assert "/flows/graph?node=main/menu&x=1" in links
    assert "fg-picked" in picture


def test_counts_stand_on_the_ways_and_the_busiest_is_the_thickest(flows: FlowSet) -> None:
    figures = Figures(
        {"main/menu": NodeFigures(entries=1200, inputs=100, no_matches=20, hang_ups=300)},
        {"main/menu/option.one": 900, "main/menu/option.again": 9},
        {"main/menu": 4},
    )
    picture = svg(graph_of(flows, "main"), Look("en"), figures)
    shown = texts(picture)
    for words in ("1 one 900", "2 again 9", "1,200", "left 25%", "not understood 20%", " 4 "):
        assert words in shown
    lines = [float(one.get("stroke-width", "0")) for one in ElementTree.fromstring(picture).iter(f"{SVG}path")
             if one.get("class") == "fg-line"]  # fmt: skip
    assert max(lines) == 7.0
    assert min(lines) == 1.4


def test_the_picture_keeps_its_place_while_counts_grow(flows: FlowSet) -> None:
    def places(count: int) -> list[str | None]:
        figures = Figures({"main/menu": NodeFigures(entries=count)}, {"main/menu/option.one": count})
        drawn = ElementTree.fromstring(svg(graph_of(flows, "main"), Look("en"), figures))
        return [one.get("x") for one in drawn.iter(f"{SVG}text")]

    assert places(1) == places(8_000)


def test_every_shipped_flow_is_drawn_in_every_language(shipped: FlowSet) -> None:
    for language in shipped.languages:
        for flow in (*shipped.flows, None):
            graph = graph_of(shipped, flow)
            picture = svg(graph, Look(language, shared=True), Figures())
            drawn = {one.get("id") for one in ElementTree.fromstring(picture).iter()}
            assert drawn
            symbols = picture.count('role="graphics-symbol"')
            assert symbols >= len(graph.nodes)


def test_a_way_far_down_ends_beside_its_node_and_each_node_keeps_one_line(flows_of: Callable[..., FlowSet]) -> None:
    steps = "\n".join(f"  s{n}: {{say: goodbye, next: s{n + 1}}}" for n in range(8))
    options = 'out: {key: "1", phrases: {en: [out], zh-CN: [走]}, next: bye}'
    on = 'go_on: {key: "2", phrases: {en: [go], zh-CN: [去]}, next: s0}'
    ends_with = "  s8: {say: goodbye, next: bye}\n  bye: {hangup: goodbye}\n"
    text = f"flow: long\nnodes:\n  menu: {{menu: goodbye, options: {{{options}, {on}}}}}\n{steps}\n{ends_with}"
    plan = plan_of(graph_of(flows_of(text), "long"), "long", None, shared=False)
    ends = {way.edges[0].outcome: way.target for way in plan.ways if way.source == "long/menu"}
    assert ends == {"option.out": "long/menu>long/bye", "option.go_on": "long/s0"}
    assert [piece.target for piece in plan.pieces if piece.node is None] == ["long/bye"]
    assert {way.target for way in plan.ways} >= {piece.id for piece in plan.pieces if piece.node} - {"long/menu"}


def test_mermaid_has_the_same_nodes_and_ways(flows: FlowSet) -> None:
    text = mermaid(graph_of(flows, "main"), Figures({}, {"main/menu/option.one": 7}), language="en")
    lines = text.splitlines()
    assert lines[0] == "flowchart TD"
    assert '  n0{{"menu: Say #quot;one#quot; &amp; &lt;two&gt;."}}' in lines
    assert '  n0 -->|"1 one: 7"| n1' in lines
    assert '  n0 -->|"2 again: 0"| n0' in lines


def test_mermaid_of_all_flows_groups_them_and_joins_calls(flows: FlowSet) -> None:
    text = mermaid(graph_of(flows), language="en", shared=True)
    assert 'subgraph f0["' in text
    assert "==>" in text
    named = {
        line.split("(")[0].split("{")[0].split("[")[0].strip() for line in text.splitlines() if line[:5] == "    n"
    }
    used = {
        word for line in text.splitlines() if "--" in line or "==" in line for word in line.split() if word[0] == "n"
    }
    assert used <= named
