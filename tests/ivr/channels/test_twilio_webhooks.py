"""A caller at Twilio: what is heard, and that nothing Twilio or a stranger sends does harm."""

from __future__ import annotations

import dataclasses
import sqlite3
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa
from fake_twilio import ACCOUNT, TOKEN
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from phone import caller, make_house, through
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from ivr.channels.twilio.simulation import ApplicationError
from ivr.channels.twilio.webhooks import Webhooks
from models import Call, CallStatus, CallTurn, Channel, Direction, Job, Recording, RecordingStatus
from speech.audio import read_wav, speech_level_dbfs, tone, write_wav

BASE = "https://ivr.example.org"
SID = "CA" + "7" * 32


def calls(house) -> list[Call]:
    with house.database.reading() as session:
        return list(session.scalars(sa.select(Call).order_by(Call.started_at)))


def the_call(house) -> Call:
    [call] = calls(house)
    return call


def turns(house) -> list[CallTurn]:
    with house.database.reading() as session:
        return list(session.scalars(sa.select(CallTurn).order_by(CallTurn.number)))


def recordings(house) -> list[Recording]:
    with house.database.reading() as session:
        return list(session.scalars(sa.select(Recording)))


def events(house) -> list[str]:
    return [turn.event["kind"] for turn in turns(house)]


def post(house, path: str, fields: dict | bytes, *, signed: bool = True, **options):
    """One request, signed as Twilio signs, whatever stands in it."""
    headers = dict(options.pop("headers", {}))
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    if signed:
        form = fields if isinstance(fields, dict) else {}
        headers["X-Twilio-Signature"] = RequestValidator(TOKEN).compute_signature(BASE + path, form)
    content_type = options.pop("content_type", "application/x-www-form-urlencoded")
    return house.app.test_client().post(path, data=body, headers=headers, content_type=content_type, **options)


def voice_fields(**more) -> dict[str, str]:
    return {
        "CallSid": SID, "AccountSid": ACCOUNT, "From": "+8613800000001", "To": "95598", "CallStatus": "ringing",
        "Direction": "inbound", "ApiVersion": "2010-04-01", **more,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------ a call


def test_a_caller_leaves_a_message(house):
    call = caller(house.app)
    first = call.begin(f"{BASE}/twilio/voice")
    assert first.kind == "gather"
    assert first.heard == ("Welcome. Press 1, 2 or 3.",)
    assert first.attributes["hints"] == "leave a message, enter a code, a person"
    waiting = call.press("1")
    assert (waiting.kind, waiting.heard) == ("record", ("After the tone.",))
    waiting = call.leave(12)
    assert (waiting.kind, waiting.heard) == ("gather", ("Thank you. Press 1, 2 or 3.",))
    call.hang_up()

    row = the_call(house)
    assert (row.channel, row.provider_id, row.direction) == (Channel.TWILIO, call.call_sid, Direction.INBOUND)
    assert (row.from_number, row.to_number) == ("+8613800000001", "95598")
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, "caller")
    [recording] = recordings(house)
    assert (recording.status, recording.seconds) == (RecordingStatus.REMOTE, 12.0)
    with house.database.reading() as session:
        fetches = sa.select(Job.arguments).where(Job.name == "recordings.fetch")
        assert session.scalars(fetches).all() == [{"recording_id": recording.id}]


def test_words_and_keys_and_silence(house):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    assert call.silence().heard == ("I heard nothing. Press 1, 2 or 3.",)
    assert call.speak("enter a code please").heard == ("Your code?",)
    waiting = call.press("4711#")
    assert waiting.kind == "over"
    assert waiting.heard[0].startswith("I have")
    assert events(house) == ["call_started", "no_input", "speech", "digits"]
    assert turns(house)[-1].event["digits"] == "4711"
    assert the_call(house).status is CallStatus.COMPLETED


def test_speech_that_twilio_is_unsure_of_is_not_understood(house):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    assert call.speak("enter a code", confidence=0.2).heard == ("I did not get that. Press 1, 2 or 3.",)


