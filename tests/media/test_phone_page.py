"""Who may use the browser phone, and what its page is given."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import app
from accounts.demo import DEMO_CALLERS, PASSWORD, load_demo
from database import Database
from ivr.channels import tokens
from settings import Settings, load


@pytest.fixture(scope="module")
def demo_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("demo")
    settings = load(environ={}, home=home)
    shutil.copyfile(migrated_file, home / "hotline.db")
    database = Database(settings.database_url)
    load_demo(database, settings, datetime.now(UTC))
    database.dispose()
    return home / "hotline.db"


def web(home: Path, rows: Path, access: str) -> tuple[Flask, Settings, app.Hotline]:
    settings = load(environ={"HOTLINE_BROWSER_PHONE__ACCESS": access}, home=home)
    shutil.copyfile(rows, home / "hotline.db")
    hotline = app.build(settings)
    return app.create_app(settings, hotline), settings, hotline


@pytest.fixture(params=["auto"])
def house(tmp_path: Path, demo_file: Path, request: pytest.FixtureRequest) -> Iterator[tuple[FlaskClient, Settings]]:
    home = tmp_path / "home"
    home.mkdir()
    made, settings, hotline = web(home, demo_file, request.param)
    yield made.test_client(), settings
    hotline.database.dispose()


def csrf(page: str) -> str:
    found = re.search(r'data-csrf="([^"]+)"', page) or re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def ask(client: FlaskClient, **wish: object) -> tuple[int, dict[str, str]]:
    token = csrf(client.get("/phone").text)
    answer = client.post("/phone/token", json=wish, headers={"X-CSRFToken": token})
    return answer.status_code, answer.get_json()


def test_with_demo_data_anybody_may_phone_as_a_demo_caller(house: tuple[FlaskClient, Settings]) -> None:
    client, settings = house
    page = client.get("/phone").text
    for caller in DEMO_CALLERS:
        assert caller.number in page
    status, answer = ask(client, number="138 0057 1001", language="en")
    assert status == 200
    assert answer["number"] == "+8613800571001"
    assert answer["url"].startswith(f"ws://localhost:{settings.server.port + 1}/phone?token=")
    claims = tokens.check(settings, "phone", answer["url"].partition("token=")[2])
    assert claims == {"number": "+8613800571001", "language": "en", "address": "127.0.0.1"}


def test_the_page_has_no_inline_script_or_style(house: tuple[FlaskClient, Settings]) -> None:
    client, _ = house
    answer = client.get("/phone")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)


@pytest.mark.parametrize("house", ["staff"], indirect=True)
def test_staff_only_means_signed_in(house: tuple[FlaskClient, Settings]) -> None:
    client, _ = house
    refused = client.get("/phone")
    assert refused.status_code == 302
    assert "/sign-in" in refused.headers["Location"]
    token = csrf(client.get("/sign-in").text)
    answer = client.post("/phone/token", json={"number": "13800571001"}, headers={"X-CSRFToken": token})
    assert answer.status_code == 401
    client.post("/sign-in", data={"username": "mei", "password": PASSWORD, "csrf_token": token})
    assert client.get("/phone").status_code == 200
    assert ask(client, number="13800571001")[0] == 200


@pytest.mark.parametrize("house", ["off"], indirect=True)
def test_off_is_not_there(house: tuple[FlaskClient, Settings]) -> None:
    client, _ = house
    assert client.get("/phone").status_code == 404


def test_without_demo_data_auto_asks_for_a_sign_in(tmp_path: Path, migrated_file: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    made, _, hotline = web(home, migrated_file, "auto")
    assert made.test_client().get("/phone").status_code == 302
    hotline.database.dispose()


def test_without_a_csrf_token_there_is_no_phone_token(house: tuple[FlaskClient, Settings]) -> None:
    client, _ = house
    client.get("/phone")
    assert client.post("/phone/token", json={"number": "13800571001"}).status_code == 400


@pytest.mark.parametrize("number", ["", "abc", "1", "+", "9" * 30, "95598'; drop table calls", None, 7])
def test_what_nobody_can_be_called_on_is_refused(house: tuple[FlaskClient, Settings], number: object) -> None:
    client, _ = house
    status, answer = ask(client, number=number)
    assert status == 422
    assert answer["error"]


def test_a_language_the_hotline_does_not_speak_is_refused(house: tuple[FlaskClient, Settings]) -> None:
    client, _ = house
    assert ask(client, number="13800571001", language="xx")[0] == 422


def test_a_body_that_is_no_object_is_refused(house: tuple[FlaskClient, Settings]) -> None:
    client, _ = house
    token = csrf(client.get("/phone").text)
    for body in ("[1]", "{", ""):
        answer = client.post("/phone/token", data=body, content_type="application/json", headers={"X-CSRFToken": token})
        assert answer.status_code == 400
