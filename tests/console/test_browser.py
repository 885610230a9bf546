"""What an agent sees and does, in a real browser."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Route, expect
from sqlalchemy.orm import Session

from callqueue import tickets
from models import Ticket, TicketEvent, TicketStage, User
from tests.console.browsing import CONTRAST, NewPage
from tests.console.rows import CALL, DANGER, FAULT, PASSWORD
from tests.console.site import Site, gateway

pytestmark = pytest.mark.browser


def ticket(here: Site, ticket_id: int = DANGER) -> Ticket:
    with here.hotline.database.reading() as rows:
        return rows.get_one(Ticket, ticket_id)


def opens(here: Site, subject: str, *, danger: bool = False) -> None:
    """A caller opens a ticket."""
    now = datetime.now(UTC)
    with here.hotline.database.transaction() as rows:
        made = Ticket(type="fault", danger=danger, subject=subject, language="en", details={}, dedupe_key=subject,
                      callback_number="+8613900000000", created_at=now, queued_at=now)  # fmt: skip
        rows.add(made)
        rows.flush()
        rows.add(TicketEvent(ticket_id=made.id, kind="opened", actor="caller", at=now, data={}))


def the_user(rows: Session, name: str) -> User:
    return rows.scalars(sa.select(User).where(User.username == name)).one()


def claims(here: Site, user: str, ticket_id: int) -> None:
    with here.hotline.database.transaction() as rows:
        tickets.claim(rows, ticket_id, the_user(rows, user), datetime.now(UTC))


def test_an_agent_signs_in_claims_notes_and_closes(here: Site, new_page: NewPage) -> None:
    page = new_page()
    page.goto(here.url)
    page.get_by_role("link", name="I answer callers").click()
    page.get_by_role("button", name="Mei Chen").click()
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    page.get_by_role("button", name="Claim ticket 1").click()
    expect(page.get_by_text("You have it")).to_be_visible()
    page.fill("#note", "Crew 7 is on its way.")
    page.get_by_role("button", name="Keep note").click()
    expect(page.locator(".is-note")).to_contain_text("Crew 7 is on its way.")
    page.wait_for_load_state()  # a form has brought a new page, whose scripts may come after its text
    page.locator(".phrase").first.click()
    expect(page.locator("#result")).to_have_value("抢修人员已排除故障，您家已恢复供电。")
    page.get_by_role("button", name="Close and call back").click()
    expect(page.get_by_role("status").first).to_contain_text("being called back")
    assert ticket(here).stage is TicketStage.CALLING_BACK


def test_the_same_with_the_keyboard_alone(here: Site, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{here.url}/sign-in")
    page.keyboard.type("mei")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    page.keyboard.press("?")
    expect(page.locator("#shortcut-sheet")).to_contain_text("Claim the selected ticket")
    page.keyboard.press("Escape")
    for _ in range(4):
        page.keyboard.press("j")
    expect(page.locator(".queue-row.selected")).to_have_attribute("data-ticket", str(FAULT))
    page.keyboard.press("c")
    page.wait_for_url(f"**/desk/tickets/{FAULT}")
    page.keyboard.press("n")
    page.keyboard.type("callers rang twice")  # c, r and the rest are letters here
    page.keyboard.press("Control+Enter")
    expect(page.locator(".is-note")).to_contain_text("callers rang twice")
    page.keyboard.press("e")
    page.keyboard.type("A crew has repaired the fault.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/desk")
    assert ticket(here, FAULT).result == "A crew has repaired the fault."
    page.keyboard.press("2")
    page.wait_for_url("**tab=mine")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()


def test_single_keys_can_be_turned_off(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    page.keyboard.press("?")
    page.get_by_role("button", name="Turn single-key shortcuts off").click()
    page.wait_for_load_state()
    expect(page.locator("body")).to_have_attribute("data-shortcuts", "off")
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(page.locator("#shortcut-sheet")).to_be_hidden()
    assert page.url.endswith("/desk")
    assert ticket(here).stage is TicketStage.OPEN


def test_new_tickets_appear_without_a_reload_and_are_announced(here: Site, new_page: NewPage) -> None:
    with gateway(here):
        page = new_page("mei")
        expect(page.locator("#live")).to_have_attribute("data-state", "on")
        expect(page.locator(".live-text")).to_have_text("Live")
        opens(here, "A pole is leaning")
        expect(page.locator(".queue")).to_contain_text("A pole is leaning")
        expect(page.locator("#announce")).to_contain_text("A pole is leaning")
        opens(here, "A wire is down", danger=True)
        expect(page.locator("#announce-now")).to_contain_text("New danger ticket")
        assert "A wire is down" in page.locator(".queue-row").nth(1).inner_text()
        expect(page).to_have_title(re.compile(r"^\(6\) Desk"))


def test_without_the_gateway_the_page_asks_by_itself_and_comes_back(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    expect(page.locator(".live-text")).to_have_text("Every 10 s")
    opens(here, "A pole is leaning")
    expect(page.locator(".queue")).to_contain_text("A pole is leaning", timeout=15_000)
    opens(here, "Missed meanwhile")
    with gateway(here):
        expect(page.locator(".live-text")).to_have_text("Live", timeout=45_000)
        expect(page.locator(".queue")).to_contain_text("Missed meanwhile")
    expect(page.locator(".live-text")).to_have_text("Every 10 s", timeout=15_000)


def test_two_agents_want_the_same_ticket(here: Site, new_page: NewPage) -> None:
    with gateway(here):
        mei, tom = new_page("mei"), new_page("tom")
        tom.goto(f"{here.url}/desk/tickets/{DANGER}")
        tom.fill("#note", "I was writing this")
        expect(tom.locator(".live-text")).to_have_text("Live")
        claims(here, "mei", DANGER)
        expect(tom.locator("#panel-head")).to_contain_text("Mei Chen has it")
        expect(mei.locator(".queue")).not_to_contain_text("No. 1")
        expect(tom.locator("#note")).to_have_value("I was writing this")
        expect(tom.get_by_role("button", name="Claim")).to_be_hidden()
    stale = new_page("li")
    stale.goto(f"{here.url}/desk")
    claims(here, "tom", FAULT)
    stale.get_by_role("button", name="领取工单 2").click()
    expect(stale.get_by_role("status").first).to_contain_text("Tom Baker 已先一步领取该工单")


def test_a_draft_survives_a_reload(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    page.goto(f"{here.url}/desk/tickets/{DANGER}")
    page.keyboard.press("c")
    expect(page.locator("#result")).to_be_visible()
    page.fill("#result", "抢修人员已到现场")
    expect(page.locator("#result-draft")).to_have_text("Draft saved")
    expect(page.locator("#result-left")).to_have_text("8 / 300")
    page.reload()
    expect(page.locator("#result")).to_have_value("抢修人员已到现场")


def test_what_is_written_before_the_page_is_all_there_has_a_draft(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    claims(here, "mei", DANGER)
    held: list[Route] = []
    page.route("**/htmx.min.js*", lambda route: held.append(route))
    page.goto(f"{here.url}/desk/tickets/{DANGER}", wait_until="commit")
    page.fill("#result", "抢修人员已到现场")
    assert held
    held.pop().continue_()
    expect(page.locator("#result-draft")).to_have_text("Draft saved")
    expect(page.locator("#result-left")).to_have_text("8 / 300")


def test_what_is_written_just_before_a_change_around_it_has_a_draft(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    claims(here, "mei", DANGER)
    page.goto(f"{here.url}/desk/tickets/{DANGER}")
    with here.hotline.database.transaction() as rows:
        tickets.note(rows, DANGER, the_user(rows, "tom"), "The caller rang again.", datetime.now(UTC))
    page.locator("#result").evaluate(
        "field => { field.value = '抢修人员已到现场'; field.dispatchEvent(new Event('input', { bubbles: true }));"
        " htmx.trigger(document.body, 'hotline:changed'); }"  # before the half second of the draft is over
    )
    expect(page.locator(".is-note")).to_contain_text("The caller rang again.")
    expect(page.locator("#result-draft")).to_have_text("Draft saved")
    page.reload()
    expect(page.locator("#result")).to_have_value("抢修人员已到现场")


def test_a_draft_that_is_not_kept_is_said(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    page.goto(f"{here.url}/desk/tickets/{DANGER}")
    page.context.set_offline(True)
    page.fill("#note", "Nobody hears me")
    expect(page.locator("#note-draft")).to_contain_text("Not saved")


def test_what_is_being_written_survives_changes_around_it(here: Site, new_page: NewPage) -> None:
    with gateway(here):
        page = new_page("mei")
        page.goto(f"{here.url}/desk/tickets/{DANGER}")
        page.keyboard.press("c")
        expect(page.locator(".live-text")).to_have_text("Live")
        page.focus("#result")
        page.keyboard.type("half a sen")
        with here.hotline.database.transaction() as rows:
            tickets.note(rows, DANGER, the_user(rows, "tom"), "The caller rang again.", datetime.now(UTC))
        expect(page.locator(".is-note")).to_contain_text("The caller rang again.")
        expect(page.locator("#result")).to_be_focused()
        page.keyboard.type("tence")
        expect(page.locator("#result")).to_have_value("half a sentence")


def test_a_result_in_the_wrong_language_is_asked_about(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    page.goto(f"{here.url}/desk/tickets/{DANGER}")
    page.keyboard.press("c")
    page.fill("#result", "Your power is back.")
    page.wait_for_load_state()
    page.press("#result", "Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("The caller speaks Chinese")
    page.check("#sure")
    page.get_by_role("button", name="Close and call back").click()
    page.wait_for_url("**/desk")
    assert ticket(here).result == "Your power is back."


def test_a_recording_can_be_heard(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    for path in (f"/desk/tickets/{DANGER}", f"/calls/{CALL}"):
        page.goto(f"{here.url}{path}")
        seconds = page.locator("audio").first.evaluate(
            "sound => new Promise(done => { sound.onloadedmetadata = () => done(sound.duration);"
            " sound.preload = 'auto'; sound.load(); })"
        )
        assert 1.9 < seconds < 2.1


def test_a_recording_is_not_cut_off_by_a_change(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    page.goto(f"{here.url}/desk/tickets/{DANGER}")
    sound = page.locator("audio").first
    sound.evaluate("sound => { sound.loop = true; return sound.play(); }")
    with here.hotline.database.transaction() as rows:
        rows.get_one(Ticket, DANGER).details = {"description": "said anew"}
    page.evaluate("htmx.trigger(document.body, 'hotline:changed')")
    page.wait_for_timeout(700)
    assert not sound.evaluate("sound => sound.paused")
    expect(page.locator("#panel-said")).not_to_contain_text("said anew")
    sound.evaluate("sound => sound.pause()")
    expect(page.locator("#panel-said")).to_contain_text("said anew")


def test_the_waiting_time_runs_and_turns_late_in_words(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    late = page.locator(f'[data-ticket="{FAULT}"] .wait')
    expect(late).to_contain_text("late")
    clock = page.locator(f'[data-ticket="{DANGER}"] .wait-value')
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)


PAGES = (
    "/",
    "/sign-in",
    "/desk",
    f"/desk/tickets/{DANGER}",
    f"/desk/tickets/{FAULT}",
    "/calls",
    f"/calls/{CALL}",
    "/nowhere",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_themes(here: Site, new_page: NewPage, scheme: str) -> None:
    page = new_page("mei", color_scheme=scheme, reduced_motion="reduce")
    claims(here, "mei", DANGER)
    for path in PAGES:
        page.goto(f"{here.url}{path}")
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        assert page.evaluate(CONTRAST) == [], path
    page.goto(f"{here.url}/desk")
    page.keyboard.press("?")
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Mei Chen").click()
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("user", ["mei", "li"])
def test_everything_fits_on_a_telephone_in_both_languages(here: Site, new_page: NewPage, user: str) -> None:
    page = new_page(user, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    claims(here, user, DANGER)
    for path in PAGES:
        page.goto(f"{here.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.goto(f"{here.url}/desk")
    page.locator(".navbar-toggler").click()
    expect(page.get_by_role("link", name="Calls" if user == "mei" else "通话", exact=True)).to_be_visible()
    page.locator(".navbar-toggler").click()
    page.get_by_role("button", name=re.compile("Claim ticket 4|领取工单 4")).click()
    page.wait_for_url("**/desk/tickets/4")


def test_everything_is_in_chinese_for_who_wants_it(here: Site, new_page: NewPage) -> None:
    page = new_page("li")
    claims(here, "li", DANGER)
    for path in PAGES:
        page.goto(f"{here.url}{path}")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        for button in page.locator("main button, main h1, main h2, main label, main th, main dt").all():
            if not button.is_visible():
                continue
            words = button.inner_text()
            own = button.evaluate("e => !!e.closest('[lang=en], [data-phrase], .values, .commands')")
            named = any(name in words for name in ("John", "Power out"))
            assert own or named or not words.strip() or re.search(r"[\u4e00-\u9fff\d]", words), words


def test_a_page_left_open_after_signing_out_elsewhere_goes_to_sign_in(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    with here.hotline.database.transaction() as rows:
        rows.execute(sa.update(User).where(User.username == "mei").values(session_salt="another"))
    with suppress(PlaywrightError):  # the page may have asked by itself and be on its way already
        page.evaluate("htmx.trigger(document.body, 'hotline:changed')")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/desk$"))  # by whichever of the two came last


def test_controls_have_names_and_landmarks_are_there(here: Site, new_page: NewPage) -> None:
    page = new_page("mei")
    for path in PAGES[2:]:
        page.goto(f"{here.url}{path}")
        assert page.locator("main").count() == 1
        assert page.locator("h1").count() == 1, path
        nameless = page.evaluate(
            """() => Array.from(document.querySelectorAll("button, a[href], input:not([type=hidden]), textarea, audio"))
              .filter((e) => !(e.innerText || "").trim() && !e.textContent.trim() && !e.getAttribute("aria-label")
                             && !(e.labels && e.labels.length)).map((e) => e.outerHTML.slice(0, 120))"""
        )
        assert nameless == []
        doubles = page.evaluate("() => { const ids = Array.from(document.querySelectorAll('[id]'), (e) => e.id);"
                                " return ids.filter((id, at) => ids.indexOf(id) !== at); }")  # fmt: skip
        assert doubles == []