@pytest.mark.parametrize(
    ("ending", "kind", "heard"),
    [
        ("completed", "over", "Thank you."),
        ("busy", "gather", "Nobody is free. Press 1, 2 or 3."),
        ("no-answer", "gather", "Nobody is free. Press 1, 2 or 3."),
        ("canceled", "gather", "Nobody is free. Press 1, 2 or 3."),
    ],
)
def test_a_transfer_goes_on_as_it_ended(house, ending, kind, heard):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    waiting = call.press("3")
    assert (waiting.kind, waiting.dialled, waiting.heard) == ("dial", "+8657100000000", ("One moment.",))
    after = call.dial_ended(ending, seconds=31)
    assert (after.kind, after.heard) == (kind, (heard,))
    assert turns(house)[2].event["seconds"] == 31.0


def test_an_empty_message_is_asked_for_again(house):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    waiting = call.leave(0)
    assert (waiting.kind, waiting.heard) == ("record", ("I heard nothing. After the tone.",))


def test_a_withheld_number_is_a_caller_like_any_other(house):
    call = caller(house.app, from_number="sip:someone@pbx.example.org")
    call.begin(f"{BASE}/twilio/voice")
    assert the_call(house).from_number == "anonymous"


def test_a_recorded_prompt_is_played_and_can_be_fetched(twilio_settings, twilio_database, tmp_path):
    folder = tmp_path / "flows" / "prompts" / "en"
    folder.mkdir(parents=True)
    (folder / "welcome.wav").write_bytes(b"RIFF....WAVE")
    house = make_house(twilio_settings, twilio_database, tmp_path)
    first = caller(house.app).begin(f"{BASE}/twilio/voice")
    assert first.heard == (f"[plays {BASE}/twilio/prompts/en/welcome.wav]", "Press 1, 2 or 3.")
    with house.app.test_client().get("/twilio/prompts/en/welcome.wav") as reply:
        assert (reply.status_code, reply.mimetype, reply.data) == (200, "audio/wav", b"RIFF....WAVE")
    for nothing in ("en/other.wav", "zh-CN/welcome.wav", "en/..%2fmain.yaml.wav", "../main.yaml.wav"):
        assert house.app.test_client().get(f"/twilio/prompts/{nothing}").status_code == 404


def test_a_recorded_prompt_is_as_loud_for_twilio_as_elsewhere(twilio_settings, twilio_database, tmp_path):
    write_wav(tmp_path / "flows" / "prompts" / "en" / "welcome.wav", tone((300.0,), 500, -6.0))
    house = make_house(twilio_settings, twilio_database, tmp_path)
    with house.app.test_client().get("/twilio/prompts/en/welcome.wav") as reply:
        (tmp_path / "fetched.wav").write_bytes(reply.data)
    assert speech_level_dbfs(read_wav(tmp_path / "fetched.wav")) == pytest.approx(-20, abs=0.5)


# ------------------------------------------------------------------------------------------ carriers repeat themselves


def test_every_request_may_come_twice(house):
    call = caller(house.app, replay=True)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    call.leave(5)
    call.press("2")
    assert call.press("123456").kind == "over"
    assert events(house) == ["call_started", "digits", "recorded", "digits", "digits"]
    assert len(recordings(house)) == 1


def test_the_same_turn_with_other_keys_gets_the_first_answer(house):
    post(house, "/twilio/voice", voice_fields())
    path = f"/twilio/turn?call={the_call(house).id}&turn=0"
    first = post(house, path, voice_fields(Digits="1"))
    again = post(house, path, voice_fields(Digits="3"))
    assert first.data == again.data
    assert b"<Record" in again.data


def test_two_calls_are_two_calls(house):
    for sid in ("CA" + "1" * 32, "CA" + "2" * 32):
        assert post(house, "/twilio/voice", voice_fields(CallSid=sid)).status_code == 200
    assert len(calls(house)) == 2


# ------------------------------------------------------------------------------------------ calls that we begin


