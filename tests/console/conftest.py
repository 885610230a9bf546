"""A console on a real SQLite file, with a few customers, calls and tickets in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from console.web import init_app
from database import Database, sqlite_url
from models import Base
from settings import RecognizerSection, Settings, Speech, Utility, VoiceSection
from tests.console.rows import PASSWORD, fill


@dataclass(frozen=True)
class Parts:
    settings: Settings
    database: Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        secret_key=SecretStr("a secret of the tests"),
        utility=Utility(name={"en": "Riverside Power", "zh-CN": "滨江供电"}),
        speech=Speech(
            recognizers={"en": RecognizerSection(engine="none")}, voices={"en": VoiceSection(voice="gmw/en-US")}
        ),
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(sqlite_url(tmp_path / "hotline.db"))
    Base.metadata.create_all(made.engine)
    fill(made, tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def app(settings: Settings, database: Database) -> Flask:
    app = Flask("hotline", static_folder=None)
    init_app(app, Parts(settings, database))
    app.testing = True
    return app


class Browser:
    """A client that takes the CSRF token from the page it has seen, as a browser does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: object) -> str:
        answer = self.client.get(path, **options)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return answer.text

    def post(self, path: str, **form: str):  # type: ignore[no-untyped-def]
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/").text)
        assert found
        return self.client.post(path, data={"csrf_token": found[1], **form})

    def sign_in(self, username: str, password: str = PASSWORD):  # type: ignore[no-untyped-def]
        return self.post("/sign-in", username=username, password=password)


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def mei(browser: Browser) -> Browser:
    assert browser.sign_in("mei").status_code == 303
    return browser


@pytest.fixture
def tom(app: Flask) -> Browser:
    other = Browser(app.test_client())
    assert other.sign_in("tom").status_code == 303
    return other
