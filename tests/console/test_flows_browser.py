"""Flows and storm mode in a real browser: by keyboard, in both themes, on a telephone, and pages that change alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from ivr import flow_drafts, publishing, storm
from models import FlowRevision
from tests.console.browsing import CONTRAST, NewPage
from tests.console.site import Site, gateway

pytestmark = pytest.mark.browser
PAGES = ("/flows", "/flows/publications/1", "/flows/diff?a=current&b=draft-1", "/flows/drafts/1")


def switch(here: Site, on: bool) -> None:
    with here.hotline.database.transaction() as rows:
        storm.switch(rows, on, actor="sun", reason="typhoon" if on else "", now=datetime.now(UTC))


def draft(here: Site) -> None:
    """Draft 1 says sorry otherwise, and has a fault at the end of shared.yaml."""
    with here.hotline.database.transaction() as rows:
        current = publishing.current_publication(rows)
        assert current is not None
        files = dict(rows.get_one(FlowRevision, current.revision_id).files)
        files["shared.yaml"] = files["shared.yaml"].replace("Sorry,", "So sorry,") + "nonsense: 1\n"
        flow_drafts.begin_draft(rows, files, current.revision_id, author="sun", note="kinder", now=datetime.now(UTC))


def test_a_fault_is_found_at_its_line_mended_and_the_draft_published(here: Site, new_page: NewPage) -> None:
    draft(here)
    page = new_page("sun")
    page.goto(f"{here.url}/flows/drafts/1")
    text = page.locator("#flow-text")
    lines = text.input_value().split("\n")
    number = lines.index("nonsense: 1") + 1
    expect(page.locator(".has-fault")).to_have_text(str(number))
    page.locator(f'a[data-line="{number}"]').click()
    expect(text).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("no faults")).to_be_visible()
    page.get_by_role("button", name="Publish for new calls").click()
    expect(page.get_by_role("status").first).to_contain_text("Published")
    assert here.hotline.flows.current.revision != here.hotline.flows.revision(first(here)).revision


def first(here: Site) -> str:
    with here.hotline.database.reading() as rows:
        return publishing.publication_named(rows, "1").revision_id


def test_changes_are_stepped_through_by_keyboard(here: Site, new_page: NewPage) -> None:
    draft(here)
    page = new_page("mei")
    page.goto(f"{here.url}/flows/diff?a=current&b=draft-1")
    assert page.locator("[data-hunk]").count() >= 2
    page.keyboard.press("n")
    expect(page.locator("[data-hunk]").first).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("[data-hunk]").nth(1)).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator("[data-hunk]").first).to_be_focused()


def test_storm_mode_is_switched_by_hand_and_seen_on_pages_that_are_open(here: Site, new_page: NewPage) -> None:
    with gateway(here):
        agent, sun = new_page("mei"), new_page("sun")
        expect(agent.locator("#live")).to_have_attribute("data-state", "on")
        expect(agent.get_by_text("Storm mode is on")).to_have_count(0)
        sun.goto(f"{here.url}/flows")
        sun.fill("#reason", "typhoon")
        sun.get_by_label("Yes, for every caller").check()
        sun.get_by_role("button", name="Switch storm mode on").click()
        expect(sun.locator(".storm-banner")).to_contain_text("typhoon")
        expect(agent.locator(".storm-banner")).to_contain_text("typhoon")
        sun.get_by_label("Yes, back to the usual").check()
        sun.get_by_role("button", name="Switch storm mode off").click()
        expect(agent.locator(".storm-banner")).to_have_count(0)


def test_what_is_typed_and_not_saved_is_asked_about(here: Site, new_page: NewPage) -> None:
    draft(here)
    page = new_page("sun")
    page.goto(f"{here.url}/flows/drafts/1")
    page.locator("#flow-text").press_sequentially("x")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name=re.compile("Desk")).click(no_wait_after=True)
    expect(page).to_have_url(re.compile("/flows/drafts/1"))
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_themes(here: Site, new_page: NewPage, scheme: str) -> None:
    draft(here)
    switch(here, True)
    page = new_page("sun", color_scheme=scheme, reduced_motion="reduce")
    for path in PAGES:
        page.goto(f"{here.url}{path}")
        assert page.evaluate(CONTRAST) == [], path
    switch(here, False)
    page.goto(f"{here.url}/flows")
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("user", ["sun", "li"])
def test_everything_fits_on_a_telephone_in_both_languages(here: Site, new_page: NewPage, user: str) -> None:
    draft(here)
    switch(here, True)
    page = new_page(user, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for path in PAGES:
        page.goto(f"{here.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