@pytest.fixture
def ringing(house) -> str:
    """The row of an outbound call, as callqueue commits it before anything rings."""
    now = house.runner.clock()
    with house.database.transaction() as session:
        call = Call(
            channel=Channel.TWILIO, direction=Direction.OUTBOUND, from_number="+15005550006", language="en",
            to_number="+8613800000001", status=CallStatus.QUEUED, flow="notice", started_at=now,
            flow_revision_id=house.runner.flows.current.revision, variables={},
        )  # fmt: skip
        session.add(call)
        session.flush()
        return call.id


def outbound(house, call_id, **options):
    return caller(
        house.app, direction="outbound-api", from_number="+15005550006", to_number="+8613800000001",
        status_url=f"{BASE}/twilio/status?call={call_id}", **options,
    )  # fmt: skip


def test_somebody_answers_our_call(house, ringing):
    call = outbound(house, ringing, replay=True)
    call.report("initiated")
    call.report("ringing")
    row = the_call(house)
    assert (row.status, row.provider_id) == (CallStatus.RINGING, call.call_sid)
    waiting = call.begin(f"{BASE}/twilio/voice?call={ringing}", AnsweredBy="human")
    assert waiting.heard == ("Is it fixed? Press 1.",)
    assert call.press("1").heard == ("Good.",)
    row = the_call(house)
    assert (row.status, row.turn, row.answered_at is not None) == (CallStatus.COMPLETED, 1, True)


def test_a_machine_is_told_apart(house, ringing):
    call = outbound(house, ringing)
    waiting = call.begin(f"{BASE}/twilio/voice?call={ringing}", AnsweredBy="machine_start")
    assert (waiting.kind, waiting.heard) == ("over", ("We will call again.",))


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_nobody_answers(house, ringing, status):
    call = outbound(house, ringing, replay=True)
    call.report("ringing")
    call.report(status)
    assert (the_call(house).status, the_call(house).end_reason) == (CallStatus(status), status)


def test_status_callbacks_in_any_order_end_the_same(house, ringing):
    call = outbound(house, ringing)
    for status in ("no-answer", "ringing", "initiated", "in-progress", "completed", "busy", "ringing"):
        assert call.report(status).status == 204
    assert the_call(house).status is CallStatus.NO_ANSWER


def test_a_late_ringing_does_not_take_an_answered_call_back(house, ringing):
    call = outbound(house, ringing)
    call.begin(f"{BASE}/twilio/voice?call={ringing}", AnsweredBy="human")
    call.report("ringing")
    assert the_call(house).status is CallStatus.IN_PROGRESS


def test_answering_a_call_that_is_over_ends_politely(house, ringing):
    house.runner.ended(ringing, CallStatus.CANCELED, "gave up")
    waiting = outbound(house, ringing).begin(f"{BASE}/twilio/voice?call={ringing}")
    assert (waiting.kind, waiting.heard) == ("over", ("This call has ended. Please call again if you need help.",))


def test_a_status_of_a_call_that_is_not_here_is_harmless(house):
    for path in ("/twilio/status", f"/twilio/status?call={'0' * 32}"):
        reply = post(house, path, voice_fields(CallStatus="completed"))
        assert (reply.status_code, reply.data) == (204, b"")


# ------------------------------------------------------------------------------------------ the end of a call


def test_hanging_up_after_a_message_keeps_it_whichever_comes_first(house):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    call.report("completed")  # Twilio's notice of the end overtakes the message
    row = the_call(house)
    assert row.status is CallStatus.IN_PROGRESS
    assert row.expires_at <= house.runner.clock() + timedelta(seconds=61)
    call.leave(7, hang_up=True)
    row = the_call(house)
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, "caller")
    assert [r.seconds for r in recordings(house)] == [7.0]
    assert events(house) == ["call_started", "digits", "recorded", "hung_up"]


