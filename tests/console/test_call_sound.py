"""The recording and the transcript on a call's page."""

from __future__ import annotations

import re

import pytest

from app import Hotline
from ivr.channels import tokens
from models import Call, Recording, RecordingStatus
from tests.console.call_sounds import SOUND, record
from tests.console.conftest import Browser
from tests.console.rows import CALL

PAGE = f"/calls/{CALL}"


def sound_of(page: str) -> str:
    found = re.search(r'<section id="sound".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def test_a_supervisor_sees_player_transcript_and_who_has_heard_it(hotline: Hotline, sun: Browser) -> None:
    record(hotline)
    sun.fetch(f"/recordings/{SOUND}.wav")
    shown = sound_of(sun.get(PAGE))
    assert f'data-src="/recordings/{SOUND}.wav"' in shown
    assert "This call may be recorded" in shown
    assert "Private, left out" in shown
    assert re.search(r"Sun Yue, <time", shown)
    assert "Who has heard it (1)" in " ".join(shown.split())


def test_a_line_is_tied_to_the_moment_it_is_heard_at(hotline: Hotline, sun: Browser) -> None:
    """The recording begins a second after the call was answered."""
    record(hotline)
    seconds = re.findall(r'data-second="([0-9.]+)"', sound_of(sun.get(PAGE)))
    assert seconds[:3] == ["0.0", "2.5", "6.0"]


def test_private_stretches_are_drawn_where_they_are(hotline: Hotline, sun: Browser) -> None:
    record(hotline)
    found = re.search(r'<rect class="left-out" x="([0-9.]+)" width="([0-9.]+)"', sound_of(sun.get(PAGE)))
    assert found
    assert (float(found[1]), float(found[2])) == (458.33, 166.67)


def test_an_agent_without_a_part_in_it_is_told_that_it_was_recorded_and_no_more(hotline: Hotline, mei: Browser) -> None:
    record(hotline)
    shown = sound_of(mei.get(PAGE))
    assert "This call was recorded" in shown
    assert "may be recorded to improve" not in shown
    assert SOUND not in shown


def test_plays_are_shown_to_those_who_lead_only(hotline: Hotline, sun: Browser, tom: Browser) -> None:
    record(hotline)
    with hotline.database.transaction() as rows:
        rows.get_one(Call, CALL).agent_id = 2
    sun.fetch(f"/recordings/{SOUND}.wav")
    shown = sound_of(tom.get(PAGE))
    assert SOUND in shown
    assert "Who has heard it" not in shown
    assert "+86 138 •" in shown  # the number in the transcript is masked for agents
    assert "+8613800138001" not in shown


def test_a_call_without_a_recording_shows_nothing_of_it(sun: Browser) -> None:
    shown = sound_of(sun.get(PAGE))
    assert " hidden" in shown
    assert "Recording and transcript" not in shown


def test_a_running_recording_says_so_and_can_be_watched(hotline: Hotline, sun: Browser) -> None:
    record(hotline, running=True)
    shown = sound_of(sun.get(PAGE))
    assert "Being recorded" in shown
    assert "what is there so far can be heard" in shown
    assert f'data-watch="{PAGE}/watch"' in shown
    told = sun.fetch(f"{PAGE}/watch").json
    claims = tokens.check(hotline.settings, tokens.WATCH, told["watch"])
    assert claims == {"call": CALL, "user": 4}
    assert "/live?token=" in told["url"]


def test_a_recording_that_was_deleted_says_so(hotline: Hotline, sun: Browser) -> None:
    record(hotline)
    with hotline.database.transaction() as rows:
        rows.get_one(Recording, SOUND).status = RecordingStatus.DELETED
    assert "not kept any more" in sound_of(sun.get(PAGE))


def test_the_panel_is_swapped_only_when_it_differs(hotline: Hotline, sun: Browser) -> None:
    record(hotline)
    version = re.search(r"/sound\?version=([0-9a-f]+)", sun.get(PAGE))
    assert version
    assert sun.client.get(f"{PAGE}/sound?version={version[1]}").status_code == 204
    with hotline.database.transaction() as rows:
        rows.get_one(Recording, SOUND).pauses = []
    assert sun.client.get(f"{PAGE}/sound?version={version[1]}").status_code == 200


@pytest.mark.parametrize("part", ["sound", "watch"])
def test_an_unknown_call_is_404(sun: Browser, part: str) -> None:
    assert sun.client.get(f"/calls/none/{part}").status_code == 404
