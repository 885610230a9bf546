"""The browser of an agent at work: what a test does with it, and waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import (
    BrowserContext,
    Locator,
    Page,
    expect,
)

from tests.console.agent_gateway import (
    AgentGateway,
    joined,
    line,
    room,
)

WAIT_MS = 15_000
WAITS, OTHER = "0" * 31 + "2", "0" * 31 + "3"


@dataclass
class Desk:
    """A browser of somebody at work: the page of the desk, and the phone in its window once it is open."""

    context: BrowserContext
    page: Page
    phone: Page

    def state(self) -> str:
        return self.phone.locator("h1").inner_text()


Open = Callable[..., Desk]


def bar(page: Page) -> Locator:
    return page.locator("#agent-bar")


def talks(desk: Desk, gateway: AgentGateway, call: str = WAITS, **more: object) -> None:
    gateway.say(line("talking", call), joined(call, **more), room(call, ("mei", "Mei Chen", "talk")))
    for shown in (desk.phone.locator("#agent-phone"), bar(desk.page)):
        expect(shown).to_have_attribute("data-mode", "talk")


def says_nothing(desk: Desk, gateway: AgentGateway) -> None:
    """Waits until no sound comes for a while; what was under way may come first."""
    for _ in range(30):
        gateway.sound.clear()
        desk.phone.wait_for_timeout(300)
        if not gateway.sound:
            return
    raise AssertionError(f"{len(gateway.sound)} frames are still coming")