def test_the_notice_of_the_file_alone_keeps_the_message(house):
    """The request with the message never arrived."""
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    made = {
        "RecordingSid": "RE" + "4" * 32, "RecordingUrl": "https://api.twilio.com/x", "RecordingDuration": "9",
        "RecordingStatus": "completed",
    }  # fmt: skip
    path = f"/twilio/status?call={the_call(house).id}&turn=1"
    for _ in range(2):
        assert post(house, path, voice_fields(**made)).status_code == 204
    assert [r.seconds for r in recordings(house)] == [9.0]
    assert events(house) == ["call_started", "digits", "recorded"]


def test_a_file_of_a_call_that_went_on_without_it_is_kept(house):
    post(house, "/twilio/voice", voice_fields())
    call_id = the_call(house).id
    post(house, f"/twilio/turn?call={call_id}&turn=0", voice_fields(Digits="1"))
    post(house, f"/twilio/turn?call={call_id}&turn=1&empty=1", voice_fields())
    house.runner.ended(call_id, CallStatus.COMPLETED, "caller")
    made = {
        "RecordingSid": "RE" + "4" * 32, "RecordingUrl": "https://api.twilio.com/x", "RecordingDuration": "9",
        "RecordingStatus": "completed",
    }  # fmt: skip
    assert post(house, f"/twilio/status?call={call_id}&turn=1", voice_fields(**made)).status_code == 204
    assert [r.call_id for r in recordings(house)] == [call_id]


def test_a_message_that_comes_after_the_call_was_ended_is_kept(house):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    house.runner.ended(the_call(house).id, CallStatus.COMPLETED, "swept")
    call.leave(6, hang_up=True)
    assert [r.seconds for r in recordings(house)] == [6.0]
    assert the_call(house).end_reason == "swept"


def test_a_recording_that_failed_is_lost(house):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    call.leave(5, recording_sid="RE" + "6" * 32)
    fields = voice_fields(RecordingSid="RE" + "6" * 32, RecordingStatus="absent")
    post(house, f"/twilio/status?call={the_call(house).id}&turn=1", fields)
    assert [r.status for r in recordings(house)] == [RecordingStatus.LOST]


def test_what_the_caller_did_counts_before_the_status(house):
    post(house, "/twilio/voice", voice_fields())
    path = f"/twilio/turn?call={the_call(house).id}&turn=0"
    post(house, path, voice_fields(SpeechResult="leave a message", Confidence="0.9", CallStatus="completed"))
    assert events(house) == ["call_started", "speech", "hung_up"]
    assert the_call(house).status is CallStatus.COMPLETED


def test_keys_count_before_words(house):
    post(house, "/twilio/voice", voice_fields())
    path = f"/twilio/turn?call={the_call(house).id}&turn=0"
    post(house, path, voice_fields(SpeechResult="leave a message", Confidence="0.9", Digits="2"))
    assert events(house) == ["call_started", "digits"]


def test_a_turn_of_a_caller_who_is_gone_ends_the_call(house):
    post(house, "/twilio/voice", voice_fields())
    path = f"/twilio/turn?call={the_call(house).id}&turn=0"
    assert post(house, path, voice_fields(CallStatus="completed")).status_code == 200
    assert the_call(house).status is CallStatus.COMPLETED


# ------------------------------------------------------------------------------------------ strangers and mistakes


@pytest.mark.parametrize("what", ["voice", "turn", "status", "stream-ended", "put-through-ended"])
def test_no_stranger_may_call_any_of_them(house, what):
    reply = post(house, f"/twilio/{what}?call={'a' * 32}&turn=0&broken=0", voice_fields(), signed=False)
    assert reply.status_code == 403


def test_unsigned_and_forged_requests_are_refused_and_the_reason_is_logged(house):
    with capture_logs() as logs:
        reply = post(house, "/twilio/voice", voice_fields(), signed=False)
        forged = post(house, "/twilio/voice", voice_fields(), signed=False, headers={"X-Twilio-Signature": "Zm9v"})
    assert reply.status_code == forged.status_code == 403
    assert "carries no X-Twilio-Signature" in reply.get_data(as_text=True)
    assert f"{BASE}/twilio/voice" in forged.get_data(as_text=True)
    assert [entry["status"] for entry in logs] == [403, 403]
    assert f"{BASE}/twilio/voice" in logs[1]["reason"]
    assert TOKEN not in str(logs)
    assert calls(house) == []


