"""Who is signed in. The session's cookie names the user and the user's salt: a new salt ends every session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from flask import Flask, g, session
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_user, logout_user

from console.current import database, now, settings
from models import Role, User, new_id

_SINCE = "signed_in_at"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The signed-in user for the length of a request. The properties are what flask-login asks for."""

    id: int
    username: str
    name: str
    role: Role
    language: str
    theme: str
    shortcuts: bool
    session_salt: str

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        return f"{self.id}:{self.session_salt}"

    @property
    def leads(self) -> bool:
        """May see what is kept from agents: whole numbers, tickets in other hands."""
        return self.role in {Role.SUPERVISOR, Role.ADMIN}


def init_sessions(app: Flask, *, secure: bool, hours: int) -> None:
    app.config.update(
        SESSION_COOKIE_NAME="hotline_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=hours),
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    manager = LoginManager()
    # "strong" ends a session whose address changes: an agent on a laptop moves between networks.
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app)


def signed_in() -> SignedIn | None:
    user = cast(SignedIn, current_user)  # a proxy: anonymous has is_authenticated False
    return user if user.is_authenticated else None


def current() -> SignedIn:
    """For endpoints that only signed-in people reach."""
    user = signed_in()
    if user is None:
        raise RuntimeError("this endpoint is open to anyone, yet asks who is signed in")
    return user


def begin(user: User) -> None:
    """Starts a session for a user whose password was right. What the old session held is dropped."""
    session.clear()
    session.permanent = True
    session[_SINCE] = int(now().timestamp())
    login_user(of(user))


def end(*, everywhere: bool) -> None:
    user = signed_in()
    if user is not None and everywhere:
        with database().transaction() as rows:
            row = rows.get(User, user.id)
            if row is not None:
                row.session_salt = new_id()
    logout_user()
    session.clear()


def leave_unknown() -> None:
    """For the rest of this request nobody is signed in, and the database is not asked."""
    g._login_user = AnonymousUserMixin()  # where flask-login keeps whom it has loaded


def of(user: User) -> SignedIn:
    return SignedIn(
        id=user.id, username=user.username, name=user.name, role=user.role, language=user.language,
        theme=user.theme, shortcuts=user.shortcuts, session_salt=user.session_salt,
    )  # fmt: skip


def _load(key: str) -> SignedIn | None:
    user_id, _, salt = key.partition(":")
    since = session.get(_SINCE, 0)
    if not user_id.isdigit() or not isinstance(since, int):
        return None
    if now().timestamp() - since > settings().console.session_hours * 3600:
        return None
    with database().reading() as rows:
        user = rows.get(User, int(user_id))
        if user is None or not user.active or user.session_salt != salt:
            return None
        return of(user)
