"""The engine and the transaction: one way to open a database and one way to commit.

SQLite: WAL, and we emit BEGIN ourselves, because `FOR UPDATE` is ignored there and a transaction that reads
first and writes later fails under load unless it takes the write lock at its start (BEGIN IMMEDIATE).
"""

from __future__ import annotations

import sqlite3
import time
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

from writer_queue import WriterQueue

BUSY_TIMEOUT_MS = 8_000  # well under the 15 s that a carrier waits for an answer
_WAL_AGAIN_S = 0.01
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
        self._writers = WriterQueue(self.url.database) if self.is_sqlite and self.url.database else None
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


def use_wal(connection: sqlite3.Connection) -> None:
    """Readers and a writer beside each other; a file keeps it once it has been told. Waits as everything else does.

    Of several that open a new file together SQLite refuses all but one at once, whatever the busy timeout says: each
    holds what another would need to have alone.
    """
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    end = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(_WAL_AGAIN_S)
        else:
            return


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    use_wal(connection)
    for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
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
