"""The whole web application on a real SQLite file, with a few customers, calls and tickets in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright import sync_api as playwright
from werkzeug.test import TestResponse

from app import Hotline, build, create_app
from database import Database
from models import Base
from settings import Settings
from tests.chromium import launch
from tests.console.browsing import NewPage, pages
from tests.console.rows import PASSWORD, fill
from tests.console.site import Site, site
from tests.console.utility import settings_of


def hotline_of(home: Path) -> Hotline:
    settings = settings_of(home)
    database = Database(settings.database_url)
    Base.metadata.create_all(database.engine)
    database.dispose()
    made = build(settings)
    fill(made.database, home)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    made = hotline_of(tmp_path)
    yield made
    made.database.dispose()


@pytest.fixture
def database(hotline: Hotline) -> Database:
    return hotline.database


@pytest.fixture
def app(hotline: Hotline) -> Flask:
    app = create_app(hotline.settings, hotline)
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

    def fetch(self, path: str, **options: object) -> TestResponse:
        """A file: read whole, and closed."""
        answer = self.client.get(path, **options)
        answer.get_data()
        answer.close()
        return answer

    def post(self, path: str, **form: str) -> TestResponse:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/").text)
        assert found
        return self.client.post(path, data={"csrf_token": found[1], **form})

    def sign_in(self, username: str, password: str = PASSWORD, **form: str) -> TestResponse:
        return self.post("/sign-in", username=username, password=password, **form)


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


@pytest.fixture
def sun(app: Flask) -> Browser:
    other = Browser(app.test_client())
    assert other.sign_in("sun").status_code == 303
    return other


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    """Plays sounds without a click before."""
    with playwright.sync_playwright() as made:
        browser = launch(made, "--autoplay-policy=no-user-gesture-required")
        yield browser
        browser.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as made:
        yield made


@pytest.fixture
def new_page(chromium: playwright.Browser, here: Site) -> Iterator[NewPage]:
    with pages(chromium, here) as made:
        yield made
