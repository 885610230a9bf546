"""Who may call which endpoint. Each endpoint says so beside its code; one that says nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Flask, abort, current_app, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from console.sessions import signed_in
from models import Role

_STATEMENT = "hotline_access"
_OUTSIDE = "hotline_outside"
log = structlog.get_logger(__name__)

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


@dataclass(frozen=True, slots=True)
class Access:
    """`roles` empty: anyone, signed in or not. `outside`: the endpoint has a guard of its own (a signature)."""

    roles: frozenset[Role] = frozenset()
    outside: bool = False


def allow(*roles: Role) -> Callable[[View], View]:
    """Only signed-in people of these roles."""
    if not roles:
        raise ValueError("allow() needs a role; an endpoint for everybody says @anyone")

    def state(view: View) -> View:
        setattr(view, _STATEMENT, Access(frozenset(roles)))
        return view

    return state


def staff(view: View) -> View:
    """Everybody who can sign in."""
    return allow(*Role)(view)


def anyone(view: View) -> View:
    """Signed in or not."""
    setattr(view, _STATEMENT, Access())
    return view


def statement(app: Flask, endpoint: str) -> Access | None:
    """What `endpoint` says of itself; None when it says nothing."""
    if endpoint.partition(".")[0] in app.extensions[_OUTSIDE]:
        return Access(outside=True)
    found = getattr(app.view_functions.get(endpoint), _STATEMENT, None)
    return found if isinstance(found, Access) else None


def init_access(app: Flask, outside: frozenset[str]) -> None:
    """`outside`: names of blueprints, or of endpoints without one, that guard themselves."""
    app.extensions[_OUTSIDE] = outside
    app.before_request(_guard)


def is_local(target: str) -> bool:
    """Whether a `next` leads to a page of ours. Browsers read a backslash as a slash, and drop control characters."""
    if not target.startswith("/") or "\\" in target or any(ord(sign) < 33 for sign in target):
        return False
    parts = urlsplit(target)
    return not parts.scheme and not parts.netloc and not target.startswith("//")


def to_sign_in() -> ResponseReturnValue:
    """Sends a person to the sign-in page and back here afterwards; a script is told 401 and where to go."""
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    if request.headers.get("HX-Request"):
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        answer = make_response("", 401)
        answer.headers["HX-Redirect"] = url_for("sign_in.form", next=shown.path or None)
        return answer
    if request.accept_mimetypes.best == "application/json":
        return {"error": "not signed in"}, 401
    return redirect(url_for("sign_in.form", next=back))


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    access = statement(current_app, request.endpoint)
    if access is None:
        log.error("endpoint_says_not_who_may_call_it", endpoint=request.endpoint)
        abort(403)
    if access.outside or not access.roles:
        return None
    user = signed_in()
    if user is None:
        return to_sign_in()
    if user.role not in access.roles:
        log.warning("refused", endpoint=request.endpoint, user=user.username, role=user.role.value)
        abort(403)
    return None
