"""The window of an agent's phone: lost, opened twice, loaded again, closed; and that all of it can be read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import (
    expect,
)

from tests.console.agent_at_work.desks import OTHER, WAITS, Open, bar, talks
from tests.console.agent_gateway import (
    AgentGateway,
    caption,
    wait,
    waiting,
    waits,
)
from tests.console.browsing import CONTRAST
from tests.console.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agent-browser")]


def test_a_lost_connection_comes_back_with_the_call_or_says_that_it_is_gone(
    at_work: Open, gateway: AgentGateway
) -> None:
    desk = at_work()
    talks(desk, gateway)
    gateway.say(caption("caller", "hello"))
    gateway.gives_back = WAITS
    gateway.drop()
    gateway.hears("ready")
    expect(bar(desk.page)).to_have_attribute("data-phase", "on")
    expect(bar(desk.page)).to_have_attribute("data-mode", "talk")
    expect(desk.phone.locator(".heard-line")).to_have_count(1)
    gateway.sound.clear()
    wait(lambda: len(gateway.sound) > 20)
    gateway.gives_back = None
    gateway.drop()
    gateway.hears("ready")
    expect(desk.phone.locator("[data-a=notice]")).to_contain_text("while your connection was away")
    expect(bar(desk.page)).to_have_attribute("data-line", "ready")


def test_a_second_window_takes_over_and_the_first_is_told(at_work: Open, gateway: AgentGateway, here: Site) -> None:
    desk = at_work()
    second = desk.context.new_page()
    second.goto(f"{here.url}/agent")
    expect(second.locator("#agent-elsewhere")).to_be_visible()
    second.locator("[data-do=start]").click()
    expect(desk.phone.locator("h1")).to_have_text("In use elsewhere")
    expect(desk.phone.locator("[data-a=why]")).to_contain_text("has gone quiet")
    expect(second.locator("#agent-phone")).to_have_attribute("data-phase", "on")
    expect(second.locator("#agent-elsewhere")).to_be_hidden()
    gateway.say(waiting(waits(WAITS)))
    expect(bar(desk.page)).to_contain_text("+86 138 0013 8002")  # the bar follows the window that is at work


def test_a_reload_of_the_window_goes_on_with_shift_and_call(at_work: Open, gateway: AgentGateway) -> None:
    desk = at_work()
    talks(desk, gateway)
    desk.phone.on("dialog", lambda dialog: dialog.accept())  # "Leave the page?", in the middle of a call
    gateway.gives_back = WAITS
    desk.phone.reload()
    gateway.hears("ready")
    expect(desk.phone.locator("h1")).to_have_text("On a call")
    expect(bar(desk.page)).to_have_attribute("data-mode", "talk")


def test_closing_the_window_and_signing_out_end_the_shift(at_work: Open, gateway: AgentGateway) -> None:
    desk = at_work()
    expect(desk.phone.get_by_role("button", name="Switch sound on")).to_be_hidden()  # nothing was pressed there
    desk.phone.close()
    expect(bar(desk.page)).to_contain_text("Phone is off")
    with desk.context.expect_page() as opened:
        bar(desk.page).get_by_role("link", name="Start shift").click()
    phone = opened.value
    expect(bar(desk.page)).to_have_attribute("data-phase", "on")
    desk.page.get_by_role("button", name="Mei Chen").click()
    desk.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(phone.locator("h1")).to_have_text("Phone is off")


@pytest.mark.parametrize(("user", "scheme"), [("mei", "light"), ("li", "dark")])
def test_everything_can_be_read_and_fits_a_telephone(
    at_work: Open, gateway: AgentGateway, here: Site, user: str, scheme: str
) -> None:
    desk = at_work(user, color_scheme=scheme, viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    desk.phone.set_viewport_size({"width": 360, "height": 740})

    def look() -> None:
        for page in (desk.page, desk.phone):
            assert page.evaluate(CONTRAST) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360

    gateway.say(waiting(waits(WAITS), waits(OTHER, danger=True, again=True)))
    expect(desk.phone.locator(".waiting-row")).to_have_count(2)
    look()
    talks(desk, gateway, paused=True)
    gateway.say(caption("caller", "hello"), caption("agent", "I am here", partial=True))
    expect(desk.phone.locator(".caller-card")).to_be_visible()
    desk.page.locator("[data-more]").click()
    for summary in desk.phone.locator(".agent-call summary").all()[:2]:
        summary.click()
    look()
    nameless = desk.phone.evaluate(
        """() => Array.from(document.querySelectorAll("button, a[href], input:not([type=hidden]), select"))
          .filter((e) => !e.textContent.trim() && !e.getAttribute("aria-label") && !(e.labels && e.labels.length))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    if user == "li":
        for button in desk.phone.locator("button:visible, h1, h2, summary").all():
            words = button.inner_text()
            assert not words.strip() or re.search(r"[\u4e00-\u9fff\d*#✱]", words), words
