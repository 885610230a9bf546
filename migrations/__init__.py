"""The steps of the schema, and the two questions asked about them: bring it up to date, is it up to date?"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

from database import Database, use_wal

_ADVISORY_LOCK = 0x686F746C  # one migration at a time on PostgreSQL; any constant will do


def config() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).resolve().parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def head() -> str:
    """The revision this program needs."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    assert revision is not None
    return revision


def revision(database: Database) -> str | None:
    """The revision the database is at; None when it was never migrated. Raises SQLAlchemyError when unreachable."""
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def upgrade(database: Database) -> bool:
    """Brings the schema to `head()` in one transaction; of several processes one does it and the others wait.

    True when something was done. A database of a newer program is refused by alembic (CommandError).
    """
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    if database.is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection, connection.begin():
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        before = MigrationContext.configure(connection).get_current_revision()
        configuration = config()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        return before != head()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    # Foreign keys stay off here: a table is changed by copying and dropping it, and the drop would reach into
    # the tables that refer to it.
    use_wal(connection)
