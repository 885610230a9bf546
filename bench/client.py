"""Callers for the benchmark: one process, one thread, many keep-alive connections, as lean as Python allows.

Two ways to drive a server. `saturate`: every connection sends its next request as soon as it has been answered.
`paced`: requests are due at fixed times whatever the server does, and a latency counts from when a request was due, so
that a server that falls behind cannot hide it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import random
import re
import secrets
import selectors
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import quote_plus

PUBLIC_URL = "http://bench.example"
ACCOUNT, TOKEN = "AC" + "0" * 32, "token-of-the-benchmark"
_ACTION = re.compile(rb'(?:action="|POST">)http://bench\.example(/twilio/turn[^"<]*)')


@dataclass(frozen=True, slots=True)
class Step:
    """What the caller does at a wait, and what the answer must have in it."""

    fields: dict[str, str]
    then: bytes


# An outage reported by somebody the utility does not know, in English: language, topic, no power at all, no danger, no
# account number, address spoken after the tone, neighbours out too, call back on this number, ticket, goodbye.
REPORT = (
    Step({"CallStatus": "ringing"}, b"<Gather"),
    Step({"Digits": "2"}, b"For a power cut or a fault"),
    Step({"Digits": "1"}, b"no power at all"),
    Step({"Digits": "1"}, b"sparks"),
    Step({"SpeechResult": "no nothing like that", "Confidence": "0.91"}, b"account number"),
    Step({"Digits": ""}, b"<Record"),
    Step({"RecordingUrl": "https://api.twilio.com/r", "RecordingDuration": "7", "Digits": "#"}, b"neighbours"),
    Step({"Digits": "2"}, b"call you back on"),
    Step({"Digits": "1"}, b"ticket number is"),
    Step({"Digits": "2"}, b"<Hangup"),
)
# The same turn again and again: a menu is asked for once more. Nothing but signature, lock, engine, commit and TwiML.
MENU = (
    Step({"CallStatus": "ringing"}, b"<Gather"),
    Step({"Digits": "2"}, b"For a power cut or a fault"),
    *(Step({"Digits": "9"}, b"For a power cut or a fault") for _ in range(60)),
)
SCRIPTS = {"report": REPORT, "menu": MENU}
END = Step({"CallStatus": "completed", "CallDuration": "61", "SequenceNumber": "0"}, b"")


class Caller:
    """One call after another through a script. `next` makes a request, `answered` takes its answer."""

    def __init__(self, script: tuple[Step, ...]) -> None:
        self._script = script
        self._sign = hmac.new(TOKEN.encode(), digestmod=hashlib.sha1)
        self._begin()
        self.calls = 0

    def _begin(self) -> None:
        self._place = 0
        self._target = b"/twilio/voice"
        self._common = {
            "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": f"CA{secrets.token_hex(16)}",
            "CallStatus": "in-progress", "Direction": "inbound", "From": f"+86{random.randrange(10**10, 10**11)}",
            "To": "95598",
        }  # fmt: skip

    def next(self) -> bytes:
        step = self._script[self._place]
        fields = self._common | step.fields
        if "RecordingUrl" in fields:
            fields["RecordingSid"] = f"RE{secrets.token_hex(16)}"
        body = "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items()).encode()
        sign = self._sign.copy()
        sign.update(PUBLIC_URL.encode() + self._target)
        sign.update("".join(name + fields[name] for name in sorted(fields)).encode())
        return b"".join((
            b"POST ", self._target, b" HTTP/1.1\r\nHost: bench.example\r\nX-Twilio-Signature: ",
            base64.b64encode(sign.digest()), b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ",
            str(len(body)).encode(), b"\r\n\r\n", body,
        ))  # fmt: skip

    def answered(self, status: int, body: bytes) -> bool:
        """Whether the answer was right."""
        step = self._script[self._place]
        right = (status == 200 and step.then in body) or (status == 204 and not step.then)
        self._place += 1
        if not right or self._place == len(self._script):
            self.calls += right
            self._begin()
            return right
        action = _ACTION.search(body)
        self._target = action.group(1).replace(b"&amp;", b"&") if action else b"/twilio/status"
        return True


class BareCaller(Caller):
    """The same requests, all to one route that knows nothing of calls."""

    def next(self) -> bytes:
        request = super().next()
        return b"POST /bare " + request.split(b" ", 2)[2]

    def answered(self, status: int, body: bytes) -> bool:
        self._place = (self._place + 1) % len(self._script)
        return status == 200


@dataclass
class Connection:
    socket: socket.socket
    caller: Caller | None = None
    since: float = 0.0
    buffer: bytearray = field(default_factory=bytearray)


@dataclass
class Result:
    seconds: float = 0.0
    requests: int = 0
    wrong: int = 0
    calls: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    first_wrong: str = ""

    def summary(self) -> dict:
        ordered = sorted(self.latencies_ms)

        def percentile(p: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(p * len(ordered)))], 2) if ordered else 0.0

        return {
            "requests_per_s": round(self.requests / self.seconds, 1), "requests": self.requests, "wrong": self.wrong,
            "calls": self.calls, "p50_ms": percentile(0.5), "p99_ms": percentile(0.99), "max_ms": percentile(1.0),
            "first_wrong": self.first_wrong,
        }  # fmt: skip


class Load:
    def __init__(self, port: int, connections: int, callers: list[Caller]) -> None:
        self._selector = selectors.DefaultSelector()
        self._connections = []
        for _ in range(connections):
            link = socket.create_connection(("127.0.0.1", port))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link.settimeout(30)
            connection = Connection(link)
            self._selector.register(link, selectors.EVENT_READ, connection)
            self._connections.append(connection)
        self._callers = deque(callers)
        self._all = callers

    def saturate(self, seconds: float) -> Result:
        result = Result()
        began = time.perf_counter()
        stop = began + seconds
        for connection in self._connections:
            self._send(connection, self._callers.popleft(), time.perf_counter())
        busy = len(self._connections)
        while busy:
            for connection in self._ready(0.5):
                now = time.perf_counter()
                if now < stop:
                    self._count(result, connection, now)
                    self._callers.append(self._take(connection))
                    self._send(connection, self._callers.popleft(), time.perf_counter())
                else:
                    busy -= 1
        result.seconds = stop - began
        return self._close(result)

    def paced(self, seconds: float, per_s: float) -> Result:
        result = Result()
        began = time.perf_counter()
        idle = deque(self._connections)
        due = 0
        while True:
            now = time.perf_counter()
            over = now >= began + seconds
            while idle and self._callers and not over and began + due / per_s <= now:
                self._send(idle.popleft(), self._callers.popleft(), began + due / per_s)
                due += 1
            if over and len(idle) == len(self._connections):
                break
            wait = max(0.0, began + due / per_s - now) if idle and not over else 0.05
            for connection in self._ready(wait):
                self._count(result, connection, time.perf_counter())
                self._callers.append(self._take(connection))
                idle.append(connection)
        result.seconds = time.perf_counter() - began
        return self._close(result)

    def _ready(self, wait: float) -> list[Connection]:
        """Connections whose answer is complete."""
        complete = []
        for key, _events in self._selector.select(wait):
            connection: Connection = key.data
            piece = connection.socket.recv(65536)
            if not piece:
                raise ConnectionError("the server closed a connection")
            connection.buffer += piece
            if _whole(connection.buffer):
                complete.append(connection)
        return complete

    def _send(self, connection: Connection, caller: Caller, since: float) -> None:
        connection.caller, connection.since = caller, since
        connection.socket.sendall(caller.next())

    def _count(self, result: Result, connection: Connection, now: float) -> None:
        head, _, body = bytes(connection.buffer).partition(b"\r\n\r\n")
        assert connection.caller is not None
        result.requests += 1
        result.latencies_ms.append((now - connection.since) * 1000)
        if not connection.caller.answered(int(head[9:12]), body):
            result.wrong += 1
            result.first_wrong = result.first_wrong or (head[:15] + b" " + body[:300]).decode("utf-8", "replace")

    def _take(self, connection: Connection) -> Caller:
        caller, connection.caller = connection.caller, None
        connection.buffer.clear()
        assert caller is not None
        return caller

    def _close(self, result: Result) -> Result:
        result.calls = sum(caller.calls for caller in self._all)
        for connection in self._connections:
            connection.socket.close()
        self._selector.close()
        return result


def _whole(buffer: bytearray) -> bool:
    head_end = buffer.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    length = re.search(rb"\r\n[Cc]ontent-[Ll]ength: (\d+)", buffer[: head_end + 2])
    return len(buffer) >= head_end + 4 + (int(length.group(1)) if length else 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["hotline", "bare"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--calls", type=int, default=32, help="calls in progress at once")
    parser.add_argument("--per-second", type=float, help="paced at so many requests a second; saturated without")
    parser.add_argument("--script", choices=sorted(SCRIPTS), default="report")
    given = parser.parse_args()
    script = (*SCRIPTS[given.script], END)
    made = [(Caller if given.kind == "hotline" else BareCaller)(script) for _ in range(given.calls)]
    load = Load(given.port, given.connections, made)
    run = load.paced(given.seconds, given.per_second) if given.per_second else load.saturate(given.seconds)
    print(json.dumps(run.summary()))


if __name__ == "__main__":
    main()
