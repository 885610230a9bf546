"""A caller's browser, an agent's and a supervisor's, against the real web and gateway: who hears whom."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect, sync_playwright

from speech.audio import mulaw_to_pcm, speech_level_dbfs
from tests.chromium import FAKE_MICROPHONE, launch
from tests.console.browsing import sign_in
from tests.media.house import House, house
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agent-browser")]
WAIT_MS = 20_000
AUDIBLE_DBFS = -45.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house") / "home", free_port(2)) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, *FAKE_MICROPHONE)
        expect.set_options(timeout=WAIT_MS)
        yield browser
        expect.set_options(timeout=5000)
        browser.close()


class Heard:
    """How loud each frame was that came in on the sockets of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loud: list[float] = []
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._frame)

    def _frame(self, payload: str | bytes) -> None:
        message = json.loads(payload)
        if message.get("event") == "media":
            self.loud.append(speech_level_dbfs(mulaw_to_pcm(b64decode(message["media"]["payload"]))))

    def hears_something(self) -> None:
        self.loud.clear()
        for _ in range(100):
            if any(one > AUDIBLE_DBFS for one in self.loud):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"only silence in {len(self.loud)} frames")

    def hears_nothing(self) -> None:
        """For two beeps of the far end; what is under way may come first."""
        for _ in range(10):
            self.loud.clear()
            self.page.wait_for_timeout(2200)
            if len(self.loud) > 20 and not any(one > AUDIBLE_DBFS for one in self.loud):
                return
        raise AssertionError(f"still heard, or no frames at all: {self.loud[-20:]}")


def browser_of(chromium: Browser) -> BrowserContext:
    return chromium.new_context(permissions=["microphone"], locale="en")


def at_work(context: BrowserContext, running: House, user: str) -> tuple[Page, Page, Heard]:
    page = context.new_page()
    sign_in(page, running.url, user)
    with context.expect_page() as opened:
        page.locator("[data-open-phone]:visible").click()
    phone = opened.value
    heard = Heard(phone)
    expect(phone.locator("#agent-phone")).to_have_attribute("data-phase", "on")
    return page, phone, heard


def test_a_caller_is_put_through_heard_held_joined_and_given_back(chromium: Browser, running: House) -> None:
    contexts = [browser_of(chromium) for _ in range(3)]
    desk, phone, agent_hears = at_work(contexts[0], running, "tom")
    phone.locator(".agent-switch-wide [data-do=ready]").click()
    expect(phone.locator("#agent-phone")).to_have_attribute("data-line", "ready")

    caller = contexts[1].new_page()
    caller_hears = Heard(caller)
    caller.goto(f"{running.url}/phone")
    caller.click("#call")
    expect(caller.locator("#talk")).to_contain_text("Welcome")
    caller.keyboard.press("0")
    bar = desk.locator("#agent-bar")
    expect(bar.locator(".waiting-first .waiting-row")).to_contain_text("+86 138 •••• •001")
    desk.keyboard.press("a")
    expect(bar).to_have_attribute("data-mode", "talk")
    desk.wait_for_url("**/calls/*")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Call from")
    expect(phone.locator(".caller-card")).to_contain_text("+86 138 0057 1001")  # who talks with them sees it whole
    agent_hears.hears_something()
    caller_hears.hears_something()

    desk.keyboard.press("m")
    expect(phone.locator("h1")).to_have_text("On a call, muted")
    caller_hears.hears_nothing()
    desk.keyboard.press("m")
    expect(phone.locator("h1")).to_have_text("On a call")
    desk.keyboard.press("h")
    expect(bar).to_have_attribute("data-held", "true")
    agent_hears.hears_nothing()
    caller_hears.hears_something()  # music
    desk.keyboard.press("h")
    expect(bar).to_have_attribute("data-held", "false")

    watched, _their_phone, supervisor_hears = at_work(contexts[2], running, "sun")
    watched.goto(f"{running.url}{desk.url.removeprefix(running.url)}")
    watched.locator("[data-agent-join][data-mode=listen]").click()
    expect(watched.locator("#agent-bar")).to_have_attribute("data-mode", "listen")
    supervisor_hears.hears_something()
    watched.locator("[data-agent-join][data-mode=barge]").click()
    expect(watched.locator("#agent-bar")).to_have_attribute("data-mode", "barge")
    expect(phone.locator("[data-a=people]")).to_contain_text("孙丽")

    phone.close()  # the agent's browser is gone: the caller is first in the line again
    expect(watched.locator("#agent-bar")).to_have_attribute("data-mode", re.compile("barge|^$"))
    with contexts[0].expect_page() as opened:
        desk.get_by_role("link", name="Start shift").click()
    again = opened.value
    again.locator(".agent-switch-wide [data-do=ready]").click()
    expect(again.locator("#agent-phone")).to_have_attribute("data-mode", "talk")  # theirs again, soon enough
    again.wait_for_timeout(800)
    again.get_by_role("button", name="Hang up").click()
    expect(again.locator("#agent-phone")).to_have_attribute("data-mode", "")
    for context in contexts:
        context.close()
