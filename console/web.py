"""The one entry of the console: `init_app` makes the pages part of a Flask app."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask

from console import (
    access,
    agent_phone,
    assets,
    calls,
    current,
    desk,
    errors,
    flow_drafts,
    flow_graph,
    flows,
    formats,
    home,
    languages,
    live,
    preferences,
    recordings,
    security,
    sessions,
    sign_in,
    storm,
    ticket_page,
    waiting,
)
from console.current import Parts

PAGES = (
    home,
    sign_in,
    preferences,
    desk,
    ticket_page,
    live,
    calls,
    recordings,
    flow_graph,
    flows,
    flow_drafts,
    storm,
    agent_phone,
)


def init_app(app: Flask, parts: Parts, *, outside: Iterable[str] = ()) -> None:
    """`outside`: names of blueprints, or of endpoints without one, that guard themselves. No sign-in, no CSRF there.

    Call it once, before blueprints of other pages are registered (the order does not matter to them).
    """
    settings = parts.settings
    secure = (settings.server.public_url or "").startswith("https://")
    app.extensions["hotline"] = parts
    app.config["SECRET_KEY"] = settings.secret_key.get_secret_value()
    app.config["MAX_CONTENT_LENGTH"] = settings.server.max_body_bytes
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    outside = frozenset(outside)

    assets.init_assets(app)
    sessions.init_sessions(app, secure=secure, hours=settings.console.session_hours)
    languages.init_languages(
        app, home=settings.home, languages=settings.console.languages, time_zone=settings.utility.time_zone
    )
    access.init_access(app, outside)
    security.init_security(app, secure=secure, outside=outside)
    errors.init_errors(app)
    formats.init_formats(app)
    waiting.init_waiting(app)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    security.limit_sign_in(app, "sign_in.submit", redis_url=settings.redis.url, succeeded=sign_in.succeeded)
    security.limit_tokens(app, "agent_phone.token", redis_url=settings.redis.url)
    app.context_processor(_shown)
    app.context_processor(agent_phone.for_pages)
    app.context_processor(storm.for_pages)


def _shown() -> dict[str, object]:
    """What every page may show."""
    utility = current.settings().utility
    tag = languages.language()
    return {
        "user": sessions.signed_in(),
        "theme": preferences.theme(),
        "utility_name": utility.name.get(tag) or next(iter(utility.name.values())),
        "hotline_number": utility.hotline_number,
        "language_name": languages.language_name,
    }
