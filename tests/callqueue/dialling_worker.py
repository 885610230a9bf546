"""A worker process to be killed while it dials: `python -m tests.callqueue.dialling_worker DATABASE HOME CALLS WHEN`.

CALLS is the telephone network's book, one line a call it took. WHEN: `before` or `after` the network took it, the
process says so on its output and hangs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from callqueue.jobs import run_due
from database import Database
from ivr.channels.dialing import DialRequest, DialResult
from settings import load
from tests.callqueue.desk import NOON, Desk


class Book:
    """A telephone network that outlives whoever dials on it."""

    def __init__(self, path: Path, hang: str = "") -> None:
        self.path, self.hang = path, hang

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    def dial(self, request: DialRequest) -> DialResult:
        self._hang_if("before")
        provider_id = f"CA{len(self.lines()):032x}"
        with self.path.open("a") as book:
            book.write(f"{provider_id} {request.to_number}\n")
        self._hang_if("after")
        return DialResult(provider_id=provider_id)

    def find(self, to_number: str, since: datetime, call_id: str, known: Collection[str] = ()) -> str | None:
        calls = (line.split() for line in self.lines())
        return next((id_ for id_, number in calls if number == to_number and id_ not in known), None)

    def _hang_if(self, when: str) -> None:
        if self.hang == when:
            print("hanging", flush=True)
            time.sleep(600)


if __name__ == "__main__":
    url, home, book, when = sys.argv[1:]
    desk = Desk(Database(url), load(environ={}, home=Path(home)), NOON)
    desk.set("twilio", account_sid="AC" + "0" * 32, auth_token="t", number="+8657188000000")
    desk.dialer = Book(Path(book), when)  # type: ignore[assignment]
    run_due(desk.context)
