"""The engine and the transaction: one way to open a database and one way to commit.

SQLite: WAL, and we emit BEGIN ourselves, because `FOR UPDATE` is ignored there and a transaction that reads
first and writes later fails under load unless it takes the write lock at its start (BEGIN IMMEDIATE).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 8_000  # well under the 15 s that a carrier waits for an answer
QUEUE_FOR_S = 2.0
_READ_ONLY = "hotline_read_only"

SelectT = TypeVar("SelectT", bound=sa.Select[Any])


@dataclass(slots=True)
class Committed:
    """What a transaction leaves to be done after its commit; see `outbox`."""

    job_ids: list[int] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)  # (topic, id of the row)

    def notify(self, topic: str, row_id: object) -> None:
        """Open pages are told, after the commit, that a row of `topic` ("ticket", "call") has changed."""
        self.notices.append((topic, str(row_id)))


class Unit:
    """One transaction. `connection` is for statements of a hot path; `session`, made when it is first wanted, is for
    rows as objects. Both are the same transaction."""

    __slots__ = ("_session", "committed", "connection")

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.committed = Committed()
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = Session(self.connection, expire_on_commit=False, info={"committed": self.committed})
        return self._session

    def flush(self) -> None:
        if self._session is not None:
            self._session.flush()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()


class _WriterQueue:
    """Where writers of a SQLite file wait for their turn, first come, first served.

    SQLite lets in one writer; the others sleep, up to 100 ms at a time and long after it is free, so that under load
    the slowest of a hundred turns took ten times as long. Here a thread is woken as soon as it may write, and one
    thread of each process looks at the file lock every half millisecond. It is a courtesy only: who has waited
    `QUEUE_FOR_S` goes to SQLite, whose own lock is the one that counts.
    """

    def __init__(self, path: str) -> None:
        self._path = f"{path}-writers"
        self.forget()
        _queues.add(self)

    def forget(self) -> None:
        """After a fork: neither the places nor the opened file (and the lock on it) are this process's own."""
        self._guard = threading.Lock()
        self._taken = False
        self._line: deque[threading.Lock] = deque()
        self._file: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        deadline = time.monotonic() + QUEUE_FOR_S
        if not self._stand_in_line():
            yield
            return
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            while not _try_lock(self._file) and time.monotonic() < deadline:
                time.sleep(0.0005)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._next()

    def _stand_in_line(self) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            place = threading.Lock()
            place.acquire()
            self._line.append(place)
        if place.acquire(timeout=QUEUE_FOR_S):
            return True
        with self._guard:
            if place in self._line:
                self._line.remove(place)
                return False
        return True  # it was handed over at the last moment

    def _next(self) -> None:
        with self._guard:
            if self._line:
                self._line.popleft().release()
            else:
                self._taken = False

    def close(self) -> None:
        with self._guard:
            if self._file is not None and not self._taken:
                os.close(self._file)
                self._file = None


_queues: weakref.WeakSet[_WriterQueue] = weakref.WeakSet()


def _forget_all() -> None:
    for queue in _queues:
        queue.forget()


os.register_at_fork(after_in_child=_forget_all)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Database:
    """Opens transactions. `after_commit` is told what each one left behind; it must not raise."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = sa.make_url(url)
        options: dict[str, object] = {"pool_pre_ping": True, "pool_size": pool_size, "max_overflow": 2 * pool_size}
        if self.is_sqlite:
            options = {"connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}}
        self.engine = sa.create_engine(
            self.url, json_serializer=_to_json, json_deserializer=orjson.loads, hide_parameters=True, **options
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writers = _WriterQueue(self.url.database) if self.is_sqlite and self.url.database else None
        self.after_commit: Callable[[Committed], None] | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Read and write. Commits once at the end, rolls back on any exception, then tells `after_commit`."""
        with self._writers.turn() if self._writers else nullcontext(), self.engine.connect() as connection:
            unit = Unit(connection)
            try:
                with connection.begin():
                    yield unit
                    unit.flush()
            finally:
                unit.close()
        committed = unit.committed
        if self.after_commit is not None and (committed.job_ids or committed.notices):
            self.after_commit(committed)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A `unit` of which only the session is wanted."""
        with self.unit() as unit:
            yield unit.session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Read only: takes no write lock on SQLite, never commits."""
        with self.engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
            with Session(connection, expire_on_commit=False, autoflush=False) as session:
                yield session
            connection.rollback()

    def dispose(self, *, close: bool = True) -> None:
        """`close=False` after a fork: the parent's connections are not ours to close."""
        self.engine.dispose(close=close)
        if close and self._writers:
            self._writers.close()


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def locked(database_session: Session, statement: SelectT) -> SelectT:
    """`statement` with a row lock where the database has one; on SQLite the transaction already holds the only one."""
    if database_session.get_bind().dialect.name == "sqlite":
        return statement
    return statement.with_for_update()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    statement = "BEGIN" if connection.get_execution_options().get(_READ_ONLY, False) else "BEGIN IMMEDIATE"
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    try:
        driver.execute(statement)
    except sqlite3.OperationalError as error:  # locked for longer than the busy timeout, or the disk is gone
        raise OperationalError(statement, None, error) from error


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()
