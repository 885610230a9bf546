"""Microphone, loudspeaker and level of an agent's phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import (
    Playwright,
    expect,
)

from tests.chromium import launch
from tests.console.agent_at_work.desks import WAITS, Open, bar
from tests.console.agent_gateway import (
    AgentGateway,
    line,
    waiting,
    waits,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("agent-browser")]


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
