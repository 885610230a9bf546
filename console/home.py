"""The landing page: where to go, and for a newcomer what to try."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console.access import anyone
from console.current import database, settings
from console.demo import demo_loaded

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@anyone
def landing() -> ResponseReturnValue:
    with database().reading() as rows:
        demo = demo_loaded(rows)
    access = settings().browser_phone.access
    return render_template("home.html", demo=demo, phone_open=access == "anyone" or (access == "auto" and demo))
