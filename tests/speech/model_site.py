"""A mirror of models for tests: real HTTP with ranges, that cuts connections when it is told to."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

NAME = "vosk-model-small-ko-0.22"


def archive(name: str = NAME, **more: bytes) -> bytes:
    """A small model as the maker packs them; its sound model is noise, which does not shrink."""
    files = {
        f"{name}/am/final.mdl": Random(7).randbytes(600_000),
        f"{name}/conf/model.conf": b"--beam=10.0\n",
        **{f"{name}/{path}": body for path, body in more.items()},
    }
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    """The same files always give the same bytes: a ZIP archive holds the time that each was packed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for path, body in files.items():
            file.writestr(zipfile.ZipInfo(path), body, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


@dataclass
class Site:
    """`cuts`: after so many bytes of its body each of the next answers ends early."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"one"'
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, Range

    def holds(self, body: bytes, name: str = NAME, *, checksum: bool = True) -> None:
        self.files[f"/models/{name}.zip"] = body
        if checksum:
            self.files[f"/models/{name}.zip.sha256"] = f"{hashlib.sha256(body).hexdigest()}  {name}.zip\n".encode()


@contextmanager
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path if self.path.startswith("/") else "/" + self.path.split("/", 3)[3]  # asked as a proxy
            body = served.files.get(path)
            wanted = self.headers.get("Range", "")
            served.asked.append((self.path, wanted))
            if body is None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            first = 0
            if wanted and served.ranges and self.headers.get("If-Range") == served.etag:
                first = int(wanted.removeprefix("bytes=").rstrip("-"))
                if first >= len(body):
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            rest = body[first:]
            self.send_header("Content-Length", str(len(rest)))
            self.send_header("ETag", served.etag)
            self.end_headers()
            if path.endswith(".zip") and served.cuts:
                rest = rest[: served.cuts.pop(0)]
                self.close_connection = True
            self.wfile.write(rest)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    served.address = f"http://127.0.0.1:{server.server_address[1]}/models"
    try:
        yield served
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
