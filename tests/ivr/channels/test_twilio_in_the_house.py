"""The webhooks inside the whole web: past sign-in, CSRF and error pages, with the flows that come with the hotline."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from fake_twilio import TOKEN
from phone import caller
from twilio.request_validator import RequestValidator

from app import create_app
from models import Call, CallStatus, Ticket

BASE = "https://ivr.example.org"


@pytest.fixture
def app(twilio_settings, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    app = create_app(twilio_settings)
    yield app
    app.extensions["hotline"].database.dispose()


def post(app, path: str, body: bytes, **headers):
    return app.test_client().post(path, data=body, headers=headers, content_type="application/x-www-form-urlencoded")


def test_an_outage_is_reported_and_every_request_comes_twice(app):
    call = caller(app, replay=True)
    assert "河湾县供电公司" in " ".join(call.begin(f"{BASE}/twilio/voice").heard)
    assert "press 1" in " ".join(call.press("2").heard)
    call.press("1")
    call.press("1")
    call.speak("no nothing like that")
    waiting = call.silence()
    assert waiting.kind == "record"
    call.leave(9)
    call.press("2")
    waiting = call.press("1")
    assert "ticket number" in " ".join(waiting.heard)
    assert call.press("2").kind == "over"
    with app.extensions["hotline"].database.reading() as session:
        row = session.scalars(sa.select(Call)).one()
        ticket = session.scalars(sa.select(Ticket)).one()
    assert row.status is CallStatus.COMPLETED
    assert (ticket.call_id, ticket.callback_number, ticket.language) == (row.id, "+8613800000001", "en")


def test_neither_sign_in_nor_csrf_nor_a_redirect_stands_in_the_way(app):
    reply = post(app, "/twilio/voice", b"CallSid=1")
    assert (reply.status_code, reply.mimetype) == (403, "text/plain")
    signature = RequestValidator(TOKEN).compute_signature(f"{BASE}/twilio/voice", {"CallSid": "1"})
    reply = post(app, "/twilio/voice", b"CallSid=1", **{"X-Twilio-Signature": signature})
    assert (reply.status_code, reply.mimetype) == (400, "text/plain")
    assert "Set-Cookie" not in reply.headers


def test_a_flood_is_answered_all_the_same(app):
    """One address of Twilio's calls for every caller: no limit may be kept on it."""
    for _ in range(60):
        assert caller(app).begin(f"{BASE}/twilio/voice").kind == "gather"


def test_too_large_is_413_here_too(app, twilio_settings):
    reply = post(app, "/twilio/voice", b"x=" + b"y" * twilio_settings.server.max_body_bytes)
    assert (reply.status_code, reply.mimetype) == (413, "text/plain")
