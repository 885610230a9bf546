"""The browser of the tests, as Debian installs it; nothing of it asks the network."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Browser, Playwright

FAKE_MICROPHONE: Final = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""It beeps once a second, and nobody is asked whether it may be used."""

_ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def launch(playwright: Playwright, *arguments: str) -> Browser:
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*_ARGUMENTS, *arguments])
