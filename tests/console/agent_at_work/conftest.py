"""A desk whose phone talks to a gateway that says what a test wants it to say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    StorageState,
    expect,
    sync_playwright,
)

from models import Call, CallStatus
from tests.chromium import FAKE_MICROPHONE, launch
from tests.console.agent_at_work.desks import OTHER, WAIT_MS, Desk, Open, bar
from tests.console.agent_gateway import (
    AgentGateway,
    agent_gateway,
)
from tests.console.browsing import sign_in
from tests.console.site import Site, site


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        expect.set_options(timeout=WAIT_MS)
        yield made
        expect.set_options(timeout=5000)


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright, *FAKE_MICROPHONE)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("agents")) as made:
        with made.hotline.database.transaction() as rows:
            live = rows.get_one(Call, OTHER)
            live.status, live.ended_at, live.end_reason = CallStatus.IN_PROGRESS, None, None
        yield made


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, here: Site) -> dict[str, StorageState]:
    """The cookies of everybody who works here."""
    states = {}
    for user in ("mei", "li", "sun"):
        context = chromium.new_context()
        page = context.new_page()
        sign_in(page, here.url, user)
        states[user] = context.storage_state()
        context.close()
    return states


@pytest.fixture
def gateway(here: Site) -> Iterator[AgentGateway]:
    with agent_gateway(here.hotline.settings) as made:
        yield made


@pytest.fixture
def at_work(chromium: Browser, here: Site, gateway: AgentGateway, signed_in: dict[str, StorageState]) -> Iterator[Open]:
    """Starts the shift from the bar; afterwards no page has met an error of a script or of the policy."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def watch(page: Page) -> None:
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)

    def make(user: str = "mei", *, browser: Browser = chromium, ready: bool = True, **options: object) -> Desk:
        wishes = {"permissions": ["microphone"], "locale": "en", "storage_state": signed_in[user], **options}
        context = browser.new_context(**wishes)  # type: ignore[arg-type]
        contexts.append(context)
        context.on("page", watch)
        page = context.new_page()
        page.goto(f"{here.url}/desk")
        with context.expect_page() as opened:
            page.locator("[data-open-phone]:visible").click()  # the one click of the shift
        phone = opened.value
        expect(phone.locator("#agent-phone")).to_have_attribute("data-phase", "on")
        if ready:
            phone.locator(".agent-switch-wide [data-do=ready]").click()
            gateway.hears("ready", by="browser")
            expect(bar(page)).to_have_attribute("data-line", "ready")
        return Desk(context, page, phone)

    yield make
    for context in contexts:
        context.close()
    assert troubles == []
