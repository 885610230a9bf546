"""Signing in and out. An unknown name and a wrong password get the same answer in the same time."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from console import sessions
from console.access import anyone, is_local, staff
from console.current import database
from console.demo import DemoSignIn, demo_sign_ins
from models import User

blueprint = Blueprint("sign_in", __name__)
log = structlog.get_logger(__name__)
_hasher: Final = PasswordHasher()
_NOBODYS: Final = _hasher.hash("verified when the name is unknown, so that this takes as long")
_LONGEST_PASSWORD: Final = 200  # argon2 hashes megabytes just as gladly


@blueprint.get("/sign-in")
@anyone
def form() -> ResponseReturnValue:
    if sessions.signed_in() is not None:
        return redirect(_next())
    return _page()


@blueprint.post("/sign-in")
@anyone
def submit() -> ResponseReturnValue:
    username = request.form.get("username", "").strip()
    password = request.form.get("password", "")
    user = _verified(username, password[:_LONGEST_PASSWORD])
    if user is not None:
        sessions.begin(user)
        log.info("signed_in", user=user.username)
        return redirect(_next(), 303)
    log.warning("sign_in_failed", username=username[:60], address=request.remote_addr)
    return _page(username=username[:60], error=_("Username or password is not right.")), 401


@blueprint.post("/sign-out")
@staff
def sign_out() -> ResponseReturnValue:
    everywhere = request.form.get("everywhere") == "yes"
    log.info("signed_out", user=sessions.current().username, everywhere=everywhere)
    sessions.end(everywhere=everywhere)
    flash(_("You are signed out everywhere.") if everywhere else _("You are signed out."), "success")
    return redirect(url_for("sign_in.form"), 303)


def succeeded(response: Response) -> bool:
    """Whether this answer to `submit` let somebody in; for the limit on failed tries."""
    return response.status_code == 303


def _verified(username: str, password: str) -> User | None:
    """Hashing takes tens of milliseconds: no transaction is open meanwhile."""
    with database().reading() as rows:
        user = rows.scalar(sa.select(User).where(User.username == username))
    known = user is not None and user.active
    stored = user.password_hash if user is not None and known else _NOBODYS
    try:
        _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return None
    if user is None or not known:
        return None
    if _hasher.check_needs_rehash(stored):
        stronger = _hasher.hash(password)
        with database().transaction() as rows:
            rows.get_one(User, user.id).password_hash = stronger
    return user


def _next() -> str:
    wish = request.values.get("next", "")
    return wish if is_local(wish) else url_for("desk.queue")


def _page(username: str = "", error: str = "") -> str:
    with database().reading() as rows:
        demo: list[DemoSignIn] = demo_sign_ins(rows)
    return render_template(
        "sign_in.html", username=username, error=error, demo=demo, next=request.values.get("next", "")
    )
