"""The player of a call's recording, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from models import AuditEvent
from recording_store import RecordingStore
from tests.console.browsing import CONTRAST, NewPage
from tests.console.call_sounds import SOUND, record, sound
from tests.console.rows import CALL
from tests.console.site import Site, gateway

pytestmark = pytest.mark.browser


def opened(page: Page, here: Site) -> Page:
    page.goto(f"{here.url}/calls/{CALL}")
    expect(page.locator("[data-caller]")).to_have_attribute("d", re.compile(r"^M0 50L.{1000}"))
    return page


def now_s(page: Page) -> float:
    minutes, seconds = page.locator("[data-now]").inner_text().split(":")
    return 60 * int(minutes) + int(seconds)


def plays(here: Site) -> int:
    with here.hotline.database.reading() as rows:
        return rows.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "recording.played")) or 0


def test_a_call_is_played_sought_and_read_along(here: Site, new_page: NewPage) -> None:
    record(here.hotline)
    page = opened(new_page("sun"), here)
    assert plays(here) == 0  # looking at it is no play
    expect(page.locator("[data-all]")).to_have_text("0:24")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.locator(".said button[aria-current]")).to_contain_text("may be recorded")
    line = page.get_by_role("button", name=re.compile("my power is out"))
    line.click()
    expect(line).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-wave]")).to_have_attribute("aria-valuetext", re.compile(r"0:0[67] of 0:24"))
    page.locator("[data-wave]").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert plays(here) == 1
    page.keyboard.press("Space")  # from the beginning: another play
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert plays(here) == 2


def test_the_wave_form_is_a_slider_for_keys_and_for_a_pointer(here: Site, new_page: NewPage) -> None:
    record(here.hotline)
    page = opened(new_page("sun"), here)
    wave = page.get_by_role("slider")
    wave.focus()
    for key, second in (("ArrowRight", 5), ("ArrowUp", 10), ("ArrowLeft", 5), ("PageUp", 24), ("Home", 0)):
        page.keyboard.press(key)
        expect(wave).to_have_attribute("aria-valuenow", str(second))
    box = wave.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(wave).to_have_attribute("aria-valuenow", "12")
    expect(page.locator("rect.left-out")).to_have_count(1)


def test_the_shortcut_plays_and_speed_is_kept(here: Site, new_page: NewPage) -> None:
    record(here.hotline)
    page = opened(new_page("sun"), here)
    page.select_option("[data-speed]", "2")
    page.locator("h1").click()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.locator("[data-speed]")).to_have_value("2")


def test_a_panel_that_changes_while_it_plays_does_not_stop_it(here: Site, new_page: NewPage) -> None:
    record(here.hotline, running=True)
    page = opened(new_page("sun"), here)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.evaluate("document.querySelector('#sound').setAttribute('data-was', 'here')")
    expect(page.locator("#sound[data-was]")).to_have_count(0)  # a play was written down: the panel says so
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.get_by_text("Being recorded", exact=True)).to_be_visible()


def test_what_a_call_in_progress_has_said_since_is_heard_from_there(here: Site, new_page: NewPage) -> None:
    record(here.hotline, running=True, seconds=8)
    page = opened(new_page("sun"), here)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.locator("[data-all]")).to_have_text("0:08")
    page.get_by_role("button", name="Pause", exact=True).click()
    writer = RecordingStore.of(here.hotline.settings).go_on(f"{SOUND}.wav")
    writer.append(sound(32))
    writer.close()
    line = page.get_by_role("button", name=re.compile("this is Mei"))  # at 22 s of the call, 21 s of its recording
    line.click()
    expect(line).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.locator("[data-now]")).to_have_text(re.compile(r"0:[23]\d"))
    assert plays(here) == 1


def test_a_recording_that_is_gone_says_so(here: Site, new_page: NewPage) -> None:
    record(here.hotline)
    page = opened(new_page("sun"), here)
    for file in (here.hotline.settings.home / "recordings").iterdir():
        file.unlink()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("This recording is not kept any more.")).to_be_visible()


def test_words_of_a_call_in_progress_appear_as_they_are_said(here: Site, new_page: NewPage) -> None:
    record(here.hotline, running=True)
    with gateway(here) as serving:
        page = new_page("sun")
        page.goto(f"{here.url}/calls/{CALL}")
        live = page.locator("[data-live-lines]")

        def tell(text: str, *, partial: bool) -> None:
            line = {"speaker": "caller", "text": text, "language": "en", "private": False, "partial": partial}
            serving.said(CALL, line)

        for _ in range(100):
            tell("there are", partial=True)
            if live.get_by_text("there are …").count():
                break
            page.wait_for_timeout(100)
        expect(live.get_by_text("there are …")).to_be_visible()
        tell("there are sparks", partial=False)
        expect(live.get_by_text("there are sparks", exact=True)).to_be_visible()
        expect(live.get_by_text("there are …")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh-CN", 360)])
def test_it_is_legible_in_both_themes_and_on_a_phone(
    here: Site, new_page: NewPage, theme: str, language: str, width: int, tmp_path: Path
) -> None:
    record(here.hotline)
    page = new_page("sun", color_scheme=theme, viewport={"width": width, "height": 900})
    if language != "en":
        page.request.post(
            f"{here.url}/preferences",
            form={"language": language, "csrf_token": page.locator("[name=csrf_token]").first.input_value()},
        )
    opened(page, here)
    page.locator("[data-toggle]").click()
    expect(page.locator(".said button[aria-current]")).to_have_count(1)
    page.locator("[data-toggle]").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / f"{theme}-{language}.png", full_page=False)
    assert page.evaluate(CONTRAST) == []
