"""The page of `hotline prompts record`: a text is shown, read into the microphone, heard, kept; nobody else gets in."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from commands.prompt_studio import Studio
from ivr.prompt_book import Prompt
from speech.audio import RATE, read_wav, resample, speech_level_dbfs, tone, write_wav
from tests.chromium import FAKE_MICROPHONE, launch

WANTED = [
    Prompt("welcome", "en", "Welcome to the hotline.", ("main",), True, False),
    Prompt("bye", "zh-CN", "再见。", ("main",), True, False),
]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with Studio(WANTED, tmp_path / "prompts") as made:
        serving = threading.Thread(target=made.serve)
        serving.start()
        yield made
        made.shut_down()
        serving.join(20)


def ask(studio: Studio, method: str, path: str, body: bytes = b"", host: str | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=20)
    try:
        headers = {"Host": host} if host else {}
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def wav(tmp_path: Path, pcm: bytes) -> bytes:
    write_wav(tmp_path / "said.wav", pcm)
    return (tmp_path / "said.wav").read_bytes()


def test_what_is_sent_is_kept_ready_and_can_be_heard(studio: Studio, tmp_path: Path) -> None:
    secret = f"/{studio.secret}"
    status, body = ask(studio, "GET", f"{secret}/prompts")
    assert status == 200
    assert [each["kept"] for each in json.loads(body)] == [False, False]
    status, body = ask(studio, "POST", f"{secret}/keep/1", wav(tmp_path, bytes(16000) + tone((300.0,), 800, -30.0)))
    assert json.loads(body)["seconds"] == pytest.approx(0.9, abs=0.1)
    pcm = read_wav(tmp_path / "prompts" / "zh-CN" / "bye.wav")
    assert speech_level_dbfs(pcm) == pytest.approx(-20, abs=0.5)
    assert ask(studio, "GET", f"{secret}/sound/1")[0] == 200
    assert ask(studio, "GET", f"{secret}/sound/0")[0] == 404
    assert studio.kept == 1


def test_what_cannot_be_played_is_not_kept(studio: Studio, tmp_path: Path) -> None:
    for sound, says in ((wav(tmp_path, bytes(16000)), "silent"), (b"garbage", "no sound"), (b"", "no sound")):
        status, body = ask(studio, "POST", f"/{studio.secret}/keep/0", sound)
        assert (status, says in json.loads(body)["fault"]) == (200, True)
    assert not (tmp_path / "prompts").exists()


@pytest.mark.parametrize(
    ("method", "path", "host"),
    [
        ("GET", "/", None),
        ("GET", "/wrong/prompts", None),
        ("GET", "/SECRET/../../../etc/passwd", None),
        ("GET", "/SECRET/%2e%2e/prompt_studio.py", None),
        ("GET", "/SECRET/prompts", "evil.example.org"),
        ("POST", "/SECRET/keep/2", None),
        ("POST", "/SECRET/keep/-1", None),
        ("POST", "/wrong/keep/0", None),
        ("POST", "/SECRET/keep/0", "evil.example.org:80"),
    ],
)
def test_nobody_else_gets_in(studio: Studio, method: str, path: str, host: str | None) -> None:
    status, _ = ask(studio, method, path.replace("SECRET", studio.secret), b"x" if method == "POST" else b"", host)
    assert status == 404


def test_it_is_reached_through_ssh_under_another_port(studio: Studio) -> None:
    assert ask(studio, "GET", f"/{studio.secret}/", host="localhost:9999")[0] == 200


@pytest.mark.browser
def test_an_operator_reads_prompts_into_a_browser(studio: Studio, tmp_path: Path) -> None:
    with sync_playwright() as playwright:
        said = bytes(8000) + tone((300.0,), 1500, -24.0)
        write_wav(tmp_path / "microphone.wav", resample(said, RATE, 48000), 48000)
        heard = f"--use-file-for-fake-audio-capture={tmp_path / 'microphone.wav'}"
        browser = launch(playwright, *FAKE_MICROPHONE, heard)
        page = browser.new_page(locale="en")
        faults: list[str] = []
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(studio.url)
        expect(page.locator("#words")).to_have_text("Welcome to the hotline.")
        expect(page.locator("#place")).to_have_text("1 of 2, 0 kept")
        page.keyboard.press(" ")
        expect(page.locator("#record")).to_have_text("Stop", timeout=15_000)
        page.wait_for_timeout(2500)
        page.keyboard.press(" ")
        expect(page.locator("#keep")).to_be_enabled()
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_contain_text("Kept:", timeout=15_000)
        expect(page.locator("#words")).to_have_text("再见。")
        page.get_by_role("button", name="Back").click()
        expect(page.locator("#play")).to_be_enabled()
        browser.close()
        assert [fault for fault in faults if "favicon" not in fault and "404" not in fault] == []
    assert speech_level_dbfs(read_wav(tmp_path / "prompts" / "en" / "welcome.wav")) == pytest.approx(-20, abs=1.5)
