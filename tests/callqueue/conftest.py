"""Databases to test on: SQLite always, PostgreSQL where a server is installed; and a desk on each."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import migrations
from database import Database
from models import Base
from settings import Settings
from tests.callqueue.desk import Desk, furnish


def _server_programs() -> Path | None:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL, without a database's name, of a server on a unix socket in a folder of its own."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (initdb, postgres)")
    folder = Path(tempfile.mkdtemp(prefix="hotline-pg-"))
    account = None
    if os.geteuid() == 0:  # it refuses to run as root
        known = {entry.pw_name for entry in pwd.getpwall()}
        account = next((name for name in ("postgres", "nobody") if name in known), None)
        if account is None:
            pytest.skip("PostgreSQL refuses to run as root, and there is no other user")
        shutil.chown(folder, account)
    run = {"user": account, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    initdb = ["-D", "data", "-U", "hotline", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    subprocess.run([programs / "initdb", *initdb], check=True, **run)
    options = [
        "-D",
        "data",
        "-k",
        str(folder),
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "max_connections=60",
    ]
    server = subprocess.Popen([programs / "postgres", *options], **run)
    try:
        for _ in range(200):
            ready = subprocess.run([programs / "pg_isready", "-q", "-h", folder], check=False)
            if ready.returncode == 0:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(f"postgres ended at once ({server.wait(0.1)})")
        else:
            pytest.fail("postgres did not come up")
        yield f"postgresql://hotline@/{{name}}?host={folder}"
    finally:
        server.send_signal(2)  # fast shutdown
        server.wait(20)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """A migrated database on that server, shared by the session and emptied for each test."""
    admin = sa.create_engine(postgres_server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE hotline"))
    admin.dispose()
    url = postgres_server.format(name="hotline")
    database = Database(url)
    migrations.upgrade(database)
    database.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database, of each kind that is installed."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    database = Database(request.getfixturevalue("postgres_url"))
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    yield database
    database.dispose()


@pytest.fixture
def desk(database: Database, settings: Settings) -> Desk:
    return furnish(database, settings)


@pytest.fixture
def any_desk(anywhere: Database, settings: Settings) -> Desk:
    """On SQLite, and again on PostgreSQL."""
    return furnish(anywhere, settings)


@pytest.fixture
def carrier(any_desk: Desk) -> Desk:
    """A desk with a telephone network to dial on."""
    any_desk.set("twilio", account_sid="AC" + "0" * 32, auth_token="t", number="+8657188000000")
    return any_desk


AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


@pytest.fixture
def at_once() -> AtOnce:
    """Runs functions in as many threads, all let go together; what each returned or raised."""

    def run(acts: list[Callable[[], Any]]) -> list[Any]:
        gate = threading.Barrier(len(acts))
        results: list[Any] = [None] * len(acts)

        def one(place: int) -> None:
            gate.wait()
            try:
                results[place] = acts[place]()
            except Exception as error:
                results[place] = error

        threads = [threading.Thread(target=one, args=(place,)) for place in range(len(acts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    return run
