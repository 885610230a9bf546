"""The graph of a flow in the console: the picture and the tables beside it tell the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from app import Hotline
from database import Database
from ivr.graph import EdgeKind, Graph, GraphEdge, GraphNode, graph_of
from models import Call, CallStatus, Direction, FlowEdgeCount, FlowNodeCount, FlowUnheard
from tests.console.conftest import Browser
from tests.console.rows import CALL


@pytest.fixture
def graph(hotline: Hotline) -> Graph:
    return graph_of(hotline.flows.current, hotline.settings.callflows.entry)


@pytest.fixture
def menu(graph: Graph) -> GraphNode:
    """A menu of the entry flow."""
    return next(node for node in graph.nodes if node.kind == "menu")


@pytest.fixture
def option(graph: Graph, menu: GraphNode) -> GraphEdge:
    return next(edge for edge in graph.edges if edge.source == menu.id and edge.kind is EdgeKind.OPTION)


@pytest.fixture
def counted(hotline: Hotline, menu: GraphNode, option: GraphEdge) -> None:
    """Counts of today, and of twenty days ago under another revision."""
    today = datetime.now(UTC).astimezone(ZoneInfo(hotline.settings.utility.time_zone)).date()
    with hotline.database.transaction() as rows:
        for days, revision, times in ((0, hotline.flows.current.revision, 1), (20, "f" * 64, 10)):
            key = {"flow": menu.flow, "day": today - timedelta(days=days), "revision_id": revision, "node": menu.name,
                   "language": "zh-CN", "direction": Direction.INBOUND, "last_call_id": CALL}  # fmt: skip
            rows.add(FlowNodeCount(**key, entries=41 * times, inputs=20 * times, no_matches=5 * times,
                                   hang_ups=8 * times, time_ms=82_000 * times, confidence_sum=8.0 * times,
                                   confidence_count=10 * times))  # fmt: skip
            rows.add(FlowEdgeCount(**key, outcome=option.outcome, count=23 * times))
            rows.add(FlowEdgeCount(**(key | {"node": "gone"}), outcome="next", count=1))
        rows.add(FlowUnheard(flow=menu.flow, day=today, node=menu.name, language="zh-CN", text="灯泡坏了 #", count=6,
                             last_call_id=CALL))  # fmt: skip


def rows_of(page: str, table: str) -> list[list[str]]:
    part = page[page.index(f'id="{table}"') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    cells = (re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in body.split("</tr>"))
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells if row]


@pytest.mark.usefixtures("counted")
def test_the_picture_and_the_tables_have_the_same_figures(mei: Browser, menu: GraphNode) -> None:
    page = mei.get("/flows/graph")
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="flow-graph"' in page
    assert "left 20%" in page
    assert "not understood 25%" in page
    assert '<tspan class="fg-count">23</tspan>' in page
    node = next(row for row in rows_of(page, "sort-table") if row[0] == menu.name)
    assert node == [menu.name, "", "41", "20 %", "25 %", "", "", "80 %", "0:02"]
    way = rows_of(page, "ways-table")[0]
    assert (way[0], way[3], way[4]) == (menu.name, "23", "56 %")


@pytest.mark.usefixtures("counted")
def test_periods_and_revisions_are_told_apart(mei: Browser, hotline: Hotline, menu: GraphNode) -> None:
    def came(query: str) -> str:
        return next(row[2] for row in rows_of(mei.get(f"/flows/graph{query}"), "sort-table") if row[0] == menu.name)

    assert came("?period=today") == "41"
    assert came("?period=7d") == "41"
    assert came("?period=30d") == "451"
    assert came(f"?period=30d&revision={hotline.flows.current.revision}") == "41"


@pytest.mark.usefixtures("counted")
def test_tables_are_sorted_by_the_address(mei: Browser, menu: GraphNode) -> None:
    page = mei.get("/flows/graph?sort=-came")
    assert rows_of(page, "sort-table")[0][0] == menu.name
    assert 'aria-sort="descending"' in page
    names = [row[0] for row in rows_of(mei.get("/flows/graph?sort=node"), "sort-table")]
    assert names == sorted(names)
    assert rows_of(mei.get("/flows/graph?sort=nonsense"), "sort-table")


@pytest.mark.usefixtures("counted")
def test_a_node_tells_its_rates_what_was_not_understood_and_example_calls(mei: Browser, menu: GraphNode) -> None:
    page = mei.get(f"/flows/graph?node={menu.name}")
    assert "fg-picked" in page
    for told in ("Said here and not understood", "灯泡坏了 #", "× 6", "8 · 20 %", "5 · 25 %", f'href="/calls/{CALL}"'):
        assert told in page
    assert "Ways on" in page


@pytest.mark.usefixtures("counted")
def test_what_was_counted_at_a_node_that_is_gone_is_still_told(mei: Browser) -> None:
    ways = rows_of(mei.get("/flows/graph"), "ways-table")
    assert ["gone", "goes on", "–", "1", "0 %"] in ways


def test_callers_who_are_there_now_are_shown(mei: Browser, database: Database, menu: GraphNode) -> None:
    with database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.status, call.ended_at = CallStatus.IN_PROGRESS, None
        call.state = {"frames": [{"flow": menu.flow, "node": menu.name}]}
    page = mei.get(f"/flows/graph?node={menu.name}")
    assert "fg-here" in page
    assert "1 here now" in page
    assert next(row[1] for row in rows_of(page, "sort-table") if row[0] == menu.name) == "1"


def test_the_page_follows_changes_and_is_left_alone_without(mei: Browser, database: Database, menu: GraphNode) -> None:
    found = re.search(r'id="graph-watch"[^>]* hx-get="([^"]+)"', mei.get("/flows/graph"))
    assert found
    path = found[1].replace("&amp;", "&")
    assert mei.client.get(path).status_code == 204
    with database.transaction() as rows:
        rows.execute(
            sa.update(Call).where(Call.id == CALL).values(
                status=CallStatus.IN_PROGRESS, ended_at=None,
                state={"frames": [{"flow": menu.flow, "node": menu.name}]},
            )
        )  # fmt: skip
    fresh = mei.client.get(path)
    assert fresh.status_code == 200
    for part in ("graph-watch", "graph-picture", "graph-figures"):
        assert f'id="{part}"' in fresh.text
    assert fresh.text.count('hx-swap-oob="true"') == 2


def test_every_flow_can_be_looked_at_in_both_languages(mei: Browser, hotline: Hotline) -> None:
    for flow in hotline.flows.current.flows:
        assert f"What callers do in “{flow}”" in mei.get(f"/flows/graph?flow={flow}")
    mei.post("/preferences", language="zh-CN", back="/desk")
    page = mei.get("/flows/graph")
    assert "来电人的去向" in page
    assert "菜单" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [("?flow=nowhere", 404), ("?node=nowhere", 404), ("?revision=abc", 404), ("?period=century", 400)],
)
def test_what_is_not_there_is_an_error(mei: Browser, query: str, status: int) -> None:
    assert mei.client.get(f"/flows/graph{query}").status_code == status
    assert mei.client.get(f"/flows/graph/live{query}").status_code == status


def test_agents_may_look_and_strangers_not(app: Flask, mei: Browser) -> None:
    style = mei.fetch("/flows/graph/style.css")
    assert style.mimetype == "text/css"
    stranger = app.test_client()
    for path in ("/flows/graph", "/flows/graph/live", "/flows/graph/style.css"):
        assert mei.client.get(path).status_code == 200
        assert "/sign-in" in stranger.get(path).location
