"""A recording as an answer: whole, or the range a player asks for. What is encrypted is decrypted piece by piece, in
memory, and kept by nobody on the way."""

from __future__ import annotations

import io
from typing import IO, Final, cast

import structlog
from flask import Response, request
from werkzeug.http import parse_range_header
from werkzeug.wsgi import FileWrapper

from recording_store import RecordingDamaged, RecordingFile

_PIECE: Final = 64 * 1024
log = structlog.get_logger(__name__)


class _Reading(io.RawIOBase):
    """A RecordingFile as a file that can be read and sought. It has no descriptor: no server may send it by itself."""

    def __init__(self, file: RecordingFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        try:
            found = self._file.read_at(self._at, self._file.size if size < 0 else size)
        except RecordingDamaged as error:
            log.error("recording_damaged", error=str(error))
            raise
        self._at += len(found)
        return found

    def close(self) -> None:
        self._file.close()
        super().close()


def sound_answer(file: RecordingFile) -> Response:
    """200, 206, 304 or 416 for what was asked; `file` is closed when the answer has been sent.

    Raises werkzeug's RequestedRangeNotSatisfiable.
    """
    reading = _Reading(file)
    answer = Response(FileWrapper(cast(IO[bytes], reading), _PIECE), mimetype="audio/wav", direct_passthrough=True)
    answer.content_length = file.size
    answer.set_etag(file.mark)
    answer.headers["Cache-Control"] = "private, no-store"
    asked = {**request.environ, "HTTP_RANGE": _asked(file.size)}
    if not asked["HTTP_RANGE"]:
        del asked["HTTP_RANGE"]
    try:
        answer.make_conditional(asked, accept_ranges=True, complete_length=file.size)
    except BaseException:
        reading.close()
        raise
    return answer


def sends_the_beginning(answer: Response) -> bool:
    """Whether who gets it hears the recording from its start; else it goes on with what was asked for before."""
    return answer.status_code == 200 or answer.headers.get("Content-Range", "").startswith("bytes 0-")


def _asked(size: int) -> str:
    """The header Range as far as RFC 9110 wants it heeded (14.2): of a GET, in bytes, one range. Where it asks for
    several, the whole is a right answer; the end of a file is all of one that is shorter."""
    asked = request.headers.get("Range", "")
    if request.method != "GET" or asked.partition("=")[0].strip().lower() != "bytes":
        return ""
    parsed = parse_range_header(asked)
    if parsed is None:
        return asked
    if len(parsed.ranges) > 1:
        return ""
    start, end = parsed.ranges[0]
    return "bytes=0-" if end is None and start < -size else asked
