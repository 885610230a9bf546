"""Calls at an agent's desk: answered, held, passed on, listened in to; the phone in its window and the bar agree."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import (
    expect,
)

from models import AgentLine, LineState
from speech.audio import mulaw_to_pcm, pcm_to_mulaw
from tests.console.agent_at_work.desks import OTHER, WAITS, Open, bar, says_nothing, talks
from tests.console.agent_gateway import (
    AgentGateway,
    caption,
    joined,
    line,
    media,
    room,
    wait,
    waiting,
    waits,
)
from tests.console.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agent-browser")]


def test_a_caller_is_answered_from_the_desk_and_the_talk_outlives_its_pages(
    at_work: Open, gateway: AgentGateway
) -> None:
    desk = at_work()
    gateway.say(waiting(waits(WAITS), waits(OTHER, subject="Danger", danger=True)))
    expect(desk.page.locator("#agent-said")).to_contain_text("A caller is waiting: +86 138 0013 8002 · No power")
    first = bar(desk.page).locator(".waiting-first .waiting-row")
    expect(first).to_contain_text("+86 138 0013 8002")
    expect(desk.phone.locator(".waiting-row")).to_have_count(2)
    expect(desk.phone.locator(".waiting-row").nth(1)).to_contain_text("Danger")
    gateway.say(waiting(waits(WAITS), waits(OTHER, subject="Danger", danger=True, away=True)))
    expect(desk.phone.locator(".waiting-row").nth(1)).to_contain_text("connection lost")
    expect(desk.phone.locator(".waiting-row").nth(1).get_by_role("button")).to_be_disabled()
    expect(desk.page).to_have_title(re.compile("2 waiting"))
    desk.page.keyboard.press("a")
    gateway.hears("answer", call=WAITS)
    gateway.say(line("talking", WAITS), joined(WAITS), room(WAITS, ("mei", "Mei Chen", "talk")))
    desk.page.wait_for_url(f"**/calls/{WAITS}")  # whose call it is is on the screen
    expect(bar(desk.page)).to_have_attribute("data-mode", "talk")
    expect(bar(desk.page)).to_contain_text("On a call")
    expect(desk.phone.locator(".caller-card")).to_contain_text("John Carter")
    gateway.sound.clear()
    desk.page.goto(desk.page.url.replace(f"calls/{WAITS}", "flows"))
    desk.page.reload()
    wait(lambda: len(gateway.sound) > 50)  # a second of it, while pages came and went
    assert all(len(frame) == 160 for frame in gateway.sound)
    assert len(gateway.phones) == 1
    expect(bar(desk.page).locator("[data-a=clock]").first).to_have_text(re.compile(r"0:\d\d"))


def test_mute_hold_keypad_and_hanging_up(at_work: Open, gateway: AgentGateway) -> None:
    desk = at_work()
    talks(desk, gateway)
    desk.page.keyboard.press("m")
    gateway.hears("mute", on=True)
    expect(desk.phone.locator("h1")).to_have_text("On a call, muted")
    gateway.say(joined(WAITS, muted=True))
    says_nothing(desk, gateway)  # nothing is sent that nobody may hear
    desk.phone.keyboard.press("m")
    gateway.hears("mute", on=False)
    gateway.say(joined(WAITS))
    desk.page.keyboard.press("h")
    gateway.hears("hold", on=True)
    gateway.say(joined(WAITS, held=True), room(WAITS, ("mei", "Mei Chen", "talk"), caller="held"))
    expect(bar(desk.page).locator("[data-do=hold]").first).to_have_text(re.compile("Take back"))
    expect(desk.phone.locator("[data-a=caller-state]")).to_contain_text("music")
    gateway.say(joined(WAITS))
    desk.page.keyboard.press("b")
    gateway.hears("pause_recording", on=True)
    gateway.say(joined(WAITS, paused=True))
    expect(bar(desk.page)).to_contain_text("On a call, not recorded")
    expect(bar(desk.page).locator("[data-do=pause]").first).to_have_attribute("aria-pressed", "true")
    expect(desk.phone.locator(".agent-call")).to_contain_text("Nothing that is said now is recorded.")
    desk.phone.get_by_role("button", name="Record again").click()
    gateway.hears("pause_recording", on=False)
    gateway.say(joined(WAITS, recorded=False))
    expect(desk.phone.locator("[data-do=pause]")).to_be_hidden()  # a call that is not recorded at all
    desk.phone.get_by_text("Keypad").click()
    desk.phone.locator("[data-digit='5']").click()
    gateway.hears("dtmf", dtmf={"digit": "5"})
    desk.phone.keyboard.press("#")
    gateway.hears("dtmf", dtmf={"digit": "#"})
    expect(desk.phone.locator("output")).to_have_text("5#")
    desk.phone.wait_for_timeout(700)  # a double click on "Answer" must not hang up
    bar(desk.page).get_by_role("button", name="Hang up").first.click()
    gateway.hears("leave")
    gateway.say({"event": "left", "call": WAITS, "reason": "hung up"}, line("ready"))
    expect(desk.phone.locator(".agent-note").filter(has_text="You have hung up.")).to_be_visible()
    expect(bar(desk.page)).to_have_attribute("data-mode", "")


def test_what_the_caller_says_is_heard_and_read(at_work: Open, gateway: AgentGateway) -> None:
    desk = at_work()
    talks(desk, gateway)
    tone = pcm_to_mulaw(
        b"".join(round(9000 * math.sin(n * 0.4)).to_bytes(2, "little", signed=True) for n in range(160))
    )
    assert len(mulaw_to_pcm(tone)) == 320
    for _ in range(20):
        gateway.say(media(tone))
    gateway.say(
        caption("caller", "the power is"), caption("caller", "my whole str", partial=True),
        caption("caller", "my whole street is dark"), caption("agent", "We are on it."),
        {"event": "key", "call": WAITS, "digit": "1"}, {"event": "key", "call": WAITS, "digit": "2"},
    )  # fmt: skip
    lines = desk.phone.locator(".heard-line")
    expect(lines).to_have_text(
        [re.compile("Caller.*the power is"), re.compile("my whole street is dark"), re.compile("Agent.*We are on it"),
         re.compile("keys.*12")]
    )  # fmt: skip
    expect(lines.first.locator("[lang]")).to_have_attribute("lang", "en")
    bar(desk.page).get_by_role("button", name="All of the phone").click()
    expect(desk.page.locator("#agent-panel .heard-line")).to_have_count(4)
    desk.page.locator("#agent-panel summary").first.focus()
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#agent-panel")).to_be_hidden()
    expect(bar(desk.page).get_by_role("button", name="All of the phone")).to_be_focused()


def test_a_call_is_handed_to_a_colleague_or_a_telephone(at_work: Open, gateway: AgentGateway, here: Site) -> None:
    now = datetime.now(UTC)
    with here.hotline.database.transaction() as rows:
        for user, state in ((2, LineState.READY), (3, LineState.AWAY)):
            rows.add(AgentLine(user_id=user, gateway="g", kind="browser", state=state, since=now,
                               expires_at=now + timedelta(hours=1)))  # fmt: skip
    desk = at_work()
    talks(desk, gateway)
    desk.phone.get_by_text("Transfer", exact=True).click()
    expect(desk.phone.get_by_role("button", name=re.compile("李雷"))).to_be_disabled()
    desk.phone.get_by_role("button", name=re.compile("Tom Baker")).click()
    gateway.hears("transfer", to="agent:tom", stay=False)
    gateway.say({"event": "transfer", "call": WAITS, "to": "agent:tom", "state": "ringing"})
    for page in (desk.phone, desk.page):  # by their name, in the bar as well
        expect(page.locator("[data-a=transfer]")).to_contain_text(
            "It rings at Tom Baker. Until then the caller is with"
        )
    gateway.say({"event": "transfer", "call": WAITS, "to": "agent:tom", "state": "declined"})
    expect(desk.phone.locator("[data-a=transfer]")).to_contain_text("The caller is back with you")
    desk.phone.get_by_label("Stay on the call").check()
    desk.phone.get_by_placeholder("Telephone number").fill("+86 571 8888 8888")
    desk.phone.keyboard.press("Enter")
    gateway.hears("transfer", to="+8657188888888", stay=True)
    gateway.say({"event": "error", "code": "cannot_transfer", "message": "no"})
    expect(desk.phone.locator("[data-a=notice]")).to_contain_text("A browser phone cannot be put through")


def test_a_colleagues_call_rings_and_can_be_declined_or_taken(at_work: Open, gateway: AgentGateway) -> None:
    desk = at_work()
    ringing = {"event": "ringing", "call": WAITS, "from": "+8613800138002", "subject": "No power", "language": "en",
               "by": "tom", "name": "Tom Baker"}  # fmt: skip
    gateway.say(ringing)
    expect(bar(desk.page)).to_contain_text("Tom Baker hands a call over to you")
    expect(desk.phone).to_have_title(re.compile("Incoming call"))
    desk.page.get_by_role("button", name="Decline").first.click()
    gateway.hears("decline", call=WAITS)
    gateway.say({"event": "ring_stopped", "call": WAITS, "reason": "declined"})
    expect(desk.phone.locator(".agent-ring")).to_be_hidden()
    gateway.say(ringing)
    desk.phone.locator(".agent-ring").get_by_role("button", name="Answer").dblclick()
    gateway.hears("answer", call=WAITS)
    talks(desk, gateway)
    expect(desk.phone.locator("h1")).to_have_text("On a call")  # the second click has hung nothing up
    assert not any(message["event"] == "leave" for message in gateway.heard)


def test_a_supervisor_listens_whispers_and_joins_in(at_work: Open, gateway: AgentGateway, here: Site) -> None:
    desk = at_work("sun", ready=False)
    desk.page.goto(f"{here.url}/calls/{OTHER}")
    for button, mode, words in (
        ("Listen", "listen", "Nobody hears you"), ("Whisper", "whisper", "Only the agent hears you"),
        ("Join in", "barge", "Everybody hears you"),
    ):  # fmt: skip
        join = desk.page.locator(".agent-join").get_by_role("button", name=button)
        join.click()
        asked = gateway.hears("join" if mode == "listen" else "mode")
        assert asked["mode"] == mode
        gateway.say(
            line("away", OTHER), joined(OTHER, mode), room(OTHER, ("mei", "Mei Chen", "talk"), ("sun", "Sun Yue", mode))
        )
        expect(bar(desk.page)).to_have_attribute("data-mode", mode)
        expect(bar(desk.page)).to_contain_text(words)
        expect(join).to_have_attribute("aria-pressed", "true")
        if mode == "listen":
            says_nothing(desk, gateway)
        else:
            gateway.sound.clear()
            wait(lambda: len(gateway.sound) > 10)
    desk.phone.wait_for_timeout(700)
    bar(desk.page).get_by_role("button", name="Leave").first.click()
    gateway.hears("leave")


def test_an_agent_who_writes_is_not_taken_away_from_it(at_work: Open, gateway: AgentGateway, here: Site) -> None:
    desk = at_work()
    desk.page.goto(f"{here.url}/calls?number=123")  # nothing is written here: the search is as it was loaded
    gateway.say(waiting(waits(WAITS)))
    desk.page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<textarea id=half></textarea>')"
    )
    desk.page.fill("#half", "half a sentence")
    bar(desk.page).get_by_role("button", name=re.compile("Answer")).first.click()
    talks(desk, gateway)
    expect(bar(desk.page)).to_have_attribute("data-mode", "talk")
    expect(desk.page.locator("#half")).to_have_value("half a sentence")
    expect(bar(desk.page).locator("a[data-a=call-page]")).to_have_attribute("href", f"/calls/{WAITS}")
