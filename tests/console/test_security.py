"""Headers and error pages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, abort

import console
from app import Hotline, create_app
from console.access import anyone
from settings import Settings
from tests.console.conftest import Browser


def policy(app: Flask, base_url: str = "http://localhost:8080") -> dict[str, str]:
    header = app.test_client().get("/", base_url=base_url).headers["Content-Security-Policy"]
    return {part.split(" ", 1)[0]: part.split(" ", 1)[1] for part in header.split("; ")}


def with_media(hotline: Hotline, **values: object) -> Settings:
    return hotline.settings.model_copy(update={"media": hotline.settings.media.model_copy(update=values)})


def test_the_policy_lets_nothing_inline_run(app: Flask) -> None:
    stated = policy(app)
    assert stated["default-src"] == "'self'"
    assert "unsafe" not in str(stated)
    assert stated["frame-ancestors"] == stated["object-src"] == stated["base-uri"] == "'none'"


def test_pages_may_reach_the_gateway_and_the_phone_the_microphone(hotline: Hotline, app: Flask) -> None:
    assert policy(app)["connect-src"] == "'self' ws://localhost:8081"
    assert policy(app, "http://192.168.7.5:8080")["connect-src"] == "'self' ws://192.168.7.5:8081"
    settings = with_media(hotline, public_url="wss://ivr.example.org/media")
    behind = create_app(settings, replace(hotline, settings=settings))
    assert policy(behind)["connect-src"] == "'self' wss://ivr.example.org"
    headers = app.test_client().get("/phone").headers
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_templates_hold_no_inline_script_style_or_handler() -> None:
    pages = list((Path(console.__file__).parent / "templates").rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|hx-on|javascript:", text), page
        assert not re.search(r"(src|href|action)=\"(https?:)?//", text), page


def test_files_are_kept_when_asked_for_by_their_digest(browser: Browser) -> None:
    page = browser.get("/sign-in")
    address = re.search(r'href="(/static/hotline\.css\?v=[0-9a-f]{12})"', page)
    assert address
    assert "immutable" in browser.fetch(address[1]).headers["Cache-Control"]
    assert browser.fetch("/static/hotline.css?v=old").headers["Cache-Control"] == "no-cache"
    assert browser.client.get("/static/no-such-file.css").status_code == 404
    assert browser.client.get("/static/../current.py").status_code == 404


def test_pages_are_not_kept(mei: Browser) -> None:
    assert mei.client.get("/desk").headers["Cache-Control"] == "no-store"


@pytest.fixture
def troubled(hotline: Hotline) -> Flask:
    app = create_app(hotline.settings, hotline)

    @app.get("/trouble/<int:code>")
    @anyone
    def trouble(code: int) -> str:
        if code == 500:
            raise ZeroDivisionError
        abort(code)

    return app


CODES = {
    400: ("could not be understood", "无法处理此请求"),
    403: ("not open to you", "您没有权限访问"),
    404: ("nothing here", "页面不存在"),
    413: ("too much at once", "提交内容过大"),
    429: ("Too many tries", "尝试次数过多"),
    500: ("went wrong on our side", "系统出错了"),
}


@pytest.mark.parametrize("code", CODES)
def test_error_pages_help_in_both_languages(troubled: Flask, code: int) -> None:
    client = troubled.test_client()
    for language, text in zip(("en", "zh-CN"), CODES[code], strict=True):
        answer = client.get(f"/trouble/{code}", headers={"Accept-Language": language, "Accept": "text/html"})
        assert answer.status_code == code
        assert text in answer.text
        assert 'href="/"' in answer.text


def test_a_script_gets_a_line_instead_of_a_page(troubled: Flask) -> None:
    answer = troubled.test_client().get("/trouble/403", headers={"HX-Request": "true"})
    assert answer.mimetype == "text/plain"
    assert "<" not in answer.text


def test_what_is_too_large_is_refused_with_a_page(mei: Browser) -> None:
    answer = mei.post("/desk/tickets/1/notes", note="x" * (300 * 1024))
    assert answer.status_code == 413
    assert "too much at once" in answer.text


def test_a_database_that_is_gone_still_gives_a_page(app: Flask, mei: Browser, hotline: Hotline) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False  # as it is outside of tests
    hotline.database.dispose()
    for file in hotline.settings.home.glob("hotline.db*"):
        file.unlink()
    (hotline.settings.home / "hotline.db").mkdir()
    answer = mei.client.get("/desk", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert "went wrong on our side" in answer.text
