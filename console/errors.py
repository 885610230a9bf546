"""Error pages that say what to do next. A script that asks gets a line of text instead of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from console import sessions

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Help:
    title: str
    text: str


_SCRIPTS: Final = {"application/json", "text/plain", "audio/*"}  # what those ask for who cannot show a page
_WRITTEN: Final = ("result", "note")  # what took somebody time to write is shown again, so that it can be copied
_HELP: Final = {
    400: Help(
        lazy_gettext("The page could not be understood"),
        lazy_gettext("Something was missing or not as expected. Go back, reload the page and try again."),
    ),
    403: Help(
        lazy_gettext("This is not open to you"),
        lazy_gettext("Your sign-in does not include this page. A supervisor or an administrator can help."),
    ),
    404: Help(
        lazy_gettext("There is nothing here"),
        lazy_gettext("The address may be mistyped, or what it named is gone. The desk and the calls are a click away."),
    ),
    405: Help(
        lazy_gettext("That cannot be done here"),
        lazy_gettext("The address is right, the way it was asked for is not. Go back and use the page's own buttons."),
    ),
    409: Help(
        lazy_gettext("Not possible just now"),
        lazy_gettext("Somebody else was quicker, or it is not ready yet. Reload the page to see how things stand."),
    ),
    413: Help(
        lazy_gettext("That was too much at once"),
        lazy_gettext("What was sent is larger than is accepted here. Shorten it and send it again."),
    ),
    429: Help(
        lazy_gettext("Too many tries"),
        lazy_gettext("Wait a few minutes, then try again. Forgot your password? An administrator can set a new one."),
    ),
    500: Help(
        lazy_gettext("Something went wrong on our side"),
        lazy_gettext("It has been written down. What you sent may not have been saved: check, then try again."),
    ),
}


def init_errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, _page)
    app.register_error_handler(CSRFError, _stale_form)


def _page(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400 or code == 416 or error.response is not None:
        return error
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        # What failed may be the database: neither the page nor a traceback that shows locals may ask it who this is.
        sessions.leave_unknown()
        log.error("request_failed", path=request.path, endpoint=request.endpoint, exc_info=error.original_exception)
    return _answer(code, _HELP.get(code, _HELP[500 if code >= 500 else 400]), error)


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    stale = Help(
        _("This form is out of date"),
        _("You may have signed out or in again meanwhile. Reload the page before you send it once more."),
    )
    return _answer(400, stale, error)


def _answer(code: int, help_: Help, error: HTTPException) -> ResponseReturnValue:
    own = getattr(error, "shown", None)  # an endpoint's own words: abort_with()
    text = own or help_.text
    headers = [(name, value) for name, value in error.get_headers() if name.lower() not in {"content-type"}]
    if request.headers.get("HX-Request") or request.accept_mimetypes.best in _SCRIPTS:
        return f"{help_.title}. {text}\n", code, [*headers, ("Content-Type", "text/plain; charset=utf-8")]
    written = [request.form[name] for name in _WRITTEN if request.form.get(name)] if code == 400 else []
    page = render_template("errors/error.html", code=code, title=help_.title, text=text, written=written)
    return page, code, headers


class ShownError(HTTPException):
    """An HTTP error in words of the endpoint: `raise ShownError(409, _("..."))`."""

    def __init__(self, code: int, shown: str) -> None:
        super().__init__(shown)
        self.code = code
        self.shown = shown
