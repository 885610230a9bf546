"""Every endpoint says who may call it, and others may not."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import Hotline, create_app
from console.access import allow, is_local, statement
from models import Role
from tests.console.conftest import Browser


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def test_every_endpoint_says_who_may_call_it(app: Flask) -> None:
    silent = [rule.endpoint for rule in rules(app) if statement(app, rule.endpoint) is None]
    assert silent == []
    assert len(rules(app)) > 20


def test_only_these_are_open_to_anyone_or_guard_themselves(app: Flask) -> None:
    access = {rule.endpoint: statement(app, rule.endpoint) for rule in rules(app)}
    opened = {name for name, stated in access.items() if stated and not stated.roles and not stated.outside}
    outside = {name.partition(".")[0] for name, stated in access.items() if stated and stated.outside}
    assert opened <= {
        *("console.static", "home.landing", "sign_in.form", "sign_in.submit", "preferences.save"),
        *("phone.page", "phone.token"),
    }
    assert outside == {"health"}


def test_a_stranger_is_sent_to_sign_in_from_every_page_of_staff(app: Flask) -> None:
    client = app.test_client()
    values = {"ticket_id": 1, "name": "head", "call_id": "x", "recording_id": "x", "field": "note"}
    values |= {"draft_id": 1, "publication_id": 1}
    asked = 0
    for rule in rules(app):
        stated = statement(app, rule.endpoint)
        assert stated is not None
        if not stated.roles or "GET" not in (rule.methods or ()):
            continue
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert answer.location.startswith("/sign-in?next="), path
        asked += 1
    assert asked >= 9


def test_a_stranger_may_not_act(browser: Browser, database) -> None:
    answer = browser.post("/desk/tickets/1/claim")
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


def test_a_script_of_a_stranger_is_told_instead_of_redirected(app: Flask) -> None:
    client = app.test_client()
    panel = client.get(
        "/desk/queue", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/desk?tab=mine"}
    )
    assert (panel.status_code, panel.headers["HX-Redirect"]) == (401, "/sign-in?next=/desk")
    assert client.get("/live/token", headers={"Accept": "application/json"}).status_code == 401


def test_a_role_that_is_not_named_is_refused_and_so_is_an_endpoint_that_says_nothing(hotline: Hotline) -> None:
    app = create_app(hotline.settings, hotline)

    @app.get("/of-admins")
    @allow(Role.ADMIN)
    def of_admins() -> str:
        return "for administrators"

    @app.get("/silent")
    def silent() -> str:
        return "nobody has thought about who may see this"

    agent, admin = Browser(app.test_client()), Browser(app.test_client())
    agent.sign_in("mei")
    admin.sign_in("admin")
    assert agent.client.get("/of-admins").status_code == 403
    assert admin.get("/of-admins") == "for administrators"
    assert admin.client.get("/silent").status_code == 403
    assert app.test_client().get("/of-admins").status_code == 302


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/preferences", "/desk/tickets/1/claim", "/desk/tickets/1/notes"]
)
def test_a_form_without_its_token_is_refused(mei: Browser, path: str) -> None:
    answer = mei.client.post(path, data={"username": "mei", "result": "done"})
    assert answer.status_code == 400
    assert "out of date" in answer.text


def test_what_was_written_in_a_stale_form_can_be_copied(mei: Browser) -> None:
    answer = mei.client.post("/desk/tickets/1/close", data={"result": "a long <text>"})
    assert ">a long &lt;text&gt;</textarea>" in answer.text


def test_a_draft_may_bring_its_token_in_a_header(mei: Browser) -> None:
    assert mei.client.post("/desk/tickets/1/drafts/note", data={"note": "x"}).status_code == 400
    page = mei.get("/desk/tickets/1")
    token = page.partition('"X-CSRFToken": "')[2].partition('"')[0]
    sent = mei.client.post("/desk/tickets/1/drafts/note", data={"note": "x"}, headers={"X-CSRFToken": token})
    assert sent.status_code == 200


@pytest.mark.parametrize("target", ["/desk", "/calls?number=%2B86", "/"])
def test_local_addresses_are_local(target: str) -> None:
    assert is_local(target)


@pytest.mark.parametrize(
    "target",
    ["", "desk", "//evil.example", "https://evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example",
     "javascript:alert(1)", "/ /x", "///evil.example", "/\n/evil.example"],
)  # fmt: skip
def test_other_addresses_are_not(target: str) -> None:
    assert not is_local(target)
