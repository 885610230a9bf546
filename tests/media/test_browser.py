"""The phone page in a real browser, against the real web, gateway, ears and voice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from models import Channel
from speech.audio import resample, write_wav
from tests.chromium import FAKE_MICROPHONE, launch
from tests.media.call_backs import order
from tests.media.house import House, house
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("phone-browser")]

EMMA, WANG = "+8613800571001", "+8613800571002"
WAIT_MS = 15_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house") / "home", free_port(2)) as made:
        yield made


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright, *FAKE_MICROPHONE)
    yield browser
    browser.close()


Open = Callable[..., Page]


def _is_fault(message: ConsoleMessage) -> bool:
    """A gateway that is away and a number that is none are said on the page; browsers complain of them as well."""
    expected = ("WebSocket", "422 (UNPROCESSABLE")
    return message.type == "error" and not any(words in message.text for words in expected)


@pytest.fixture
def open_phone(chromium: Browser, running: House) -> Iterator[Open]:
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_(browser: Browser = chromium, **options: object) -> Page:
        context = browser.new_context(**{"permissions": ["microphone"], "locale": "en", **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if _is_fault(message) else None)
        page.goto(f"{running.url}/phone")
        expect(page.locator("#presence")).to_have_attribute("data-on", "yes", timeout=WAIT_MS)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not faults


def talk(page: Page) -> str:
    return page.locator("#talk").inner_text()


def in_call(page: Page) -> None:
    expect(page.locator("#phone")).to_have_attribute("data-state", "talking", timeout=WAIT_MS)


def hears(page: Page, words: str) -> None:
    expect(page.locator("#talk")).to_contain_text(re.compile(words), timeout=WAIT_MS)


def test_a_call_by_keys_and_typed_words(open_phone: Open) -> None:
    page = open_phone()
    page.click("#call")
    in_call(page)
    hears(page, "Welcome to Riverbend")
    page.keyboard.press("1")
    hears(page, "no power at all")
    expect(page.locator("#digits")).to_have_text("1")
    page.get_by_label("Type instead of speaking").fill("everything is out")
    page.get_by_role("button", name="Say").click()
    expect(page.locator("#talk .said-caller").last).to_contain_text("everything is out")
    page.locator('.key[data-digit="0"]').click()
    page.get_by_role("button", name="Hang up").click()
    expect(page.locator("#state")).to_have_text("The call has ended.")
    expect(page.locator("#call")).to_be_visible()


def test_spoken_words_are_understood(open_phone: Open, running: House, playwright: Playwright, tmp_path: Path) -> None:
    words = running.gateway.parts.voice.pcm("report an outage", "en")
    file = tmp_path / "microphone.wav"
    write_wav(file, resample(bytes(16_000 * 2) + words + bytes(16_000 * 8), 8000, 48_000), 48_000)
    browser = launch(playwright, *FAKE_MICROPHONE, f"--use-file-for-fake-audio-capture={file}")
    page = open_phone(browser)
    page.click("#call")
    expect(page.locator("#talk .said-caller:not(.said-partial)").first).to_contain_text("outage", timeout=30_000)
    hears(page, "Do you see a wire")
    page.click("#hang-up")
    browser.close()


def test_a_call_back_rings_is_answered_and_heard(open_phone: Open, running: House) -> None:
    page = open_phone()
    page.click("#unlock-button")
    order(running.hotline.database, running.hotline.runner, Channel.BROWSER, EMMA, "rings")
    expect(page.get_by_role("alertdialog")).to_be_visible(timeout=WAIT_MS)
    assert "Incoming call" in page.title()
    page.get_by_role("button", name="Answer").dblclick()
    in_call(page)
    hears(page, "Welcome")
    expect(page.locator("#digits")).to_have_text("")  # the second click has pressed nothing
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    page.click("#hang-up")


def test_two_phones_of_one_number_ring_and_one_wins(open_phone: Open, running: House) -> None:
    one, two = open_phone(), open_phone()
    order(running.hotline.database, running.hotline.runner, Channel.BROWSER, EMMA, "two")
    for page in (one, two):
        expect(page.get_by_role("alertdialog")).to_be_visible(timeout=WAIT_MS)
    one.get_by_role("button", name="Answer").click()
    in_call(one)
    expect(two.get_by_role("alertdialog")).to_be_hidden(timeout=WAIT_MS)
    expect(two.locator("#state")).to_have_text("Answered on another phone.")
    one.click("#hang-up")


def test_a_declined_call_stops_ringing(open_phone: Open, running: House) -> None:
    page = open_phone()
    order(running.hotline.database, running.hotline.runner, Channel.BROWSER, EMMA, "declined")
    page.get_by_role("button", name="Decline").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden(timeout=WAIT_MS)
    expect(page.locator("#state")).to_have_text("Call declined.")


def test_the_phone_returns_by_itself_when_the_gateway_was_away(open_phone: Open, running: House) -> None:
    page = open_phone()
    page.click("#call")
    hears(page, "Welcome")
    page.keyboard.press("1")
    hears(page, "no power at all")
    running.gateway.stop()
    expect(page.locator("#phone")).to_have_attribute("data-state", "returning", timeout=WAIT_MS)
    running.gateway.start()
    in_call(page)
    expect(page.locator("#talk .said-hotline").last).to_contain_text("no power at all", timeout=WAIT_MS)
    expect(page.locator("#presence")).to_have_attribute("data-on", "yes", timeout=WAIT_MS)
    page.click("#hang-up")


def test_a_page_reloaded_in_a_call_can_return_to_it(open_phone: Open) -> None:
    page = open_phone()
    page.click("#call")
    hears(page, "Welcome")
    page.reload()
    page.click("#return-button")
    in_call(page)
    hears(page, "Welcome")
    page.click("#hang-up")


def test_without_a_microphone_keys_and_typing_are_left(open_phone: Open, playwright: Playwright) -> None:
    browser = launch(playwright)
    page = open_phone(browser, permissions=[])
    page.click("#call")
    hears(page, "No microphone")
    in_call(page)
    page.keyboard.press("1")
    hears(page, "no power at all")
    page.click("#hang-up")
    browser.close()


def test_in_chinese_as_a_chinese_caller(open_phone: Open) -> None:
    page = open_phone(locale="zh-CN", color_scheme="dark", viewport={"width": 390, "height": 844})
    page.check(f"input[value='{WANG}']")
    page.click("#call")
    in_call(page)
    hears(page, "河湾县供电公司")
    expect(page.locator("#state")).not_to_have_text("Connected")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.click("#hang-up")


def test_another_number_must_be_one(open_phone: Open) -> None:
    page = open_phone()
    page.fill("#number", "12")
    page.locator("#number").blur()
    expect(page.locator("#number-error")).to_be_visible(timeout=WAIT_MS)
    page.fill("#number", "138 0057 1009")
    page.locator("#number").blur()
    expect(page.locator("#presence-text")).to_contain_text("+8613800571009", timeout=WAIT_MS)
    expect(page.locator("#number-error")).to_be_hidden()
