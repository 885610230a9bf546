"""Calls that we begin: asked for once, paced, and every refusal told apart by what to do about it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from fake_twilio import ACCOUNT, NUMBER

from ivr.channels.dialing import DialError, DialerUnavailable, DialRequest
from ivr.channels.twilio.pacing import book
from ivr.channels.twilio.rest import TwilioDialer
from settings import load

CALL = "a" * 32
CUSTOMER = "+8613800000001"


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def dialer(twilio_settings, twilio_database, waits) -> TwilioDialer:
    return TwilioDialer(twilio_settings, twilio_database, sleep=waits.append)


def request(to: str = CUSTOMER) -> DialRequest:
    return DialRequest(CALL, to, ring_timeout_s=25)


def test_a_call_is_asked_for_with_all_it_needs(dialer, fake_twilio):
    result = dialer.dial(request())
    assert result.ok
    [made] = fake_twilio.calls
    assert result.provider_id == made.sid
    assert made.fields == {
        "To": [CUSTOMER],
        "From": [NUMBER],
        "Url": [f"https://ivr.example.org/twilio/voice?call={CALL}"],
        "Method": ["POST"],
        "Timeout": ["25"],
        "TimeLimit": ["1920"],
        "MachineDetection": ["Enable"],
        "StatusCallback": [f"https://ivr.example.org/twilio/status?call={CALL}"],
        "StatusCallbackMethod": ["POST"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    }


@pytest.mark.parametrize(
    ("status", "code", "error", "retryable"),
    [
        (400, 21211, DialError.BAD_NUMBER, False),
        (400, 21217, DialError.BAD_NUMBER, False),
        (400, 21215, DialError.REFUSED, False),
        (400, 21210, DialError.NOT_CONFIGURED, False),
        (401, 20003, DialError.AUTHENTICATION, False),
        (429, 20429, DialError.RATE_LIMITED, True),
        (503, 20503, DialError.UNAVAILABLE, True),
        (500, 20500, DialError.UNKNOWN, True),
    ],
)
def test_every_refusal_says_what_can_be_done(dialer, fake_twilio, status, code, error, retryable):
    fake_twilio.refuse_next(status, code, "because of it")
    result = dialer.dial(request())
    assert (result.ok, result.error, result.retryable) == (False, error, retryable)
    assert result.reason.startswith(f"Twilio {code}: ")
    assert "because of it" in result.reason
    assert fake_twilio.calls == []


def test_a_refused_call_can_be_made_later(dialer, fake_twilio):
    fake_twilio.refuse_next(429, 20429)
    assert not dialer.dial(request()).ok
    assert dialer.dial(request()).ok
    assert len(fake_twilio.calls) == 1


def test_an_answer_that_got_lost_leaves_it_open_and_the_call_is_found(dialer, fake_twilio):
    began = datetime.now(UTC)
    fake_twilio.lose_next_answer()
    result = dialer.dial(request())
    assert (result.error, result.retryable) == (DialError.UNKNOWN, True)
    [made] = fake_twilio.calls
    assert dialer.find(CUSTOMER, began, CALL) == made.sid


def test_nobody_there_is_certain(twilio_settings, twilio_database, fake_twilio):
    away = twilio_settings.twilio.model_copy(update={"api_url": "http://127.0.0.1:9"})
    dialer = TwilioDialer(twilio_settings.model_copy(update={"twilio": away}), twilio_database, sleep=lambda _s: None)
    assert dialer.dial(request()).error is DialError.UNAVAILABLE
    with pytest.raises(DialerUnavailable, match=CALL):
        dialer.find(CUSTOMER, datetime.now(UTC), CALL)


def test_only_a_call_of_ours_that_nobody_knows_of_is_found(dialer, fake_twilio):
    now = datetime.now(UTC)
    assert dialer.find(CUSTOMER, now, CALL) is None
    fields = {"To": [CUSTOMER], "From": [NUMBER]}
    fake_twilio.add_call(fields, now - timedelta(minutes=5))
    fake_twilio.add_call({"To": ["+8613800000002"], "From": [NUMBER]}, now)
    known = fake_twilio.add_call(fields, now)
    assert dialer.find(CUSTOMER, now, CALL, known=[known.sid]) is None
    lost = fake_twilio.add_call(fields, now)
    assert dialer.find(CUSTOMER, now, CALL, known=[known.sid]) == lost.sid


def test_a_wrong_token_is_seen(twilio_environment, twilio_database, fake_twilio, tmp_path):
    environment = twilio_environment | {"TWILIO_AUTH_TOKEN": "another", "HOTLINE_TWILIO__API_URL": fake_twilio.url}
    dialer = TwilioDialer(load(environ=environment, home=tmp_path / "home"), twilio_database, sleep=lambda _s: None)
    assert dialer.dial(request()).error is DialError.AUTHENTICATION


@pytest.mark.parametrize(
    ("variable", "named"),
    [
        ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN"),
        ("HOTLINE_TWILIO__NUMBER", "twilio.number"),
        ("HOTLINE_SERVER__PUBLIC_URL", "server.public_url"),
    ],
)
def test_what_is_not_set_is_named_and_twilio_is_not_asked(
    twilio_environment, twilio_database, fake_twilio, tmp_path, variable, named
):
    environment = twilio_environment | {"HOTLINE_TWILIO__API_URL": fake_twilio.url}
    del environment[variable]
    if variable == "TWILIO_AUTH_TOKEN":
        del environment["TWILIO_ACCOUNT_SID"]
    dialer = TwilioDialer(load(environ=environment, home=tmp_path / "home"), twilio_database)
    result = dialer.dial(request())
    assert result.error is DialError.NOT_CONFIGURED
    assert named in result.reason
    assert not result.retryable
    assert fake_twilio.requests == []


def test_calls_are_begun_no_faster_than_allowed(twilio_settings, twilio_database, fake_twilio, waits):
    now = datetime.now(UTC)
    dialers = [
        TwilioDialer(twilio_settings, twilio_database, clock=lambda: now, sleep=waits.append) for _worker in range(2)
    ]
    for place in range(4):
        assert dialers[place % 2].dial(request()).ok
    assert waits == [0.0, 1.0, 2.0, 3.0]


def test_a_place_too_far_off_is_not_taken(twilio_database):
    now = datetime.now(UTC)
    assert [book(twilio_database, 0.5, now, longest_wait_s=3) for _ in range(4)] == [0.0, 2.0, None, None]
    assert book(twilio_database, 0.5, now + timedelta(seconds=10), longest_wait_s=3) == 0.0


def test_too_many_waiting_is_said_without_asking_twilio(dialer, twilio_database, fake_twilio):
    for _ in range(60):
        book(twilio_database, 1.0, datetime.now(UTC), longest_wait_s=60)
    assert dialer.dial(request()).error is DialError.RATE_LIMITED
    assert fake_twilio.requests == []


def test_the_rest_client_is_loaded_only_when_somebody_is_called():
    script = (
        "import sys, ivr.channels.twilio.rest, ivr.channels.twilio.recordings; sys.exit('twilio.rest' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_account_is_part_of_every_address(dialer, fake_twilio):
    dialer.dial(request())
    assert fake_twilio.requests == [f"POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json"]
