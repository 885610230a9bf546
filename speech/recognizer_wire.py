"""How the gateway and a recogniser's process talk: a kind of one byte, a length, and so many bytes.

    to a worker    START {"phrases", "free", "repeat"} | FEED pcm | FINISH | MISSING [phrase, ...]
    from a worker  READY (once) | DONE answer | FAILED what went wrong
    to the parent  WORKER number (with the descriptor of the worker's end) | KILL number
    from it        READY (once, with the model loaded; FORKS, or "" where each worker loads it) | UNAVAILABLE why not

Bodies are JSON, but for sound.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

START, FEED, FINISH, MISSING = b"S", b"F", b"E", b"M"
READY, DONE, FAILED = b"R", b"D", b"X"
WORKER, KILL, UNAVAILABLE = b"W", b"K", b"U"
FORKS = "forks"

LOAD_S = 180.0
"""How long a model may take to load: the largest take half a minute from a slow disk."""

_HEADER = struct.Struct("!cI")
_LARGEST = 64 * 1024 * 1024  # of an hour of sound: more is no message of ours


def packed(kind: bytes, body: bytes = b"") -> bytes:
    return _HEADER.pack(kind, len(body)) + body


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def receive(line: socket.socket, within_s: float | None = None) -> tuple[bytes, bytes]:
    """The next message: its kind and its body. Raises EOFError when the other end is gone, TimeoutError."""
    deadline = None if within_s is None else time.monotonic() + within_s
    kind, length = _HEADER.unpack(_exactly(line, _HEADER.size, deadline))
    if length > _LARGEST:
        raise EOFError(f"a message of {length} bytes")
    return kind, _exactly(line, length, deadline)


def _exactly(line: socket.socket, size: int, deadline: float | None) -> bytes:
    received = bytearray()
    while len(received) < size:
        if deadline is not None:
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                raise TimeoutError
            line.settimeout(remaining_s)
        part = line.recv(size - len(received))
        if not part:
            raise EOFError("the other end was closed")
        received += part
    return bytes(received)
