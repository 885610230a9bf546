"""Pages of the console in a real browser."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page

from tests.console.rows import PASSWORD
from tests.console.site import Site

NewPage = Callable[..., Page]

CONTRAST: Final = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8").partition("\n")[2]
"""A script: which words of the page are hard to read on what is under them."""


def sign_in(page: Page, url: str, user: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("#username", user)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/desk")


@contextlib.contextmanager
def pages(chromium: Browser, here: Site) -> Iterator[NewPage]:
    """Opens pages; afterwards none may have met an error of a script or of the content policy."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def make(user: str | None = None, **options: object) -> Page:
        context = chromium.new_context(**{"locale": "en", "viewport": {"width": 1280, "height": 860}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "console", lambda message: troubles.append(message.text) if "Content Security" in message.text else None
        )
        if user:
            sign_in(page, here.url, user)
        return page

    yield make
    for context in contexts:
        context.close()
    assert troubles == []
