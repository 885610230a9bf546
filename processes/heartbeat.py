"""A row that says when a kind of process was last alive, for /readyz and the doctor to read."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from database import Database
from models import Installation

log = structlog.get_logger()

EVERY_S = 10.0
OLD_AFTER_S = 45.0
_PREFIX = "heartbeat:"


class Heartbeat:
    """Beats in a thread of its own until `stop`. A database that is away is waited for, not died of."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database = database
        self._name = _PREFIX + kind
        self._value = f"{socket.gethostname()} {os.getpid()}"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> Heartbeat:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while True:
            try:
                with self._database.transaction() as session:
                    session.merge(Installation(name=self._name, value=self._value, at=datetime.now(UTC)))
            except SQLAlchemyError as problem:
                log.warning("the heartbeat could not be written", problem=type(problem).__name__)
            if self._stopped.wait(EVERY_S):
                return


def ages_s(session: Session, now: datetime) -> dict[str, float]:
    """Kind of process ("media", "worker", "scheduler") -> seconds since the last beat of any of them."""
    rows = session.execute(
        sa.select(Installation.name, Installation.at).where(Installation.name.startswith(_PREFIX, autoescape=True))
    )
    return {name.removeprefix(_PREFIX): (now - at).total_seconds() for name, at in rows}
