"""What a watcher is told: ready when and only when calls can be answered, and what is missing otherwise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from database import Database
from models import Installation
from processes import health
from settings import Server, Settings
from tests.conftest import Valkey


def client_of(database: Database, settings: Settings, *, flows: Any = None) -> FlaskClient:
    flows = flows or SimpleNamespace(last_known=SimpleNamespace(revision="f" * 64), folder_problem="")
    app = Flask(__name__)
    app.register_blueprint(health.build_blueprint(SimpleNamespace(settings=settings, database=database, flows=flows)))
    return app.test_client()


@pytest.fixture
def with_valkey(settings: Settings, valkey: Valkey) -> Settings:
    return settings.model_copy(update={"redis": settings.redis.model_copy(update={"url": valkey.url})})


def beat(database: Database, *kinds: str, ago: timedelta = timedelta(0)) -> None:
    with database.transaction() as session:
        for kind in kinds:
            session.merge(Installation(name=f"heartbeat:{kind}", value="here 1", at=datetime.now(UTC) - ago))


def test_alive_says_nothing_about_anything_else(database: Database, settings: Settings) -> None:
    assert client_of(database, settings).get("/livez").json == {"status": "alive"}


def test_ready_with_everything_there(database: Database, with_valkey: Settings, tmp_path: Path) -> None:
    model = tmp_path / "model" / "am"
    model.mkdir(parents=True)
    (model / "final.mdl").touch()  # what it holds is found out by who hears with it
    heard = {"en": {"engine": "pocketsphinx"}, "zh-CN": {"engine": "vosk", "model": model.parent}}
    settings = Settings.model_validate(
        {**with_valkey.model_dump(), "speech": {**with_valkey.speech.model_dump(), "recognizers": heard}}
    )
    beat(database, "media", "worker", "scheduler")
    answer = client_of(database, settings).get("/readyz")
    assert (answer.status_code, answer.json["status"], answer.json["degraded"]) == (200, "ready", [])


def test_what_only_makes_it_poorer_is_named_and_it_stays_ready(database: Database, settings: Settings) -> None:
    gone = settings.model_copy(update={"redis": settings.redis.model_copy(update={"url": "unix:///nowhere.sock"})})
    beat(database, "worker")
    beat(database, "scheduler", ago=timedelta(minutes=5))
    answer = client_of(database, gone).get("/readyz")
    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"
    assert answer.json["degraded"] == ["redis", "media", "scheduler", "recognizer zh-CN"]


def test_an_older_database_is_not_ready(database: Database, settings: Settings) -> None:
    with closing(sqlite3.connect(settings.home / "hotline.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()
    answer = client_of(database, settings).get("/readyz")
    assert answer.status_code == 503
    assert not answer.json["checks"]["migrations"]["ok"]


def test_a_database_that_is_gone_is_not_ready_and_says_no_more_than_that(settings: Settings) -> None:
    database = Database("postgresql+psycopg://hotline:secret@/nothing?host=/nowhere&connect_timeout=1")
    answer = client_of(database, settings).get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"]["database"] == {"ok": False, "needed": True, "detail": "OperationalError"}
    assert client_of(database, settings).get("/metrics").status_code == 200


def test_without_flows_it_is_not_ready(database: Database, settings: Settings) -> None:
    class Empty:
        @property
        def last_known(self) -> object:
            raise LookupError("no flows are loaded")

    answer = client_of(database, settings, flows=Empty()).get("/readyz")
    assert answer.status_code == 503
    assert not answer.json["checks"]["flows"]["ok"]


def test_a_full_disk_is_not_ready(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))
    assert client_of(database, settings).get("/readyz").status_code == 503


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", None, 200),
        ("::1", None, 200),
        ("203.0.113.9", None, 403),
        ("127.0.0.1", "203.0.113.9", 403),
        ("127.0.0.1", "127.0.0.1, 203.0.113.9", 403),
        ("127.0.0.1", "nonsense", 403),
        ("10.1.2.3", "127.0.0.1", 200),
        ("10.9.9.9", "127.0.0.1", 403),
    ],
)
def test_metrics_are_for_the_machine_itself(
    database: Database, settings: Settings, peer: str, forwarded: str | None, status: int
) -> None:
    behind = settings.model_copy(update={"server": Server(trusted_proxies=("10.1.2.0/24",))})
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    answer = client_of(database, behind).get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status


def test_a_folder_of_flows_with_faults_is_told_and_it_stays_ready(database: Database, settings: Settings) -> None:
    flows = SimpleNamespace(last_known=SimpleNamespace(revision="f" * 64), folder_problem="/srv/flows: main.yaml:1:1")
    answer = client_of(database, settings, flows=flows).get("/readyz")
    assert answer.status_code == 200
    assert "flow folder" in answer.json["degraded"]
    assert "/srv" not in answer.text  # a stranger may read it
