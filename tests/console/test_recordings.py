from __future__ import annotations

import io
import wave

import pytest
import structlog
from flask import Flask

from app import Hotline
from tests.console.conftest import Browser
from tests.console.rows import LOST, OUTSIDE, RECORDING, REMOTE


def test_a_recording_is_heard_by_staff_only(app: Flask, mei: Browser) -> None:
    answer = mei.fetch(f"/recordings/{RECORDING}.wav")
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert sound.getnframes() == 16000
    assert "private" in answer.headers["Cache-Control"]
    assert app.test_client().get(f"/recordings/{RECORDING}.wav").status_code == 302


def test_a_part_may_be_asked_for(mei: Browser) -> None:
    whole = mei.fetch(f"/recordings/{RECORDING}.wav").data
    part = mei.fetch(f"/recordings/{RECORDING}.wav", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.data == whole[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    beyond = mei.fetch(f"/recordings/{RECORDING}.wav", headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416


def test_what_cannot_be_heard_says_why(mei: Browser) -> None:
    remote = mei.fetch(f"/recordings/{REMOTE}.wav", headers={"Accept": "audio/*"})
    assert (remote.status_code, remote.mimetype) == (409, "text/plain")
    assert "on its way from the carrier" in remote.text
    lost = mei.fetch(f"/recordings/{LOST}.wav")
    assert lost.status_code == 404
    assert "not kept any more" in lost.text


@pytest.mark.parametrize("path", [f"{OUTSIDE}", "none", "..%2Fsecret", "%2e%2e%2fsecret", "one"])
def test_nothing_outside_the_folder_is_served(mei: Browser, path: str) -> None:
    answer = mei.fetch(f"/recordings/{path}.wav")
    assert answer.status_code == 404
    assert b"not a recording" not in answer.data


def test_a_file_that_is_missing_is_404(mei: Browser, hotline: Hotline) -> None:
    (hotline.settings.home / "recordings" / "one.wav").unlink()
    assert mei.fetch(f"/recordings/{RECORDING}.wav").status_code == 404


def test_every_play_is_written_down(mei: Browser) -> None:
    with structlog.testing.capture_logs() as lines:
        mei.fetch(f"/recordings/{RECORDING}.wav")
        mei.fetch(f"/recordings/{REMOTE}.wav")
    played = [line for line in lines if line["event"] == "recording_played"]
    assert [(line["user"], line["recording"]) for line in played] == [("mei", RECORDING)]
