"""The web as it is put together."""

from __future__ import annotations

import pytest
from flask import request

from app import create_app
from database import Database
from settings import Server, Settings


@pytest.mark.parametrize(
    ("proxies", "address", "secure"), [(("10.1.2.0/24",), "203.0.113.9", True), ((), "10.1.2.3", False)]
)
def test_only_a_trusted_proxy_says_who_asks(
    settings: Settings, database: Database, proxies: tuple[str, ...], address: str, secure: bool
) -> None:
    """Otherwise everybody behind a proxy would share one address's tries at signing in, or make up addresses."""
    app = create_app(settings.model_copy(update={"server": Server(trusted_proxies=proxies)}))
    seen: list[tuple[str | None, bool]] = []
    app.before_request(lambda: seen.append((request.remote_addr, request.is_secure)))
    app.test_client().get(
        "/livez",
        environ_overrides={"REMOTE_ADDR": "10.1.2.3"},
        headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https"},
    )
    assert seen == [(address, secure)]
    app.extensions["hotline"].database.dispose()
