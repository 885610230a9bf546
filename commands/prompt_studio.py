"""A page for reading prompts into a microphone, served by the command itself, to this machine alone.

Browsers give their microphone to pages of localhost and of https only; on a server ssh brings the page to where the
microphone is. The address holds a secret that only who started the
command knows, and a page of another site cannot reach it under a name of its own.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import tempfile
import threading
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ivr.prompt_book import Prompt
from speech.audio import AudioError, write_wav
from speech.studio import UnfitRecording, ready

_FILES = Path(__file__).with_name("studio")
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
_MOST_BYTES = 64 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Studio:
    """`wanted` are offered one after the other; what is kept of them lies in `folder` by language. Close it."""

    def __init__(self, wanted: Sequence[Prompt], folder: Path, *, port: int = 0) -> None:
        self.wanted = list(wanted)
        self.folder = folder
        self.kept = 0
        self.secret = secrets.token_urlsafe(16)
        self._kept_ones: set[int] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"studio": self}))
        self._server.daemon_threads = True
        self.port: int = self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.secret}/"

    def serve(self) -> None:
        """Until Ctrl-C, or `shut_down` of another thread."""
        with contextlib.suppress(KeyboardInterrupt):
            self._server.serve_forever(poll_interval=0.1)

    def shut_down(self) -> None:
        self._server.shutdown()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def path(self, number: int) -> Path:
        prompt = self.wanted[number]
        return self.folder / prompt.language / f"{prompt.id}.wav"

    def list(self) -> list[dict[str, Any]]:
        return [
            {"id": prompt.id, "language": prompt.language, "text": prompt.text, "kept": self.path(number).exists()}
            for number, prompt in enumerate(self.wanted)
        ]

    def keep(self, number: int, sound: bytes) -> dict[str, Any]:
        """What the page is told: {"seconds"} or {"fault"}."""
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            file.write(sound)
            file.flush()
            try:
                made = ready(Path(file.name))
            except UnfitRecording as problem:
                return {"fault": str(problem)}
            except AudioError:
                return {"fault": "it is no sound"}
        write_wav(self.path(number), made.pcm)
        with self._lock:
            self._kept_ones.add(number)
            self.kept = len(self._kept_ones)
        return {"seconds": round(made.seconds, 1), "level_dbfs": round(made.level_dbfs, 1)}


class _Handler(BaseHTTPRequestHandler):
    studio: Studio
    server_version = "hotline"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        asked = self._asked()
        if asked is None:
            self._nothing()
        elif asked == "prompts":
            self._answer(json.dumps(self.studio.list()).encode(), "application/json")
        elif (number := self._number(asked, "sound")) is not None and self.studio.path(number).exists():
            self._answer(self.studio.path(number).read_bytes(), "audio/wav")
        else:
            file = _FILES / (asked or "index.html")
            if file.parent == _FILES and file.suffix in _TYPES and file.is_file():
                self._answer(file.read_bytes(), _TYPES[file.suffix])
            else:
                self._nothing()

    def do_POST(self) -> None:
        number = self._number(self._asked() or "", "keep")
        size = self.headers.get("Content-Length", "")
        if number is None:
            self._nothing()
        elif not size.isdigit() or int(size) > _MOST_BYTES:
            self._answer(b"too long\n", "text/plain", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            told = self.studio.keep(number, self.rfile.read(int(size)))
            self._answer(json.dumps(told).encode(), "application/json")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal is the operator's."""

    def _asked(self) -> str | None:
        """The path behind the secret. None: whoever asks does not know it, or came by a name that is not this one."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        path = urlsplit(self.path).path
        start = f"/{self.studio.secret}/"
        known = secrets.compare_digest(path[: len(start)].encode(), start.encode())
        return path[len(start) :] if known and host in ("127.0.0.1", "localhost", "::1") else None

    def _number(self, asked: str, of: str) -> int | None:
        kind, _, number = asked.partition("/")
        if kind != of or not number.isdecimal() or not number.isascii() or len(number) > 6:
            return None
        return int(number) if int(number) < len(self.studio.wanted) else None

    def _nothing(self) -> None:
        self._answer(b"there is nothing here\n", "text/plain", HTTPStatus.NOT_FOUND)

    def _answer(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
