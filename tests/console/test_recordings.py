from __future__ import annotations

import io
import os
import wave
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from pydantic import SecretStr

from app import Hotline
from models import (
    AuditEvent,
    Call,
    CallLeg,
    Channel,
    Direction,
    LegMode,
    OutboundCall,
    Recording,
    Ticket,
    TicketEvent,
    TicketStage,
)
from recording_store import CALL as STEREO
from recording_store import RecordingStore
from tests.console.call_sounds import SECONDS, SOUND, record, sound
from tests.console.conftest import Browser
from tests.console.rows import CALL, DANGER, FAULT, LOST, OUTSIDE, RECORDING, REMOTE

WAV = f"/recordings/{SOUND}.wav"
PEAKS = f"/recordings/{SOUND}/peaks.json"


@pytest.fixture
def recorded(hotline: Hotline) -> Hotline:
    record(hotline)
    return hotline


def taken(hotline: Hotline, by: int, ticket: int = DANGER) -> None:
    with hotline.database.transaction() as rows:
        row = rows.get_one(Ticket, ticket)
        row.stage, row.assignee_id = TicketStage.CLAIMED, by


def plays(hotline: Hotline) -> list[tuple[int, str]]:
    with hotline.database.reading() as rows:
        found = rows.scalars(sa.select(AuditEvent).where(AuditEvent.action == "recording.played"))
        return [(event.user_id, event.subject_id) for event in found]


# --- who may


def test_strangers_are_sent_to_sign_in(app: Flask) -> None:
    assert app.test_client().get(f"/recordings/{RECORDING}.wav").status_code == 302
    assert app.test_client().get(f"/recordings/{RECORDING}/peaks.json").status_code == 302


def test_supervisors_hear_every_call(recorded: Hotline, sun: Browser) -> None:
    answer = sun.fetch(WAV)
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    with wave.open(io.BytesIO(answer.data)) as file:
        assert (file.getnchannels(), file.getnframes()) == (2, SECONDS * 8000)


@pytest.mark.parametrize("path", [WAV, PEAKS, f"/calls/{CALL}/watch"])
def test_an_agent_who_had_no_part_in_a_call_does_not_hear_it(recorded: Hotline, mei: Browser, path: str) -> None:
    assert mei.fetch(path).status_code == 403
    assert plays(recorded) == []


def test_an_agent_who_talked_hears_it_and_one_who_listened_in_does_not(
    recorded: Hotline, mei: Browser, tom: Browser
) -> None:
    with recorded.database.transaction() as rows:
        for user, mode in ((1, LegMode.TALK), (2, LegMode.LISTEN)):
            rows.add(CallLeg(call_id=CALL, user_id=user, mode=mode, joined_at=datetime.now(UTC)))
    assert mei.fetch(WAV).status_code == 200
    assert tom.fetch(WAV).status_code == 403


def test_an_agent_hears_the_calls_of_their_tickets(recorded: Hotline, mei: Browser, tom: Browser) -> None:
    taken(recorded, by=2)
    assert mei.fetch(WAV).status_code == 403
    assert tom.fetch(WAV).status_code == 200


def test_a_call_that_was_made_about_a_ticket_belongs_to_it(recorded: Hotline, mei: Browser, tom: Browser) -> None:
    now = datetime.now(UTC)
    with recorded.database.transaction() as rows:
        order = OutboundCall(purpose="closure", flow="closure_notice", to_number="+861", language="en", variables={},
                             ticket_id=FAULT, dedupe_key="o", not_before=now, created_at=now)  # fmt: skip
        rows.add(order)
        rows.flush()
        made = Call(channel=Channel.BROWSER, direction=Direction.OUTBOUND, from_number="95598", to_number="+861",
                    language="en", status="completed", flow="closure_notice", flow_revision_id="f" * 64, variables={},
                    started_at=now, answered_at=now, outbound_call_id=order.id)  # fmt: skip
        rows.add(made)
        rows.flush()
        rows.get_one(Recording, SOUND).call_id = made.id
    taken(recorded, by=2, ticket=FAULT)
    assert tom.fetch(WAV).status_code == 200
    assert mei.fetch(WAV).status_code == 403


def test_a_message_is_heard_while_nobody_has_its_ticket_and_then_by_who_has(hotline: Hotline, mei: Browser) -> None:
    path = f"/recordings/{RECORDING}.wav"
    assert mei.fetch(path).status_code == 200
    taken(hotline, by=2)
    assert mei.fetch(path).status_code == 403
    taken(hotline, by=1)
    assert mei.fetch(path).status_code == 200


def test_a_message_of_another_call_is_heard_on_the_page_of_the_ticket_that_names_it(
    hotline: Hotline, mei: Browser
) -> None:
    """A caller who urges leaves a message on a new call; it belongs to the ticket there was."""
    taken(hotline, by=2)
    taken(hotline, by=1, ticket=FAULT)
    path = f"/recordings/{RECORDING}.wav?ticket={FAULT}"
    assert mei.fetch(path).status_code == 403
    with hotline.database.transaction() as rows:
        rows.add(
            TicketEvent(
                ticket_id=FAULT, kind="noted", actor="caller", at=datetime.now(UTC), data={"recording": RECORDING}
            )
        )
    assert mei.fetch(path).status_code == 200
    assert mei.fetch(f"/recordings/{RECORDING}.wav?ticket=999").status_code == 403
    page = mei.get(f"/desk/tickets/{FAULT}")
    assert f"/recordings/{RECORDING}.wav?" in page
    assert f"ticket={FAULT}" in page


