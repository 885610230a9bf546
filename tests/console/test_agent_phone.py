"""The agent's phone: who may have one, what its pages are given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from console.access import statement
from database import Database
from ivr.channels import tokens
from models import AgentLine, Call, CallStatus, LineState, Role, User
from settings import Settings
from tests.console.conftest import Browser
from tests.console.rows import CALL, DANGER, FAULT

OTHER = "0" * 31 + "2"
JSON = {"Accept": "application/json"}


def csrf(browser: Browser) -> str:
    found = re.search(r'data-csrf="([^"]+)"', browser.get("/agent"))
    assert found
    return found[1]


def ask(browser: Browser) -> TestResponse:
    return browser.client.post("/agent/token", headers={**JSON, "X-CSRFToken": csrf(browser)})


@pytest.mark.parametrize(
    ("username", "user_id", "role"), [("mei", 1, "agent"), ("sun", 4, "supervisor"), ("admin", 5, "admin")]
)
def test_a_phone_is_told_where_to_connect_and_as_whom(
    browser: Browser, settings: Settings, database: Database, username: str, user_id: int, role: str
) -> None:
    browser.sign_in(username)
    answer = ask(browser)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    url, _, token = answer.get_json()["url"].partition("?token=")
    assert url == f"ws://localhost:{settings.media_port}/agent"
    with database.reading() as rows:
        name = rows.get_one(User, user_id).name
    assert tokens.check(settings, "agent", token) == {"user": user_id, "name": name, "role": role}
    with pytest.raises(tokens.TokenError):
        tokens.check(settings, "phone", token)


def test_only_the_three_roles_that_answer_calls_have_a_phone(app: Flask) -> None:
    for endpoint in ("page", "token", "colleagues", "caller"):
        stated = statement(app, f"agent_phone.{endpoint}")
        assert stated is not None
        assert stated.roles == {Role.AGENT, Role.SUPERVISOR, Role.ADMIN}


def test_a_stranger_gets_no_token_and_neither_does_a_page_of_somebody_else(app: Flask, mei: Browser) -> None:
    stranger = Browser(app.test_client())
    found = re.search(r'name="csrf_token" value="([^"]+)"', stranger.get("/sign-in"))
    assert found
    assert stranger.client.post("/agent/token", headers={**JSON, "X-CSRFToken": found[1]}).status_code == 401
    assert mei.client.post("/agent/token", headers=JSON).status_code == 400
    assert mei.client.post("/agent/token", headers={**JSON, "X-CSRFToken": found[1]}).status_code == 400


def test_who_is_switched_off_gets_no_token(mei: Browser, database: Database) -> None:
    token = csrf(mei)
    with database.transaction() as rows:
        rows.get_one(User, 1).active = False
    assert mei.client.post("/agent/token", headers={**JSON, "X-CSRFToken": token}).status_code in (400, 401)


def test_a_page_that_asks_without_end_is_stopped_and_colleagues_are_not(mei: Browser, tom: Browser) -> None:
    token = csrf(mei)
    codes = [
        mei.client.post("/agent/token", headers={**JSON, "X-CSRFToken": token}).status_code for _ in range(61)
    ]  # fmt: skip
    assert codes == [200] * 60 + [429]
    assert ask(tom).status_code == 200


def test_the_window_has_no_inline_script_and_may_reach_the_gateway(mei: Browser, settings: Settings) -> None:
    for path in ("/agent", "/desk"):
        answer = mei.client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert f"connect-src 'self' ws://localhost:{settings.media_port};" in f"{policy};"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.text)


def test_every_page_of_the_staff_has_the_bar_but_the_phone_itself(mei: Browser, app: Flask) -> None:
    for path in ("/desk", "/calls", f"/calls/{CALL}", "/flows", f"/desk/tickets/{DANGER}"):
        assert mei.get(path).count('id="agent-bar"') == 1, path
    assert 'id="agent-bar"' not in mei.get("/agent")
    assert "agent-bar" not in app.test_client().get("/sign-in").text


def test_a_telephone_on_the_desk_can_be_chosen_by_who_has_one(mei: Browser, tom: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.get_one(User, 1).sip_address = "sip:200@pbx.example"
    assert "my telephone, sip:200@pbx.example" in mei.get("/agent")
    assert "my telephone" not in tom.get("/agent")


# --- who else is on line


def on_line(database: Database, user_id: int, state: LineState, *, for_s: float = 60) -> None:
    now = datetime.now(UTC)
    with database.transaction() as rows:
        rows.add(AgentLine(user_id=user_id, gateway="g", kind="browser", state=state, since=now,
                           expires_at=now + timedelta(seconds=for_s)))  # fmt: skip


def test_colleagues_on_line_are_listed_those_who_are_free_first(mei: Browser, database: Database) -> None:
    on_line(database, 1, LineState.TALKING)  # mei herself
    on_line(database, 2, LineState.AWAY)
    on_line(database, 3, LineState.READY)
    on_line(database, 4, LineState.READY, for_s=-1)  # her browser has gone
    listed = mei.client.get("/agent/colleagues").get_json()["colleagues"]
    assert listed == [
        {"username": "li", "name": "李雷", "state": "ready"},
        {"username": "tom", "name": "Tom Baker", "state": "away"},
    ]


# --- the caller's card


def test_the_card_says_who_calls_from_where_about_what(mei: Browser) -> None:
    card = mei.get(f"/agent/calls/{CALL}")
    assert "<html" not in card
    for words in ("王秀英", "Life support", "3301000001", "Room 301", f"/calls/{CALL}", f"/desk/tickets/{DANGER}"):
        assert words in card
    assert f"/desk/tickets/{FAULT}" not in card


def test_earlier_tickets_of_the_caller_stand_below_those_of_the_call(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.get_one(Call, CALL).customer_id = 2  # somebody else's telephone
    card = mei.get(f"/agent/calls/{CALL}")
    assert card.index(f"/desk/tickets/{DANGER}") < card.index(f"/desk/tickets/{FAULT}")


def test_the_number_is_whole_for_who_talks_with_the_caller(mei: Browser, sun: Browser, database: Database) -> None:
    whole, masked = "+86 138 0013 8002", "+86 138 •••• •002"
    assert masked in mei.get(f"/agent/calls/{OTHER}")
    assert whole in sun.get(f"/agent/calls/{OTHER}")
    with database.transaction() as rows:
        rows.get_one(Call, OTHER).agent_id = 1
    assert whole in mei.get(f"/agent/calls/{OTHER}")


def test_a_call_that_is_none_has_no_card(mei: Browser) -> None:
    assert mei.client.get("/agent/calls/nothing").status_code == 404


# --- joining the calls of others


def test_supervisors_can_join_a_call_that_goes_on_and_agents_cannot(
    mei: Browser, sun: Browser, database: Database
) -> None:
    assert "data-agent-join" not in sun.get(f"/calls/{OTHER}")
    with database.transaction() as rows:
        rows.get_one(Call, OTHER).status = CallStatus.IN_PROGRESS
    assert re.findall(r'data-agent-join="\w+" data-mode="(\w+)"', sun.get(f"/calls/{OTHER}")) == [
        "listen", "whisper", "barge",
    ]  # fmt: skip
    assert f'data-agent-join="{OTHER}"' in sun.get("/calls")
    assert "data-agent-join" not in mei.get(f"/calls/{OTHER}") + mei.get("/calls")