def test_a_signed_request_that_was_tampered_with_is_refused(house):
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/twilio/voice", voice_fields())
    fields = voice_fields(From="+8613999999999")
    reply = post(house, "/twilio/voice", fields, signed=False, headers={"X-Twilio-Signature": signature})
    assert reply.status_code == 403


def test_without_an_account_it_says_what_to_set(house):
    off = house.settings.model_copy(update={"twilio": house.settings.twilio.model_copy(update={"auth_token": None})})
    app = Flask("off", static_folder=None)
    app.wsgi_app = Webhooks(dataclasses.replace(house, settings=off))
    for path in ("/twilio/voice", "/twilio/turn", "/twilio/status"):
        reply = app.test_client().post(path)
        assert reply.status_code == 503
        assert b"TWILIO_AUTH_TOKEN" in reply.data


def test_a_webhook_set_to_get_is_told_so(house):
    reply = house.app.test_client().get("/twilio/voice?CallSid=x")
    assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")
    assert b"HTTP POST at Twilio" in reply.data


@pytest.mark.parametrize(
    ("path", "fields", "status", "says"),
    [
        ("/twilio/voice", {"CallSid": SID}, 400, "lacks From, To"),
        ("/twilio/voice", {}, 400, "lacks CallSid, From, To"),
        ("/twilio/voice", voice_fields(CallSid="CA123"), 400, "CallSid must be CA and 32 hexadecimal digits"),
        ("/twilio/voice?call=1", voice_fields(), 400, "call= in the address"),
        (f"/twilio/voice?call={'0' * 32}", voice_fields(), 404, "there is no call"),
        ("/twilio/turn", voice_fields(), 400, "call= in the address"),
        (f"/twilio/turn?call={'0' * 32}", voice_fields(), 400, "turn= in the address"),
        (f"/twilio/turn?call={'0' * 32}&turn=-1", voice_fields(), 400, "turn= in the address"),
        (f"/twilio/turn?call={'0' * 32}&turn=٣", voice_fields(), 400, "turn= in the address"),
        (f"/twilio/turn?call={'0' * 32}&turn=0", voice_fields(), 404, "there is no call"),
        (f"/twilio/turn?call={'0' * 32}&turn=0", {}, 400, "CallSid"),
        ("/twilio/status", voice_fields(CallStatus="asleep"), 400, "CallStatus must be one of queued"),
        ("/twilio/status", {"CallSid": SID}, 400, "lacks CallStatus"),
        ("/twilio/status", {"CallSid": SID, "RecordingStatus": "completed"}, 400, "RecordingSid"),
    ],
)
def test_a_mistake_is_answered_with_what_mends_it(house, path, fields, status, says):
    path = quote(path, safe="/?=&-")
    reply = post(house, path, fields)
    assert (reply.status_code, reply.mimetype) == (status, "text/plain")
    assert says in reply.get_data(as_text=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"Digits": "x"},
        {"Digits": "1" * 65},
        {"SpeechResult": "hello", "Confidence": "high"},
        {"RecordingUrl": "javascript:x", "RecordingSid": "RE" + "1" * 32, "RecordingDuration": "1"},
        {"RecordingUrl": "https://x", "RecordingSid": "1", "RecordingDuration": "1"},
        {"RecordingUrl": "https://x", "RecordingSid": "RE" + "1" * 32, "RecordingDuration": "-1"},
        {"DialCallStatus": "completed", "DialCallDuration": "long"},
        {"CallStatus": "asleep"},
    ],
)
def test_a_field_that_cannot_be_is_refused_and_the_call_goes_on(house, fields):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    reply = post(house, f"/twilio/turn?call={the_call(house).id}&turn=0", voice_fields(**fields))
    assert reply.status_code == 400
    assert call.press("1").kind == "record"


