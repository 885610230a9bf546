"""Many writers on one SQLite file: each gets its turn, soon, and nobody can stop the others for good."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

import database as database_module
import writer_queue
from database import Database, sqlite_url

WRITES = 60


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "hotline.db"
    made = Database(sqlite_url(path))
    with made.transaction() as session:
        session.execute(sa.text("CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER)"))
        session.execute(sa.text("INSERT INTO counts VALUES ('writes', 0)"))
    made.dispose()
    return path


def count_up(database: Database, times: int, took: list[float]) -> None:
    """Reads and then writes, as a turn does."""
    for _ in range(times):
        began = time.monotonic()
        with database.transaction() as session:
            value = session.execute(sa.text("SELECT value FROM counts")).scalar_one()
            time.sleep(0.001)
            session.execute(sa.text("UPDATE counts SET value = :value"), {"value": value + 1})
        took.append(time.monotonic() - began)


def value(database: Database) -> int:
    with database.reading() as session:
        return session.execute(sa.text("SELECT value FROM counts")).scalar_one()


def in_a_process(path, threads: int) -> None:
    database = Database(sqlite_url(path))
    crew = [threading.Thread(target=count_up, args=(database, WRITES, [])) for _ in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    database.dispose()


def test_threads_of_several_processes_lose_no_write(path):
    processes = [multiprocessing.get_context("spawn").Process(target=in_a_process, args=(path, 3)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    database = Database(sqlite_url(path))
    assert value(database) == 2 * 3 * WRITES
    database.dispose()


def test_nobody_waits_long_after_it_is_free(path):
    """Left to SQLite alone, some of these wait for half a second and more."""
    database = Database(sqlite_url(path))
    took: list[float] = []
    crew = [threading.Thread(target=count_up, args=(database, WRITES, took)) for _ in range(8)]
    began = time.monotonic()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    whole = time.monotonic() - began
    assert value(database) == 8 * WRITES
    assert max(took) < whole / 2  # no thread was passed over again and again
    database.dispose()


def test_a_writer_that_never_comes_back_does_not_stop_the_others_from_being_told(path, monkeypatch):
    monkeypatch.setattr(writer_queue, "QUEUE_FOR_S", 0.1)
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 200)
    database = Database(sqlite_url(path))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(OperationalError, match="locked"):
        count_up(database, 1, [])
    assert time.monotonic() - began < 2
    other.execute("ROLLBACK")
    other.close()
    count_up(database, 1, [])
    assert value(database) == 1
    database.dispose()


def test_who_opens_a_new_file_while_another_writes_to_it_waits_and_has_it_in_wal_mode(tmp_path):
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE not_in_wal_mode (id)")
    other.execute("BEGIN IMMEDIATE")
    leaves = threading.Timer(0.3, other.execute, ["COMMIT"])
    leaves.start()
    database = Database(sqlite_url(tmp_path / "new.db"))
    with database.transaction() as session:
        assert session.scalar(sa.text("PRAGMA journal_mode")) == "wal"
    leaves.join()
    database.dispose()
    other.close()


def test_a_file_that_somebody_keeps_to_themselves_is_said_to_be_locked(tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 100)
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("CREATE TABLE not_in_wal_mode (id)")
    other.execute("BEGIN IMMEDIATE")
    database = Database(sqlite_url(tmp_path / "new.db"))
    began = time.monotonic()
    with pytest.raises(OperationalError, match="locked"), database.reading():
        pass
    assert time.monotonic() - began < 2
    database.dispose()
    other.close()


def test_a_place_in_the_queue_that_is_not_given_up_is_passed_after_a_while(path, monkeypatch):
    monkeypatch.setattr(writer_queue, "QUEUE_FOR_S", 0.1)
    first, second = Database(sqlite_url(path)), Database(sqlite_url(path))
    with first._writers.turn():  # stands in the queue, and does not write
        count_up(second, 1, [])
    assert value(second) == 1
    for database in (first, second):
        database.dispose()


def test_a_fork_in_the_middle_of_a_write_has_a_queue_of_its_own(path):
    database = Database(sqlite_url(path))
    with database._writers.turn():
        child = os.fork()
        if child == 0:
            database.engine.dispose(close=False)
            free = not database._writers._taken and database._writers._file is None
            os._exit(0 if free else 1)
        _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    count_up(database, 1, [])
    database.dispose()


def test_a_failed_transaction_leaves_the_queue(path):
    database = Database(sqlite_url(path))
    with pytest.raises(ZeroDivisionError), database.transaction():
        raise ZeroDivisionError
    began = time.monotonic()
    count_up(database, 1, [])
    assert time.monotonic() - began < 1
    database.dispose()


def test_a_database_in_memory_has_no_queue():
    database = Database("sqlite://")
    with database.transaction() as session:
        assert session.execute(sa.text("SELECT 1")).scalar_one() == 1
    database.dispose()
