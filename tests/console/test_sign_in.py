from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket

import pytest
import sqlalchemy as sa
import time_machine
from argon2 import PasswordHasher
from flask import Flask

from accounts import demo
from app import Hotline, create_app
from console.demo import demo_sign_ins
from database import Database
from models import Base, Installation, User
from tests.console.conftest import Browser
from tests.console.rows import PASSWORD
from tests.console.utility import settings_of


def test_a_right_password_leads_to_the_desk(browser: Browser) -> None:
    answer = browser.sign_in("mei")
    assert (answer.status_code, answer.location) == (303, "/desk")
    assert "Mei Chen" in browser.get("/desk")


def test_next_leads_back_to_where_one_wanted_to_go_but_nowhere_else(app: Flask) -> None:
    wanted = Browser(app.test_client())
    assert "/desk/tickets/1" in wanted.client.get("/desk/tickets/1").location.replace("%2F", "/")
    assert wanted.sign_in("mei", next="/desk/tickets/1").location == "/desk/tickets/1"
    lured = Browser(app.test_client())
    assert lured.sign_in("mei", next="https://evil.example/desk").location == "/desk"


@pytest.mark.parametrize(
    ("username", "password"), [("mei", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")]
)
def test_wrong_unknown_and_inactive_get_the_same_answer(browser: Browser, username: str, password: str) -> None:
    answer = browser.sign_in(username, password)
    assert answer.status_code == 401
    assert "Username or password is not right." in answer.text
    assert browser.client.get("/desk").status_code == 302


def test_an_unknown_name_takes_as_long_as_a_wrong_password(browser: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.execute(
            sa.update(User).where(User.username == "mei").values(password_hash=PasswordHasher().hash(PASSWORD))
        )

    def seconds(username: str) -> float:
        taken = []
        for _ in range(3):
            began = time.process_time()
            assert browser.sign_in(username, "wrong").status_code == 401
            taken.append(time.process_time() - began)
        return statistics.median(taken)

    wrong, unknown = seconds("mei"), seconds("nobody")
    assert 0.5 < unknown / wrong < 2


def test_many_wrong_tries_are_stopped_and_right_ones_are_not_counted(app: Flask) -> None:
    browser = Browser(app.test_client())
    for _ in range(12):
        assert browser.sign_in("mei").status_code == 303
        assert browser.post("/sign-out").status_code == 303
    answers = [browser.sign_in("mei", "wrong").status_code for _ in range(12)]
    assert answers == [401] * 10 + [429] * 2
    stopped = browser.sign_in("mei", "wrong")
    assert "Too many tries" in stopped.text


def test_a_redis_that_is_gone_keeps_nobody_out_and_still_limits(hotline: Hotline) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = hotline.settings.model_copy(
        update={"redis": hotline.settings.redis.model_copy(update={"url": f"redis://127.0.0.1:{port}/0"})}
    )
    app = create_app(
        settings, Hotline(settings, hotline.database, hotline.services, hotline.flows, hotline.runner, None)
    )
    browser = Browser(app.test_client())
    assert browser.sign_in("mei").status_code == 303
    other = Browser(app.test_client())
    answers = [other.sign_in("tom", "wrong").status_code for _ in range(12)]
    assert set(answers) == {401, 429}


def test_a_password_hashed_with_older_parameters_is_hashed_anew(browser: Browser, database: Database) -> None:
    with database.reading() as rows:
        before = rows.scalar(sa.select(User.password_hash).where(User.username == "mei"))
    browser.sign_in("mei")
    with database.reading() as rows:
        after = rows.scalar(sa.select(User.password_hash).where(User.username == "mei"))
    assert after != before
    assert PasswordHasher().verify(str(after), PASSWORD)


def test_signing_out_ends_this_session_only(app: Flask) -> None:
    one, two = Browser(app.test_client()), Browser(app.test_client())
    one.sign_in("mei")
    two.sign_in("mei")
    assert one.client.get("/sign-out").status_code == 405
    assert "You are signed out." in browser_after(one, one.post("/sign-out").location)
    assert one.client.get("/desk").status_code == 302
    assert two.client.get("/desk").status_code == 200


def browser_after(browser: Browser, location: str) -> str:
    return browser.get(location)


def test_signing_out_everywhere_ends_every_session(app: Flask) -> None:
    one, two = Browser(app.test_client()), Browser(app.test_client())
    one.sign_in("mei")
    two.sign_in("mei")
    one.post("/sign-out", everywhere="yes")
    assert two.client.get("/desk").status_code == 302


def test_a_sign_in_lasts_as_long_as_the_settings_say(browser: Browser) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        browser.sign_in("mei")
        clock.move_to(now + timedelta(hours=11, minutes=59))
        assert browser.client.get("/desk").status_code == 200
        clock.move_to(now + timedelta(hours=12, minutes=1))
        assert browser.client.get("/desk").status_code == 302


def test_somebody_made_inactive_is_out_at_once(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.execute(sa.update(User).where(User.username == "mei").values(active=False))
    assert mei.client.get("/desk").status_code == 302


def test_the_cookie_is_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    browser.sign_in("mei")
    cookie = browser.client.get_cookie("hotline_session")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_the_cookie_is_secure_when_we_are_reached_by_https(hotline: Hotline) -> None:
    server = hotline.settings.server.model_copy(update={"public_url": "https://ivr.example.org"})
    settings = hotline.settings.model_copy(update={"server": server})
    app = create_app(
        settings, Hotline(settings, hotline.database, hotline.services, hotline.flows, hotline.runner, None)
    )
    client = app.test_client()
    answer = client.get("/sign-in", base_url="https://ivr.example.org")
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_demo_sign_ins_are_shown_only_while_demo_data_is_loaded(browser: Browser, database: Database) -> None:
    assert PASSWORD in browser.get("/sign-in")
    with database.transaction() as rows:
        rows.execute(sa.delete(Installation))
    page = browser.get("/sign-in")
    assert PASSWORD not in page
    assert "Mei Chen" not in page


def test_the_demo_s_own_users_are_all_offered(tmp_path: Path, hotline: Hotline) -> None:
    home = tmp_path / "fresh"
    home.mkdir()
    settings = settings_of(home)
    database = Database(settings.database_url)
    Base.metadata.create_all(database.engine)
    assert demo.load_demo(database, settings, datetime.now(UTC))
    with database.reading() as rows:
        offered = demo_sign_ins(rows)
        everybody = set(rows.scalars(sa.select(User.username)))
    database.dispose()
    assert {one.username for one in offered} == everybody
    assert [one.role.value for one in offered][-2:] == ["supervisor", "admin"]
