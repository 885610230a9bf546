"""A large file over HTTP: goes on where it was cut off, and never mixes two files into one.

Proxies are those of the environment (https_proxy, http_proxy, no_proxy).
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from speech.models import ModelError

Progress = Callable[[int, int | None], None]
"""Bytes that are here, and of how many (None: not said)."""

_PIECE = 256 * 1024
_PATIENCE_S = 30.0
_TRIES = 6  # in a row without a byte more
_PAUSE_S = 0.2  # before the second of them; twice as long before each further one
_SMALL = 4 * 1024 * 1024
_AGENT = {"User-Agent": "hotline", "Accept-Encoding": "identity"}
_CUT_OFF = (OSError, http.client.HTTPException)  # URLError is an OSError


class Download:
    """`target` while it is incomplete is `target`.part; beside it is written what it is a part of."""

    def __init__(self, address: str, target: Path) -> None:
        self._address = address
        self._target = target
        self._part = target.with_name(f"{target.name}.part")
        self._about = target.with_name(f"{target.name}.part.json")

    def fetch(self, progress: Progress) -> Path:
        """The complete file. Raises ModelError, or OSError of the disk; what has come is kept for the next time."""
        if self._target.exists():
            return self._target
        tries = 0
        while True:
            before = self._size()
            try:
                if self._receive(progress):
                    break
                reason = "the connection was closed early"
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == 416 and before:  # what is here is not the beginning of what is there
                        self._forget()
                        continue
                    raise self._refused(error) from error
            except _DiskProblem as problem:
                raise problem.cause from problem
            except _CUT_OFF as error:
                reason = _reason(error)
            tries = 0 if self._size() > before else tries + 1
            if tries >= _TRIES or (tries and not self._size()):
                raise self._unreachable(reason)
            time.sleep(_PAUSE_S * 2**tries)
        self._part.rename(self._target)
        self._about.unlink(missing_ok=True)
        return self._target

    def _receive(self, progress: Progress) -> bool:
        """Whether it is complete now."""
        have, version = self._size(), self._version()
        headers = dict(_AGENT)
        if have and version:
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        with _asked(self._address, headers) as answer:
            have = have if answer.status == 206 and _starts_at(answer) == have else 0
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length and length.isdigit() else None
            self._note_version(answer)
            with self._open(have) as part:
                _copy(answer, part, have, total, progress)
        return total is None or self._size() >= total

    def _open(self, have: int) -> IO[bytes]:
        try:
            part = self._part.open("ab" if have else "wb")
        except OSError as error:
            raise _DiskProblem(error) from error
        return part

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _version(self) -> str | None:
        """What the server said the part is of; a part without it is not gone on with."""
        try:
            about = json.loads(self._about.read_text())
        except (OSError, ValueError):
            return None
        return about.get("version") if about.get("address") == self._address else None

    def _note_version(self, answer: http.client.HTTPResponse) -> None:
        etag = answer.headers.get("ETag") or ""
        strong = etag if etag and not etag.startswith("W/") else None  # a weak one promises no equal bytes
        about = {"address": self._address, "version": strong or answer.headers.get("Last-Modified")}
        try:
            self._about.write_text(json.dumps(about))
        except OSError as error:
            raise _DiskProblem(error) from error

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)

    def _refused(self, error: urllib.error.HTTPError) -> ModelError:
        if error.code == 404:
            return ModelError(f"there is no {self._address} (404): is speech.models_url right, and the model's name?")
        return ModelError(f"{self._address} is refused: {error.code} {error.reason}")

    def _unreachable(self, reason: str) -> ModelError:
        have = self._size()
        if not have:
            return _no_way_to(self._address, reason)
        return ModelError(
            f"the download ended again and again after {have / 2**20:.1f} MB ({reason}): the same command goes on there"
        )


class _DiskProblem(Exception):
    """Told apart from the network's, which is an OSError as well."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def small_text(address: str) -> str | None:
    """A small file, None where there is none. Raises ModelError when the host cannot be reached."""
    try:
        with _asked(address, _AGENT) as answer:
            body: bytes = answer.read(_SMALL)
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except _CUT_OFF as error:
        raise _no_way_to(address, _reason(error)) from error
    return body.decode("utf-8", errors="replace")


def _asked(address: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - http(s), by the settings
    answer: http.client.HTTPResponse = urllib.request.build_opener().open(request, timeout=_PATIENCE_S)
    return answer


def _copy(answer: http.client.HTTPResponse, part: IO[bytes], have: int, total: int | None, progress: Progress) -> None:
    progress(have, total)
    while piece := answer.read(_PIECE):
        try:
            part.write(piece)
        except OSError as error:
            raise _DiskProblem(error) from error
        have += len(piece)
        progress(have, total)
    try:
        part.flush()
    except OSError as error:
        raise _DiskProblem(error) from error


def _starts_at(answer: http.client.HTTPResponse) -> int | None:
    said = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(said) if said.isdigit() else None


def _no_way_to(address: str, reason: str) -> ModelError:
    return ModelError(
        f"{urlsplit(address).netloc} cannot be reached ({reason}): is the network there? A proxy is set by "
        "https_proxy, a mirror by speech.models_url"
    )


def _reason(error: BaseException) -> str:
    inner = getattr(error, "reason", None) or error
    return str(getattr(inner, "strerror", None) or inner) or type(inner).__name__
