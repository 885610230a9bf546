"""Language, theme and shortcuts: on the user when signed in, in a cookie besides, so that the sign-in page has them."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from console import languages
from console.access import anyone, is_local
from console.current import database, settings
from console.errors import ShownError
from console.sessions import signed_in
from models import User

blueprint = Blueprint("preferences", __name__)
THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "hotline_theme"
_YEAR_S: Final = 365 * 24 * 3600


@blueprint.post("/preferences")
@anyone
def save() -> ResponseReturnValue:
    """Form fields `language`, `theme`, `shortcuts` (on, off), each optional; `back` is the page to return to."""
    wishes: dict[str, str | bool] = {}
    for name, offered in (("language", settings().console.languages), ("theme", THEMES), ("shortcuts", ("on", "off"))):
        value = request.form.get(name)
        if value is None:
            continue
        if value not in offered:
            raise ShownError(400, _("There is no such choice."))
        wishes[name] = value == "on" if name == "shortcuts" else value
    user = signed_in()
    if user is not None and wishes:
        with database().transaction() as rows:
            row = rows.get_one(User, user.id)
            for name, wish in wishes.items():
                setattr(row, name, wish)
    back = request.form.get("back", "")
    answer = redirect(back if is_local(back) else url_for("home.landing"), 303)
    for name, cookie in (("language", languages.COOKIE), ("theme", THEME_COOKIE)):
        if name in wishes:
            answer.set_cookie(
                cookie, str(wishes[name]), max_age=_YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure
            )
    return answer


def theme() -> str:
    """auto, light or dark, for the page being made."""
    user = signed_in()
    wish = user.theme if user else request.cookies.get(THEME_COOKIE, "auto")
    return wish if wish in THEMES else "auto"
