"""The engine and the transaction: one way to open a database and one way to commit.

SQLite: WAL, and we emit BEGIN ourselves, because `FOR UPDATE` is ignored there and a transaction that reads
first and writes later fails under load unless it takes the write lock at its start (BEGIN IMMEDIATE).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

BUSY_TIMEOUT_MS = 15_000
_READ_ONLY = "hotline_read_only"

SelectT = TypeVar("SelectT", bound=sa.Select[Any])


@dataclass(slots=True)
class Committed:
    """What a transaction leaves to be done after its commit; see `outbox`."""

    job_ids: list[int] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)  # (topic, id of the row)


class Database:
    """Opens transactions. `after_commit` is told what each one left behind; it must not raise."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = sa.make_url(url)
        options: dict[str, object] = {"pool_pre_ping": True, "pool_size": pool_size, "max_overflow": 2 * pool_size}
        if self.is_sqlite:
            options = {"connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}}
        self.engine = sa.create_engine(self.url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self.after_commit: Callable[[Committed], None] | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Read and write. Commits once at the end, rolls back on any exception, then tells `after_commit`."""
        with self._sessions() as session:
            committed = session.info["committed"] = Committed()
            with session.begin():
                yield session
        if self.after_commit is not None and (committed.job_ids or committed.notices):
            self.after_commit(committed)

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
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
