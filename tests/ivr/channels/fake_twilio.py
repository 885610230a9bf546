"""Twilio's REST API as a real HTTP server on a free port, and the calls it was asked to make.

It answers in Twilio's JSON, errors included, and a call made can be picked up: then it comes to our webhooks, signed.
"""

from __future__ import annotations

import base64
import io
import json
import secrets
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from ivr.channels.twilio.simulation import SimulatedCall, Transport, Waiting

ACCOUNT = "AC" + "1" * 32
TOKEN = "token-of-the-tests"
NUMBER = "+15005550006"


@dataclass
class MadeCall:
    """A call that was asked for, with every field of the request."""

    sid: str
    fields: dict[str, list[str]]
    created_at: datetime

    def __getitem__(self, name: str) -> str:
        return self.fields[name][0]


@dataclass
class FakeTwilio:
    url: str = ""
    calls: list[MadeCall] = field(default_factory=list)
    recordings: dict[str, bytes] = field(default_factory=dict)
    faults: list[dict] = field(default_factory=list)
    lost_answers: int = 0
    truncate_recordings: bool = False
    requests: list[str] = field(default_factory=list)

    def refuse_next(self, status: int, code: int, message: str = "no") -> None:
        """The next request is answered with an error in Twilio's shape."""
        self.faults.append(
            {
                "status": status,
                "code": code,
                "message": message,
                "more_info": f"https://www.twilio.com/docs/errors/{code}",
            }
        )

    def lose_next_answer(self) -> None:
        """The next request is carried out, and the connection breaks before the answer."""
        self.lost_answers += 1

    def pick_up(
        self, made: MadeCall, transport: Transport, answered_by: str = "human", **options
    ) -> tuple[SimulatedCall, Waiting]:
        """Somebody answers."""
        call = self.ring(made, transport, **options)
        return call, call.begin(made["Url"], AnsweredBy=answered_by)

    def ring(self, made: MadeCall, transport: Transport, **options) -> SimulatedCall:
        call = SimulatedCall(
            transport, account_sid=ACCOUNT, auth_token=TOKEN, from_number=made["From"], to_number=made["To"],
            direction="outbound-api", call_sid=made.sid, status_url=made["StatusCallback"], **options,
        )  # fmt: skip
        call.report("initiated")
        call.report("ringing")
        return call

    def add_call(self, fields: dict[str, list[str]], created_at: datetime | None = None) -> MadeCall:
        made = MadeCall(f"CA{secrets.token_hex(16)}", fields, created_at or datetime.now(UTC))
        self.calls.append(made)
        return made


def tone(seconds: float = 1.0) -> bytes:
    """A WAV file as Twilio makes them: 16 bit, 8 kHz, one channel."""
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(b"\x00\x10" * int(8000 * seconds))
    return file.getvalue()


@contextmanager
def running() -> Iterator[FakeTwilio]:
    fake = FakeTwilio()

    class Handler(_Handler):
        twilio = fake

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    twilio: FakeTwilio

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._refused():
            return
        made = self.twilio.add_call(parse_qs(body.decode()))
        if self.twilio.lost_answers:
            self.twilio.lost_answers -= 1
            self.close_connection = True
            return
        self._json(201, _call(made))

    def do_GET(self) -> None:
        if self._refused():
            return
        parts = urlsplit(self.path)
        if parts.path.endswith("/Calls.json"):
            wanted = parse_qs(parts.query)
            found = [
                call for call in reversed(self.twilio.calls)
                if call["To"] == wanted["To"][0] and call["From"] == wanted["From"][0]
            ]  # fmt: skip
            self._json(
                200, {"calls": [_call(call) for call in found], "page": 0, "page_size": 50, "next_page_uri": None}
            )
            return
        sid = parts.path.rpartition("/")[2].removesuffix(".wav")
        audio = self.twilio.recordings.get(sid)
        if audio is None:
            self._json(404, {"status": 404, "code": 20404, "message": "The requested resource was not found"})
            return
        self.send_response(200)
        self.send_header("Content-Type", "audio/x-wav")
        self.send_header("Content-Length", str(len(audio)))
        self.end_headers()
        self.wfile.write(audio[: len(audio) // 2] if self.twilio.truncate_recordings else audio)

    def _refused(self) -> bool:
        self.twilio.requests.append(f"{self.command} {self.path}")
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != expected or not self.path.startswith(
            f"/2010-04-01/Accounts/{ACCOUNT}/"
        ):
            self._json(401, {"status": 401, "code": 20003, "message": "Authenticate"})
            return True
        if self.twilio.faults:
            fault = self.twilio.faults.pop(0)
            self._json(fault["status"], fault)
            return True
        return False

    def _json(self, status: int, data: dict) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments) -> None:
        """Nothing on the tests' standard error."""


def _call(made: MadeCall) -> dict:
    created_at = format_datetime(made.created_at.replace(microsecond=0), usegmt=True)
    return {
        "sid": made.sid, "account_sid": ACCOUNT, "to": made["To"], "from": made["From"], "status": "queued",
        "direction": "outbound-api", "date_created": created_at,
    }  # fmt: skip