def test_too_long_a_speech_is_refused(house):
    post(house, "/twilio/voice", voice_fields())
    path = f"/twilio/turn?call={the_call(house).id}&turn=0"
    assert post(house, path, voice_fields(SpeechResult="x" * 4001)).status_code == 413


def test_a_turn_that_has_not_been_given_is_refused(house):
    post(house, "/twilio/voice", voice_fields())
    reply = post(house, f"/twilio/turn?call={the_call(house).id}&turn=5", voice_fields(Digits="1"))
    assert reply.status_code == 409
    assert "turn 5 is not among them" in reply.get_data(as_text=True)


def test_an_input_that_does_not_fit_the_wait_is_refused(house):
    post(house, "/twilio/voice", voice_fields())
    path = f"/twilio/turn?call={the_call(house).id}&turn=0"
    assert post(house, path, voice_fields(DialCallStatus="completed")).status_code == 409
    assert the_call(house).turn == 0


def test_too_large_a_body_is_refused(house):
    body = b"From=" + b"x" * house.settings.server.max_body_bytes
    reply = post(house, "/twilio/voice", body)
    assert reply.status_code == 413
    assert b"more than 262144 bytes" in reply.data


def test_a_body_that_breaks_off_is_refused(house):
    reply = post(house, "/twilio/voice", b"CallSid=CA", environ_overrides={"CONTENT_LENGTH": "500"})
    assert reply.status_code == 400


def test_text_that_is_not_utf_8_is_refused(house):
    for body in (b"From=\xff\xfe", b"From=%ff%fe"):
        reply = post(house, "/twilio/voice", body)
        assert reply.status_code == 400
        assert b"UTF-8" in reply.data


def test_a_body_of_another_kind_is_refused(house):
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        assert post(house, "/twilio/voice", b"{}", content_type=kind).status_code in {403, 415}


NAMES = st.sampled_from(
    ["CallSid", "From", "To", "CallStatus", "Digits", "SpeechResult", "Confidence", "RecordingUrl", "RecordingSid",
     "RecordingDuration", "RecordingStatus", "DialCallStatus", "DialCallDuration", "AnsweredBy", "x"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40),
    st.just(SID),
    st.sampled_from(["completed", "busy", "1", "12#", "nan", "1e400", "https://x", ""]),
)


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/twilio/voice", "/twilio/turn", "/twilio/status"]),
    query=st.dictionaries(st.sampled_from(["call", "turn", "retry", "empty", "RecordingUrl"]), VALUES),
    fields=st.dictionaries(NAMES, VALUES),
    right=st.booleans(),
)
def test_whatever_is_signed_is_answered_and_never_with_a_5xx_or_3xx(house, path, query, fields, right):
    if right:  # far enough to reach a call that is there
        post(house, "/twilio/voice", voice_fields())
        query = {"turn": "0", **query, "call": calls(house)[0].id}
        fields = {**fields, "CallSid": SID}
    target = f"{path}?{urlencode(query)}" if query else path
    reply = post(house, target, {name: value for name, value in fields.items() if value < "\ud800" or value > "\udfff"})
    assert reply.status_code in {200, 204, 400, 404, 409, 413}
    assert reply.data or reply.status_code == 204


@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=300), kind=st.sampled_from(["application/x-www-form-urlencoded", "application/json", ""])
)
def test_garbage_is_refused(house, body, kind):
    reply = post(house, "/twilio/voice", body, content_type=kind)
    assert 400 <= reply.status_code < 500


# ------------------------------------------------------------------------------------------ our side fails


@pytest.fixture
def broken(house):
    """Makes the next `times` transactions fail, at the point where SQLite would say so."""
    left: list[Exception] = []

    def begin(connection):
        if left and not connection.get_execution_options().get("hotline_read_only"):
            raise left.pop()

    def fail(times: int, error: Exception | None = None) -> None:
        cause = sqlite3.OperationalError("disk I/O error")
        left[:] = [error or sa.exc.OperationalError("BEGIN IMMEDIATE", {}, cause)] * times

    sa.event.listen(house.database.engine, "begin", begin)
    yield fail
    sa.event.remove(house.database.engine, "begin", begin)


