"""Cuts a TCP stream into SIP messages (RFC 3261 section 18.3) and pings (RFC 5626 section 4.4.1)."""

from __future__ import annotations

import re

_LENGTH = re.compile(rb"(?:\A|\n)(?:content-length|l)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)
_DIGITS = re.compile(rb"\d{1,10}[ \t]*")
_END = b"\r\n\r\n"

PING = b""  # what `feed` gives for a double line end between messages: it wants one line end back


class BadStream(ValueError):
    """Where the next message begins cannot be known any more: the connection is of no further use."""


class Cutter:
    """One connection's stream. `feed` takes what came, however it was cut, and gives what is complete by now."""

    __slots__ = ("_buffer", "_limit", "_searched")

    def __init__(self, limit: int) -> None:
        """`limit`: bytes of one message."""
        self._buffer = bytearray()
        self._limit = limit
        self._searched = 0  # up to there no end of headers begins: each byte is searched once

    @property
    def holds(self) -> int:
        """Bytes of a message that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if buffer.startswith(_END):
            del buffer[: len(_END)]
            return PING
        if buffer[:2] == b"\r\n" and len(buffer) > 2 and not _END.startswith(bytes(buffer[:4])):
            del buffer[:2]
        end = buffer.find(_END, self._searched)
        if end < 0:
            if len(buffer) > self._limit:
                raise BadStream(f"no end of headers in {len(buffer)} bytes")
            self._searched = max(0, len(buffer) - len(_END) + 1)
            return None
        whole = end + len(_END) + self._length(bytes(buffer[:end]))
        if whole > self._limit:
            raise BadStream(f"a message of {whole} bytes, {self._limit} are taken")
        if len(buffer) < whole:
            self._searched = end
            return None
        message = bytes(buffer[:whole])
        del buffer[:whole]
        self._searched = 0
        return message

    @staticmethod
    def _length(head: bytes) -> int:
        lengths = {found.strip() for found in _LENGTH.findall(head)}
        if not lengths:
            return 0
        value = lengths.pop()
        if lengths or not _DIGITS.fullmatch(value):
            raise BadStream("Content-Length is no number, or several")
        return int(value)