# --- how it is served


def test_any_part_may_be_asked_for(recorded: Hotline, sun: Browser) -> None:
    whole = sun.fetch(WAV)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"] == "private, no-store"
    for asked, expected in (
        ("bytes=100-199", whole.data[100:200]),
        ("bytes=0-", whole.data),
        ("bytes=-10", whole.data[-10:]),
        ("bytes=500000-9999999", whole.data[500_000:]),
        ("bytes=0-0", whole.data[:1]),
        ("bytes=-99999999", whole.data),
    ):
        part = sun.fetch(WAV, headers={"Range": asked})
        assert part.status_code == 206
        assert part.data == expected
        assert part.headers["Content-Length"] == str(len(expected))
        assert part.headers["Content-Range"].endswith(f"/{len(whole.data)}")
    for asked in ("bytes=99999999-", "bytes=-0", "bytes=9-2", "bytes=what"):
        refused = sun.fetch(WAV, headers={"Range": asked})
        assert refused.status_code == 416
        assert refused.headers["Content-Range"] == f"bytes */{len(whole.data)}"


@pytest.mark.parametrize("asked", ["bytes=0-9,20-29", "bytes=0-9,99999999-", "seconds=1-2", "all of it"])
def test_who_asks_for_parts_that_are_not_served_gets_the_whole(recorded: Hotline, sun: Browser, asked: str) -> None:
    answer = sun.fetch(WAV, headers={"Range": asked})
    assert answer.status_code == 200
    assert len(answer.data) == SECONDS * 32_000 + 44


def test_an_encrypted_recording_is_served_in_parts_too(hotline: Hotline, sun: Browser) -> None:
    record(hotline)
    plain = sun.fetch(WAV).data
    store = RecordingStore(hotline.settings.home / "recordings", SecretStr("the key of the recordings"))
    name = store.write("f" * 32, sound(), STEREO)
    with hotline.database.transaction() as rows:
        rows.get_one(Recording, SOUND).path = name
    refused = sun.fetch(WAV, headers={"Accept": "audio/*"})
    assert refused.status_code == 409
    assert "a key that is not set here" in refused.text
    hotline.settings.__dict__["recordings"] = hotline.settings.recordings.model_copy(
        update={"key": SecretStr("the key of the recordings")}
    )
    assert sun.fetch(WAV).data == plain
    assert sun.fetch(WAV, headers={"Range": "bytes=70000-70099"}).data == plain[70_000:70_100]
    folder = hotline.settings.home / "recordings"
    assert {path.suffix for path in folder.iterdir()} == {".wav", ".sealed"}  # nothing decrypted lies there
    (folder / name).write_bytes((folder / name).read_bytes()[:-100])
    damaged = sun.fetch(WAV, headers={"Accept": "audio/*"})
    assert damaged.status_code == 409
    assert "damaged" in damaged.text