def test_a_caller_who_meets_a_failure_hears_an_apology_and_is_answered_after_it(house, broken):
    broken(1)
    with capture_logs() as logs:
        waiting = caller(house.app).begin(f"{BASE}/twilio/voice")
    assert waiting.kind == "gather"
    assert waiting.heard == (
        "We are sorry. The hotline is being restored. Please hold on.", "[2 s of silence]", "Welcome. Press 1, 2 or 3.",
    )  # fmt: skip
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["no answer for the caller"]


def test_after_a_failure_the_question_is_asked_again_and_not_counted_as_silence(house, broken):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    broken(1)
    assert call.press("1").heard[-1] == "Welcome. Press 1, 2 or 3."
    assert events(house) == ["call_started"]
    assert call.press("1").kind == "record"


def test_a_message_survives_a_failure(house, broken):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("1")
    broken(1)
    assert call.leave(8).heard[-1] == "Thank you. Press 1, 2 or 3."
    assert [r.seconds for r in recordings(house)] == [8.0]


def test_the_end_of_a_transfer_survives_a_failure(house, broken):
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    call.press("3")
    broken(2, RuntimeError("a bug"))
    assert call.dial_ended("busy").heard[-1] == "Nobody is free. Press 1, 2 or 3."


@pytest.mark.parametrize("number", [None, "+8657188800000"])
def test_when_it_stays_broken_the_caller_is_put_through_if_there_is_a_person(house, broken, number):
    utility = house.settings.utility.model_copy(update={"transfer_number": number, "default_language": "zh-CN"})
    app = Flask("broken", static_folder=None)
    given = dataclasses.replace(house, settings=house.settings.model_copy(update={"utility": utility}))
    app.wsgi_app = Webhooks(given)
    broken(100)
    call = caller(app)
    waiting = call.begin(f"{BASE}/twilio/voice")
    assert waiting.heard.count("非常抱歉，热线系统正在恢复，请稍候。") == 3
    assert (waiting.kind, waiting.dialled) == (("over", "") if number is None else ("dial", number))


def test_a_database_that_is_gone_still_answers(twilio_settings, twilio_database, tmp_path):
    house = make_house(twilio_settings, twilio_database, tmp_path)
    call = caller(house.app)
    call.begin(f"{BASE}/twilio/voice")
    with house.database.transaction() as session:
        session.execute(sa.text("ALTER TABLE calls RENAME TO calls_gone"))
    assert call.press("1").kind == "over"
    assert "We are sorry. The hotline is being restored. Please hold on." in call.waiting.heard
    with house.database.transaction() as session:
        session.execute(sa.text("ALTER TABLE calls_gone RENAME TO calls"))


def test_a_status_that_cannot_be_written_down_says_so(house, broken):
    post(house, "/twilio/voice", voice_fields())
    broken(1)
    assert post(house, "/twilio/status", voice_fields(CallStatus="completed")).status_code == 503
    assert post(house, "/twilio/status", voice_fields(CallStatus="completed")).status_code == 204
    assert the_call(house).status is CallStatus.COMPLETED


def test_an_unsigned_simulation_is_cut_off(house):
    with pytest.raises(ApplicationError, match="answered 403"):
        caller(house.app, unsigned=True).begin(f"{BASE}/twilio/voice")


def test_behind_a_trusted_proxy_without_a_public_url(house):
    server = house.settings.server.model_copy(update={"public_url": None, "trusted_proxies": ("127.0.0.1",)})
    app = Flask("proxied", static_folder=None)
    given = dataclasses.replace(house, settings=house.settings.model_copy(update={"server": server}))
    app.wsgi_app = Webhooks(given)
    send = through(app)

    def proxied(url, body, headers):
        return send(url, body, {**headers, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "ivr.example.org"})

    call = caller(app, transport=proxied)
    assert call.begin(f"{BASE}/twilio/voice").kind == "gather"
    assert call.press("1").kind == "record"
