"""A message left at Twilio comes home whole, once, and is never lost quietly."""

from datetime import UTC, datetime, timedelta

import pytest
from fake_twilio import tone

from ivr.channels.twilio.recordings import RecordingNotReady, fetch
from models import Call, CallStatus, Channel, Direction, FlowRevision, Recording, RecordingStatus
from settings import load

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SID = "RE" + "5" * 32


@pytest.fixture
def recording_id(twilio_database) -> str:
    with twilio_database.transaction() as session:
        session.add(FlowRevision(id="r", files={}, published_at=NOW))
        session.flush()
        call = Call(
            channel=Channel.TWILIO, provider_id="CA1", direction=Direction.INBOUND, from_number="+861",
            to_number="95598", language="en", status=CallStatus.COMPLETED, flow="main", flow_revision_id="r",
            started_at=NOW,
        )  # fmt: skip
        recording = Recording(
            call=call, status=RecordingStatus.REMOTE, provider_id=SID, created_at=NOW, seconds=3,
            remote_url="http://169.254.169.254/secret",
        )  # fmt: skip
        session.add_all([call, recording])
        session.flush()
        return recording.id


def stored(database, recording_id) -> Recording:
    with database.reading() as session:
        return session.get_one(Recording, recording_id)


def test_it_is_fetched_and_kept(twilio_settings, twilio_database, fake_twilio, recording_id):
    fake_twilio.recordings[SID] = tone(1.5)
    assert fetch(twilio_settings, twilio_database, recording_id, NOW)
    row = stored(twilio_database, recording_id)
    assert (row.status, row.path, row.seconds) == (RecordingStatus.STORED, f"{recording_id}.wav", 1.5)
    assert (twilio_settings.home / "recordings" / row.path).read_bytes() == tone(1.5)


def test_only_twilio_is_asked_whatever_address_came_in(twilio_settings, twilio_database, fake_twilio, recording_id):
    fake_twilio.recordings[SID] = tone()
    fetch(twilio_settings, twilio_database, recording_id, NOW)
    [asked] = fake_twilio.requests
    assert asked.endswith(f"/Recordings/{SID}.wav")


def test_the_second_time_nothing_is_asked(twilio_settings, twilio_database, fake_twilio, recording_id):
    fake_twilio.recordings[SID] = tone()
    for _ in range(2):
        assert fetch(twilio_settings, twilio_database, recording_id, NOW)
    assert len(fake_twilio.requests) == 1


def test_what_is_not_ready_is_tried_again(twilio_settings, twilio_database, fake_twilio, recording_id):
    with pytest.raises(RecordingNotReady, match="no file"):
        fetch(twilio_settings, twilio_database, recording_id, NOW + timedelta(seconds=5))
    assert stored(twilio_database, recording_id).status is RecordingStatus.REMOTE
    fake_twilio.recordings[SID] = tone()
    assert fetch(twilio_settings, twilio_database, recording_id, NOW + timedelta(seconds=9))


def test_what_never_comes_is_given_up_after_a_day(twilio_settings, twilio_database, fake_twilio, recording_id):
    assert not fetch(twilio_settings, twilio_database, recording_id, NOW + timedelta(hours=25))
    assert stored(twilio_database, recording_id).status is RecordingStatus.LOST
    assert not fetch(twilio_settings, twilio_database, recording_id, NOW + timedelta(hours=26))


@pytest.mark.parametrize("kind", ["half", "no sound", "refused", "unreachable"])
def test_a_failure_leaves_no_file_and_is_tried_again(twilio_settings, twilio_database, fake_twilio, recording_id, kind):
    fake_twilio.recordings[SID] = b"<html>" if kind == "no sound" else tone(5)
    fake_twilio.truncate_recordings = kind == "half"
    settings = twilio_settings
    if kind == "refused":
        fake_twilio.refuse_next(500, 20500)
    if kind == "unreachable":
        away = settings.twilio.model_copy(update={"api_url": "http://127.0.0.1:9"})
        settings = settings.model_copy(update={"twilio": away})
    with pytest.raises(RecordingNotReady):
        fetch(settings, twilio_database, recording_id, NOW)
    assert stored(twilio_database, recording_id).status is RecordingStatus.REMOTE
    assert not list((settings.home / "recordings").glob("*"))


def test_without_an_account_it_waits(twilio_environment, twilio_database, recording_id, tmp_path):
    environment = {k: v for k, v in twilio_environment.items() if not k.startswith("TWILIO_")}
    with pytest.raises(RecordingNotReady, match="TWILIO_ACCOUNT_SID"):
        fetch(load(environ=environment, home=tmp_path / "home"), twilio_database, recording_id, NOW)


def test_an_unknown_recording_is_none_to_be_had(twilio_settings, twilio_database):
    assert not fetch(twilio_settings, twilio_database, "0" * 32, NOW)
