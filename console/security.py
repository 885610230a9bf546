"""Headers, CSRF and limits. The content policy has no inline script, no inline style and no host but ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from console.current import settings
from console.sessions import signed_in

ADDRESS_LIMITS: Final = "10 per minute;100 per hour"
USERNAME_LIMITS: Final = "30 per hour"
AGENT_LIMITS: Final = "60 per minute"  # a phone that lost its connection asks again every few seconds
_LIMITER: Final = "hotline_limiter"
_CONNECT: Final = "connect-src 'self'"
_POLICY: Final = {
    "default-src": "'self'",
    "img-src": ["'self'", "data:"],  # Bootstrap's own small drawings are data: addresses in its style sheet
    "media-src": ["'self'", "blob:"],
    "worker-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "connect-src": "'self'",  # the media gateway is added for each request, see _with_gateway
}


def init_security(app: Flask, *, secure: bool, outside: frozenset[str]) -> None:
    """`secure`: we are reached by https. Blueprints and endpoints named in `outside` have a guard of their own."""
    app.config.update(WTF_CSRF_TIME_LIMIT=None)  # as long as the session: an agent's page stays open for a shift
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False)  # checked by ours, which knows what stands outside
    csrf = CSRFProtect(app)

    @app.before_request
    def check_csrf() -> None:
        if request.endpoint and request.endpoint.partition(".")[0] not in outside:
            csrf.protect()

    app.after_request(_with_gateway)  # runs after Talisman's own, which is registered later
    Talisman(
        app,
        force_https=False,  # the proxy in front of us does that
        session_cookie_secure=secure,
        strict_transport_security=secure,
        content_security_policy=_POLICY,
        permissions_policy={"microphone": "(self)", "camera": "()", "geolocation": "()", "payment": "()"},
        referrer_policy="same-origin",
        frame_options="DENY",
    )


def gateway_origin() -> str:
    """Origin of the media gateway as this browser reaches it: "ws://127.0.0.1:8081". Also used in its addresses."""
    public = settings().media.public_url
    if public:
        return public.rstrip("/")
    port = settings().media.port or settings().server.port + 1
    host = urlsplit(f"//{request.host}").hostname or "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"{'wss' if request.is_secure else 'ws'}://{shown}:{port}"


def _storage(redis_url: str | None) -> str:
    """`limits` has its own name for a Redis on a socket."""
    if redis_url is None:
        return "memory://"
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url


def limit_sign_in(app: Flask, endpoint: str, *, redis_url: str | None, succeeded: Callable[[Response], bool]) -> None:
    """Failed tries at `endpoint` are limited for each address, and for each username wherever it is tried from.

    With Redis gone the counting goes on in this process: nobody is kept out by that.
    """
    limiter = _limiter(app, redis_url)

    def failed(response: Response) -> bool:
        return not succeeded(response)

    view: Any = app.view_functions[endpoint]
    for limits, key in ((ADDRESS_LIMITS, get_remote_address), (USERNAME_LIMITS, _username)):
        view = limiter.limit(limits, key_func=key, methods=["POST"], deduct_when=failed)(view)
    app.view_functions[endpoint] = view


def limit_tokens(app: Flask, endpoint: str, *, redis_url: str | None) -> None:
    """How often one user may ask `endpoint` for a token."""
    view: Any = app.view_functions[endpoint]
    limited = _limiter(app, redis_url).limit(AGENT_LIMITS, key_func=_user, methods=["POST"])
    app.view_functions[endpoint] = limited(view)


def _limiter(app: Flask, redis_url: str | None) -> Limiter:
    """One an app."""
    if _LIMITER not in app.extensions:
        limiter = Limiter(
            get_remote_address,
            storage_uri=_storage(redis_url),
            key_prefix="hotline:limit",
            in_memory_fallback_enabled=redis_url is not None,
            swallow_errors=True,
        )
        limiter.init_app(app)
        app.extensions[_LIMITER] = limiter
    return cast(Limiter, app.extensions[_LIMITER])


def _user() -> str:
    user = signed_in()
    return f"user {user.id}" if user else get_remote_address()


def _username() -> str:
    return request.form.get("username", "").strip().casefold()[:60]


def _with_gateway(response: Response) -> Response:
    policy = response.headers.get("Content-Security-Policy")
    if policy is not None:
        parts = urlsplit(gateway_origin())
        origin = f"{parts.scheme}://{parts.netloc}"
        response.headers["Content-Security-Policy"] = policy.replace(_CONNECT, f"{_CONNECT} {origin}")
    return response
