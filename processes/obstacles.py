"""What outside the program can be in the way of a start."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import Literal

from settings import Settings


class CannotStart(Exception):
    """Something outside the program is in the way; the message says what to do."""


def check_port(
    host: str,
    port: int,
    whose: str,
    *,
    patience_s: float = 0.0,
    kind: Literal["tcp", "udp"] = "tcp",
    mend: str = "choose another with --port N, the media gateway takes N+1",
) -> None:
    """Raises CannotStart when somebody else listens there. `patience_s`: for one who is just leaving.

    The web's processes share its port (SO_REUSEPORT), and so would the web of another hotline, unasked: the trial does
    not share.
    """
    deadline = time.monotonic() + patience_s
    while True:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with closing(socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)) as trial:
            if kind == "tcp":  # with UDP it would share the port instead
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
                return
            except OSError as problem:
                if time.monotonic() >= deadline:
                    raise CannotStart(
                        f"port {port} of {host} (for the {whose}) cannot be used: {problem.strerror}; {mend}"
                    ) from None
        time.sleep(0.1)


def check_sip_ports(settings: Settings, *, patience_s: float = 0.0) -> None:
    """Raises CannotStart when somebody else listens where we are to."""
    sip = settings.sip
    kinds: tuple[Literal["udp", "tcp"], ...] = ("udp", "tcp")
    for kind in kinds:
        check_port(
            sip.host, sip.port, f"SIP, {kind.upper()}", patience_s=patience_s, kind=kind,
            mend="choose another with sip.port (HOTLINE_SIP__PORT)",
        )  # fmt: skip
    check_port(
        settings.server.host, settings.sip_control_port, "SIP process", patience_s=patience_s,
        mend="choose another with sip.control_port (HOTLINE_SIP__CONTROL_PORT)",
    )  # fmt: skip
