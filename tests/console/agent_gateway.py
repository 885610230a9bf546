"""The gateway as an agent's phone meets it: the protocol of `media.rooms`, said and heard by a test."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from ivr.channels import tokens
from settings import Settings

WAIT_S = 20.0
Message = dict[str, Any]


@dataclass
class AgentGateway:
    """`heard`: all that came in but sound; `sound`: the frames. The newest phone is the one that is spoken to."""

    settings: Settings
    heard: list[Message] = field(default_factory=list)
    sound: list[bytes] = field(default_factory=list)
    claims: list[Message] = field(default_factory=list)
    phones: list[ServerConnection] = field(default_factory=list)
    greeting: list[Message] = field(default_factory=lambda: [line("away"), waiting()])
    gives_back: str | None = None  # the call that whoever is ready again after a broken connection gets back

    def serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        address = urlsplit(connection.request.path)
        if address.path != "/agent":  # the pages' live updates
            connection.close(4404)
            return
        self.claims.append(tokens.check(self.settings, "agent", parse_qs(address.query)["token"][0]))
        before, self.phones = self.phones, [connection]
        for one in before:
            one.close(4409, "your line is open on another page")
        with contextlib.suppress(ConnectionClosed):
            for message in self.greeting:
                connection.send(json.dumps(message))
            for raw in connection:
                message = json.loads(raw)
                if message["event"] == "media":
                    self.sound.append(base64.b64decode(message["media"]["payload"]))
                else:
                    self.heard.append(message)
                    self._answer(connection, message)

    def _answer(self, connection: ServerConnection, message: Message) -> None:
        if message["event"] == "ready" and self.gives_back is not None:
            connection.send(json.dumps(joined(self.gives_back)))
            connection.send(json.dumps(line("talking", self.gives_back)))
        elif message["event"] in ("ready", "away"):
            connection.send(json.dumps(line(message["event"])))

    def say(self, *messages: Message) -> None:
        wait(lambda: bool(self.phones))
        for message in messages:
            self.phones[-1].send(json.dumps(message))

    def hears(self, event: str, **fields: object) -> Message:
        """Waits for a message; it and those before it are not found again."""

        def found() -> int | None:
            for at, message in enumerate(self.heard):
                if message["event"] == event and all(message.get(name) == value for name, value in fields.items()):
                    return at
            return None

        wait(lambda: found() is not None, lambda: f"no {event} {fields} among {self.heard}")
        at = found()
        assert at is not None
        message = self.heard[at]
        del self.heard[: at + 1]
        return message

    def drop(self, code: int = 1012) -> None:
        """The connection breaks."""
        self.phones.pop().close(code)


def wait(condition: Callable[[], bool], why: Callable[[], str] = lambda: "") -> None:
    until = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until, why()
        time.sleep(0.02)


@contextlib.contextmanager
def agent_gateway(settings: Settings) -> Iterator[AgentGateway]:
    gateway = AgentGateway(settings)
    with serve(gateway.serve, "127.0.0.1", settings.media_port, close_timeout=1) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        try:
            yield gateway
        finally:
            for phone in gateway.phones:
                phone.close()
            server.shutdown()
            serving.join(10)


# --- what a gateway says


def line(state: str, call: str | None = None) -> Message:
    return {"event": "line", "state": state, "call": call, "by": "browser"}


def waits(
    call: str, number: str = "+8613800138002", subject: str = "No power", since: str = "", **more: object
) -> Message:
    since = since or time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 42))
    return {"call": call, "from": number, "since": since, "subject": subject, "language": "en", "danger": False,
            "again": False, "away": False, **more}  # fmt: skip


def waiting(*calls: Message, at_work: int = 2) -> Message:
    return {"event": "waiting", "at_work": at_work, "calls": list(calls)}


def joined(call: str, mode: str = "talk", **more: object) -> Message:
    return {"event": "joined", "call": call, "mode": mode, "muted": False, "held": False, "recorded": True,
            "paused": False, "from": "+8613800138002",
            "subject": "No power", "language": "en", **more}  # fmt: skip


def room(call: str, *people: tuple[str, str, str], caller: str = "here") -> Message:
    return {"event": "room", "call": call, "caller": caller,
            "people": [{"user": user, "name": name, "mode": mode} for user, name, mode in people]}  # fmt: skip


def caption(who: str, text: str, language: str = "en", *, partial: bool = False) -> Message:
    return {"event": "caption", "who": who, "text": text, "language": language, "private": False, "partial": partial}


def media(mulaw: bytes) -> Message:
    return {"event": "media", "media": {"payload": base64.b64encode(mulaw).decode()}}
