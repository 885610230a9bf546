"""Short-lived signed tokens that carry a right from one process to another (web page -> media gateway)."""

from __future__ import annotations

from typing import Any, Final

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from settings import Settings

WATCH: Final = "watch"
"""Purpose of a token that lets a page be told what is said on one call."""


class TokenError(Exception):
    """The token is forged, for something else, or too old. The message may be shown."""


def issue(settings: Settings, purpose: str, **claims: Any) -> str:
    """A URL-safe token saying `claims`, good only for `purpose` ("phone", "live")."""
    return _serializer(settings, purpose).dumps(claims)


def check(settings: Settings, purpose: str, token: str, *, max_age_s: int = 60) -> dict[str, Any]:
    try:
        claims = _serializer(settings, purpose).loads(token, max_age=max_age_s)
    except SignatureExpired:
        raise TokenError("this link is too old; reload the page") from None
    except BadSignature:
        raise TokenError("this token is not valid here") from None
    if not isinstance(claims, dict):
        raise TokenError("this token is not valid here")
    return claims


def _serializer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key.get_secret_value(), salt=f"hotline-{purpose}")
