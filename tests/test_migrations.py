"""The migrations lead to the tables of models.py, once, and back."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import migrations
from accounts.demo import load_demo
from database import Database, sqlite_url
from models import Base, Customer
from settings import Settings


def test_a_migrated_database_is_what_the_models_say(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert migrations.revision(database) == migrations.head()


def test_upgrading_again_does_nothing(database: Database) -> None:
    assert migrations.upgrade(database) is False


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    done: list[bool] = []

    def start() -> None:
        database = Database(sqlite_url(path))
        done.append(migrations.upgrade(database))
        database.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)


def test_a_new_database_has_no_revision_yet(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "new.db"))
    assert migrations.revision(database) is None
    database.dispose()


def test_every_step_can_be_taken_back(database: Database) -> None:
    with database.engine.connect() as connection:
        configuration = migrations.config()
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "base")
        connection.commit()
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}


def test_postgresql_gets_the_same_tables(postgresql: Database) -> None:
    with postgresql.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert migrations.upgrade(postgresql) is False


def test_every_step_can_be_taken_back_on_postgresql(postgresql: Database) -> None:
    with postgresql.engine.connect() as connection:
        configuration = migrations.config()
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "base")
        connection.commit()
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}


def test_demo_data_fits_postgresql(postgresql: Database, settings: Settings) -> None:
    assert load_demo(postgresql, settings, datetime(2026, 11, 23, tzinfo=UTC)) is True
    assert load_demo(postgresql, settings, datetime(2026, 11, 24, tzinfo=UTC)) is False
    with postgresql.transaction() as session:
        session.add(Customer(name="One more", language="en"))