def test_a_recording_that_is_damaged_within_is_told_apart_from_a_fault_of_ours(hotline: Hotline, sun: Browser) -> None:
    key = SecretStr("the key of the recordings")
    hotline.settings.__dict__["recordings"] = hotline.settings.recordings.model_copy(update={"key": key})
    record(hotline)
    path = hotline.settings.home / "recordings" / f"{SOUND}.sealed"
    kept = bytearray(path.read_bytes())
    kept[len(kept) // 2] ^= 1
    path.write_bytes(kept)
    answer = sun.fetch(PEAKS, headers={"Accept": "text/plain"})
    assert (answer.status_code, answer.mimetype) == (409, "text/plain")
    assert "damaged" in answer.text


def test_a_part_of_a_long_recording_is_not_read_with_all_the_rest(
    hotline: Hotline, sun: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SecretStr("the key of the recordings")
    hotline.settings.__dict__["recordings"] = hotline.settings.recordings.model_copy(update={"key": key})
    record(hotline, seconds=60)
    read: list[int] = []
    real = os.pread

    def counted(descriptor: int, length: int, at: int) -> bytes:
        found = real(descriptor, length, at)
        read.append(len(found))
        return found

    monkeypatch.setattr(os, "pread", counted)
    assert len(sun.fetch(WAV, headers={"Range": "bytes=1000000-1000099"}).data) == 100
    assert sum(read) < 200_000 < 60 * 32_000
    read.clear()
    assert sun.fetch(PEAKS).status_code == 200
    assert max(read) < 200_000, "piece by piece"


def test_a_part_of_another_file_is_not_mixed_into_it(recorded: Hotline, sun: Browser) -> None:
    mark = sun.fetch(WAV).headers["ETag"]
    part = sun.fetch(WAV, headers={"Range": "bytes=0-9", "If-Range": mark})
    assert part.status_code == 206
    whole = sun.fetch(WAV, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert whole.status_code == 200
    assert sun.fetch(WAV, headers={"If-None-Match": mark}).status_code == 304


def test_a_head_says_how_long_it_is_and_is_no_play(recorded: Hotline, sun: Browser) -> None:
    for headers in ({}, {"Range": "bytes=0-9"}):
        answer = sun.client.head(WAV, headers=headers)
        assert (answer.status_code, answer.data) == (200, b"")
        assert int(answer.headers["Content-Length"]) == SECONDS * 32_000 + 44
        answer.close()
    assert plays(recorded) == []


def test_a_running_recording_is_heard_as_far_as_it_goes(hotline: Hotline, sun: Browser) -> None:
    record(hotline, running=True)
    answer = sun.fetch(WAV)
    with wave.open(io.BytesIO(answer.data)) as file:
        assert SECONDS - 1 < file.getnframes() / 8000 <= SECONDS


def test_what_cannot_be_heard_says_why(mei: Browser) -> None:
    remote = mei.fetch(f"/recordings/{REMOTE}.wav", headers={"Accept": "audio/*"})
    assert (remote.status_code, remote.mimetype) == (409, "text/plain")
    assert "on its way from the carrier" in remote.text
    lost = mei.fetch(f"/recordings/{LOST}.wav")
    assert lost.status_code == 404
    assert "not kept any more" in lost.text


@pytest.mark.parametrize("path", [f"{OUTSIDE}", "none", "..%2Fsecret", "%2e%2e%2fsecret", "one"])
def test_nothing_outside_the_folder_is_served(sun: Browser, path: str) -> None:
    answer = sun.fetch(f"/recordings/{path}.wav")
    assert answer.status_code == 404
    assert b"not a recording" not in answer.data


def test_a_file_that_is_missing_is_404(mei: Browser, hotline: Hotline) -> None:
    (hotline.settings.home / "recordings" / "one.wav").unlink()
    assert mei.fetch(f"/recordings/{RECORDING}.wav").status_code == 404


# --- every play is written down


def test_a_play_of_many_requests_is_written_down_once(recorded: Hotline, sun: Browser) -> None:
    with structlog.testing.capture_logs() as lines:
        for part in range(5):
            sun.fetch(f"{WAV}?player=abc", headers={"Range": f"bytes={part * 1000}-"})
    assert plays(recorded) == [(4, SOUND)]
    assert [line["user"] for line in lines if line["event"] == "recording_played"] == ["sun"]
    sun.fetch(f"{WAV}?player=def")
    sun.fetch(WAV)
    sun.fetch(WAV, headers={"Range": "bytes=1000-"})
    assert len(plays(recorded)) == 3
    with recorded.database.reading() as rows:
        assert rows.scalars(sa.select(AuditEvent.details)).first() == {"call": CALL, "player": "abc"}


def test_every_download_is_written_down(recorded: Hotline, sun: Browser) -> None:
    """By a program, which names no player: each time it begins anew, not each part it goes on with."""
    for asked in (None, "bytes=0-", "bytes=5000-", "bytes=9000-9999", None):
        sun.fetch(WAV, headers={"Range": asked} if asked else {})
    assert len(plays(recorded)) == 3


def test_what_is_refused_or_known_already_is_no_play(recorded: Hotline, sun: Browser) -> None:
    mark = sun.client.head(WAV).headers["ETag"]
    assert sun.fetch(WAV, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert sun.fetch(WAV, headers={"If-None-Match": mark}).status_code == 304
    assert plays(recorded) == []


def test_the_same_player_an_hour_later_is_another_play(recorded: Hotline, sun: Browser) -> None:
    sun.fetch(f"{WAV}?player=abc")
    with recorded.database.transaction() as rows:
        rows.execute(sa.update(AuditEvent).values(at=datetime.now(UTC) - timedelta(hours=1, seconds=1)))
    sun.fetch(f"{WAV}?player=abc")
    assert len(plays(recorded)) == 2


def test_the_wave_form_is_no_play(recorded: Hotline, sun: Browser) -> None:
    answer = sun.fetch(PEAKS)
    assert answer.headers["Cache-Control"] == "private, no-store"
    found = answer.json
    assert found["seconds"] == SECONDS
    left, right = found["channels"]
    assert len(left) == len(right) == 480
    per_second = len(left) // SECONDS
    assert max(left[:per_second]) == 0 < min(right[2 : per_second - 2])
    assert min(left[per_second + 2 : 2 * per_second - 2]) > 0 == max(right[per_second + 1 : 2 * per_second])
    assert max(left + right) <= 100
    assert plays(recorded) == []
    assert len(answer.data) < 6_000


def test_the_wave_form_of_a_running_recording_grows_with_it(hotline: Hotline, sun: Browser) -> None:
    record(hotline, running=True, seconds=4)
    before = sun.fetch(PEAKS).json
    writer = RecordingStore.of(hotline.settings).go_on(f"{SOUND}.wav")
    writer.append(sound(6))
    writer.close()
    assert before["seconds"] == 4
    assert sun.fetch(PEAKS).json["seconds"] == 10
