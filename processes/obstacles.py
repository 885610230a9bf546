"""What outside the program can be in the way of a start."""

from __future__ import annotations

import socket
import time
from contextlib import closing


class CannotStart(Exception):
    """Something outside the program is in the way; the message says what to do."""


def check_port(host: str, port: int, whose: str, *, patience_s: float = 0.0) -> None:
    """Raises CannotStart when somebody else listens there. `patience_s`: for one who is just leaving.

    The web's processes share its port (SO_REUSEPORT), and so would the web of another hotline, unasked: the trial does
    not share.
    """
    deadline = time.monotonic() + patience_s
    while True:
        with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
                return
            except OSError as problem:
                if time.monotonic() >= deadline:
                    raise CannotStart(
                        f"port {port} of {host} (for the {whose}) cannot be used: {problem.strerror}; "
                        "choose another with --port N, the media gateway takes N+1"
                    ) from None
        time.sleep(0.1)
