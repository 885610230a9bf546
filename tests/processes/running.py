"""A whole hotline, as an operator starts it: its own home, its own ports, real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settings import ROOT

CHILDREN = frozenset({"valkey", "web", "media", "worker", "scheduler"})


PATIENCE = 4
"""On a busy machine the same happens, later."""


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `condition` finds, once it finds something; on a machine with nothing else to do within `seconds`."""
    deadline = time.monotonic() + PATIENCE * seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE * seconds} s"
        time.sleep(0.1)


@dataclass(slots=True)
class RunningHotline:
    process: subprocess.Popen[bytes]
    home: Path
    port: int
    output: Path

    def get(self, path: str) -> tuple[int, str]:
        """(0, "") while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> dict[str, Any] | None:
        assert self.process.poll() is None, self.output.read_text()
        status, body = self.get("/readyz")
        return json.loads(body) if status == 200 else None

    def children(self) -> dict[str, int]:
        """Name -> process id of what the supervisor started."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                arguments = (folder / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) != self.process.pid or fields[0] == "Z":
                continue
            name = "valkey" if b"valkey-server" in arguments[0] else b"".join(arguments[-2:-1]).decode()
            if name in CHILDREN:  # a child that has only just been forked still bears our name
                found[name] = int(folder.name)
        return found

    def processes(self) -> set[int]:
        """Every process that has this home in its environment."""
        marker = f"HOTLINE_HOME={self.home}".encode()
        found = set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if marker in (folder / "environ").read_bytes().split(b"\0"):
                    found.add(int(folder.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return found


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "cli", *arguments]


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}", "HOTLINE_HOME": str(home)}
