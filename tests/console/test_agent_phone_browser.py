"""An agent at work in a real browser: the phone's window, the bar of the desk, and a gateway that says what it says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Playwright,
    StorageState,
    expect,
    sync_playwright,
)

from models import AgentLine, Call, CallStatus, LineState
from speech.audio import mulaw_to_pcm, pcm_to_mulaw
from tests.chromium import FAKE_MICROPHONE, launch
from tests.console.agent_gateway import (
    AgentGateway,
    agent_gateway,
    caption,
    joined,
    line,
    media,
    room,
    wait,
    waiting,
    waits,
)
from tests.console.browsing import CONTRAST, sign_in
from tests.console.site import Site, site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agent-browser")]
WAIT_MS = 15_000
WAITS, OTHER = "0" * 31 + "2", "0" * 31 + "3"


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
        sign_in(page, here, user)
        states[user] = context.storage_state()
        context.close()
    return states


@pytest.fixture
def gateway(here: Site) -> Iterator[AgentGateway]:
    with agent_gateway(here.hotline.settings) as made:
        yield made


@dataclass
class Desk:
    """A browser of somebody at work: the page of the desk, and the phone in its window once it is open."""

    context: BrowserContext
    page: Page
    phone: Page

    def state(self) -> str:
        return self.phone.locator("h1").inner_text()


Open = Callable[..., Desk]


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


def test_without_a_microphone_one_can_read_but_not_answer(
    at_work: Open, gateway: AgentGateway, playwright: Playwright
) -> None:
    browser = launch(playwright)
    gateway.greeting = [line("away"), waiting(waits(WAITS))]
    desk = at_work(browser=browser, ready=False)
    expect(desk.phone.get_by_role("alert")).to_contain_text("No microphone was found")
    expect(desk.phone.locator(".waiting-row")).to_contain_text("No power")
    expect(desk.phone.locator(".waiting-row button")).to_be_disabled()
    expect(desk.phone.locator(".agent-switch-wide [data-do=ready]")).to_be_disabled()
    expect(bar(desk.page)).to_contain_text("No microphone")
    browser.close()


def test_a_microphone_that_was_refused_is_asked_for_again(
    at_work: Open, gateway: AgentGateway, playwright: Playwright
) -> None:
    browser = launch(playwright, "--use-fake-device-for-media-stream")
    desk = at_work(browser=browser, ready=False, permissions=[])
    expect(desk.phone.get_by_role("alert")).to_contain_text("Click the sign beside the address")
    desk.context.grant_permissions(["microphone"])
    expect(desk.phone.get_by_role("alert")).to_be_hidden()
    expect(desk.phone.locator(".agent-switch-wide [data-do=ready]")).to_be_enabled()
    browser.close()


def test_devices_are_chosen_remembered_and_the_level_is_shown(at_work: Open, gateway: AgentGateway) -> None:
    desk = at_work()
    level = desk.phone.get_by_role("meter", name="Level of the microphone")
    expect(level).not_to_have_attribute("aria-valuenow", "0")
    microphone = desk.phone.get_by_label("Microphone", exact=True)
    second = microphone.locator("option").nth(1).get_attribute("value")
    assert second
    microphone.select_option(second)
    desk.phone.get_by_role("button", name="Test sound").click()
    desk.phone.reload()
    expect(desk.phone.locator("#agent-phone")).to_have_attribute("data-phase", "on")
    expect(microphone).to_have_value(second)
    used = desk.phone.evaluate(
        "async () => JSON.parse(localStorage['hotline.agent.devices']).input"
    )  # fmt: skip
    assert used == second


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


PLAYED = """async ([address, frames]) => {
  const context = new OfflineAudioContext(1, 48000, 48000);
  await context.audioWorklet.addModule(address);
  const options = { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { talk: true } };
  const player = new AudioWorkletNode(context, "phone-player", options);
  player.connect(context.destination);
  context.suspend(0.1).then(async () => {
    for (let n = 0; n < frames; n++) player.port.postMessage({ samples: new Float32Array(160).fill(0.5) });
    await new Promise((done) => setTimeout(done, 200));
    context.resume();
  });
  const heard = (await context.startRendering()).getChannelData(0);
  return heard.filter((sample) => Math.abs(sample) > 0.25).length / 48;
}"""


def test_a_talk_does_not_lag_behind_after_a_hold_up(at_work: Open) -> None:
    desk = at_work(ready=False)
    address = desk.phone.locator("#agent-phone").get_attribute("data-worklet")
    assert desk.phone.evaluate(PLAYED, [address, 10]) == pytest.approx(200, abs=4)  # milliseconds
    assert desk.phone.evaluate(PLAYED, [address, 1]) == 0  # one frame waits for the next ones
    assert 80 <= desk.phone.evaluate(PLAYED, [address, 40]) < 300  # the oldest of 800 ms are dropped
