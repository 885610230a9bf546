"""Files of the pages. Each address carries a digest of its content, so a browser keeps it and never has an old one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from console.access import anyone

_FILES: Final = Path(__file__).parent / "static"
_YEAR_S: Final = 365 * 24 * 3600


blueprint = Blueprint("console", __name__, template_folder="templates")


@blueprint.get("/static/<path:filename>")
@anyone
def static(filename: str) -> ResponseReturnValue:
    """A file, kept for a year when asked for by its digest and asked after each time when not."""
    answer = send_from_directory(_FILES, filename, max_age=0)
    dated = request.args.get("v") == _digest(filename)
    answer.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable" if dated else "no-cache"
    return answer


def init_assets(app: Flask) -> None:
    if "static" in app.view_functions:
        raise ValueError("make the app with static_folder=None: the console brings /static")
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep_nothing)


def asset(name: str) -> str:
    """Address of console/static/`name`. Raises FileNotFoundError for a file that is not there."""
    return url_for("console.static", filename=name, v=_digest(name))


@lru_cache(maxsize=256)
def _digest(name: str) -> str:
    return hashlib.sha256((_FILES / name).read_bytes()).hexdigest()[:12]


def _keep_nothing(response: Response) -> Response:
    """Pages show customers' data: no copy stays behind, and "back" shows no page of somebody who has signed out."""
    if response.mimetype == "text/html" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
