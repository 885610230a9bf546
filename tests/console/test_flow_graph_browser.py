"""The graph of a flow in a real browser: read in both themes, by keyboard, on a telephone, and while calls come in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from ivr.graph import GraphNode, graph_of
from models import Call, CallStatus, Direction, FlowNodeCount
from tests.console.browsing import CONTRAST, NewPage
from tests.console.rows import CALL
from tests.console.site import Site

pytestmark = pytest.mark.browser

# Words in the picture against the box they stand in, or the picture's own ground.
PICTURE_CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const fill = (element) => getComputedStyle(element).fill;
  const poor = [];
  for (const text of document.querySelectorAll(".flow-graph text, .flow-graph tspan")) {
    const node = text.closest(".fg-node");
    let under = getComputedStyle(text.closest("svg")).backgroundColor;
    if (text.closest(".fg-here-text")) under = fill(node.querySelector(".fg-here"));
    else if (node && fill(node.querySelector(".fg-box")) !== "none") under = fill(node.querySelector(".fg-box"));
    const [bright, dim] = [light(rgb(fill(text))), light(rgb(under))].sort((a, b) => b - a);
    if ((bright + 0.05) / (dim + 0.05) < 4.5) poor.push(`${text.textContent}: ${fill(text)} on ${under}`);
  }
  return poor;
}"""


def menu(here: Site) -> GraphNode:
    hotline = here.hotline
    graph = graph_of(hotline.flows.current, hotline.settings.callflows.entry)
    return [node for node in graph.nodes if node.kind == "menu"][-1]


def counted(here: Site, entries: int) -> None:
    node = menu(here)
    today = datetime.now(UTC).astimezone(ZoneInfo(here.hotline.settings.utility.time_zone)).date()
    with here.hotline.database.transaction() as rows:
        rows.merge(
            FlowNodeCount(
                flow=node.flow, day=today, revision_id=here.hotline.flows.current.revision, node=node.name,
                language="en", direction=Direction.INBOUND, entries=entries, inputs=40, no_matches=20, hang_ups=30,
                last_call_id=CALL,
            )
        )  # fmt: skip


def caller_is_there(here: Site) -> None:
    node = menu(here)
    with here.hotline.database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.status, call.ended_at = CallStatus.IN_PROGRESS, None
        call.state = {"frames": [{"flow": node.flow, "node": node.name}]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read_in_both_themes(here: Site, new_page: NewPage, scheme: str) -> None:
    counted(here, 100)
    caller_is_there(here)
    page = new_page("mei", color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{here.url}/flows/graph?node={menu(here).name}")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
    expect(page.locator(".fg-here-text")).to_have_text("1")
    assert page.evaluate(PICTURE_CONTRAST) == []
    assert [text for text in page.evaluate(CONTRAST) if " fg-" not in text and "SVGAnimated" not in text] == []


def test_a_node_is_opened_by_keyboard(here: Site, new_page: NewPage) -> None:
    counted(here, 100)
    node = menu(here)
    page = new_page("mei")
    page.goto(f"{here.url}/flows/graph")
    page.locator(f'[id="fg:{node.id}"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"node={node.name}"))
    expect(page.locator("#node-title")).to_have_text(node.name)
    expect(page.locator("#node")).to_contain_text("30 · 30 %")
    page.get_by_role("link", name="Came").press("Enter")
    page.wait_for_url(re.compile("sort=-came"))
    expect(page.locator("#sort-table tbody tr").first).to_contain_text(node.name)


def test_the_picture_follows_the_calls_and_stays_where_it_was(here: Site, new_page: NewPage) -> None:
    counted(here, 100)
    node = menu(here)
    page = new_page("mei", viewport={"width": 900, "height": 500})
    page.goto(f"{here.url}/flows/graph")
    page.wait_for_function("document.body.classList && window.htmx")
    frame = page.locator(".graph-scroll")
    frame.evaluate("frame => { frame.scrollTop = 150; frame.scrollLeft = 40; }")
    link = page.locator(f'[id="fg:{node.id}"]')
    link.evaluate("link => link.focus({ preventScroll: true })")
    caller_is_there(here)
    counted(here, 4321)
    page.evaluate("window.htmx.trigger(document.body, 'hotline:changed')")
    expect(link).to_contain_text("4,321")
    expect(link.locator(".fg-here-text")).to_have_text("1")
    assert frame.evaluate("frame => [frame.scrollTop, frame.scrollLeft]") == [150, 40]
    expect(link).to_be_focused()


@pytest.mark.parametrize("user", ["mei", "li"])
def test_the_page_fits_on_a_telephone_in_both_languages(here: Site, new_page: NewPage, user: str) -> None:
    counted(here, 100)
    page = new_page(user, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for query in ("", f"?node={menu(here).name}", "?size=fit"):
        page.goto(f"{here.url}/flows/graph{query}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, query
