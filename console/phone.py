"""The browser phone: a page with which anybody it is open to can phone in, and be called back.

The page speaks with the media gateway; what it gets from here is itself and, for each connection, a signed token that
says who it phones as.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import phonenumbers
from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from accounts.demo import DEMO_CALLERS
from console.access import anyone, to_sign_in
from console.current import Parts
from console.demo import demo_loaded
from console.languages import NAMES, language
from console.security import gateway_origin
from console.sessions import signed_in
from ivr.channels import tokens

KEYS: Final = (
    ("1", ""), ("2", "ABC"), ("3", "DEF"),
    ("4", "GHI"), ("5", "JKL"), ("6", "MNO"),
    ("7", "PQRS"), ("8", "TUV"), ("9", "WXYZ"),
    ("*", ""), ("0", "+"), ("#", ""),
)  # fmt: skip
# What accounts.demo says of its callers, so that it is found for translation.
ABOUT: Final = (
    lazy_gettext("owes three bills"),
    lazy_gettext("everything is paid; work is planned"),
    lazy_gettext("everything is paid; has applied"),
    lazy_gettext("the last bill is unpaid"),
    lazy_gettext("in credit, on life support"),
    lazy_gettext("power is out, and known to be"),
    lazy_gettext("has paid, is not yet connected again"),
)


@dataclass(frozen=True, slots=True)
class Door:
    """Whether this request may use the phone, and whether demo callers are there to be chosen."""

    open: bool
    demo: bool


def build_blueprint(hotline: Parts) -> Blueprint:
    blueprint = Blueprint("phone", __name__)
    settings = hotline.settings

    def door() -> Door:
        access = settings.browser_phone.access
        if access == "off":
            abort(404)
        with hotline.database.reading() as rows:
            demo = demo_loaded(rows)
        anybody = access == "anyone" or (access == "auto" and demo)
        return Door(anybody or signed_in() is not None, demo)

    @blueprint.get("/phone")
    @anyone
    def page() -> ResponseReturnValue:
        here = door()
        if not here.open:
            return to_sign_in()
        spoken = [(tag, NAMES.get(tag, tag)) for tag in settings.utility.name]
        preferred = language() if language() in settings.utility.name else settings.utility.default_language
        return render_template(
            "phone.html",
            callers=DEMO_CALLERS if here.demo else (),
            spoken=spoken,
            preferred=preferred,
            keys=KEYS,
            reconnect_s=settings.media.reconnect_s,
        )

    @blueprint.post("/phone/token")
    @anyone
    def token() -> ResponseReturnValue:
        """JSON {number, language} -> {url, number}: where to connect as whom, good for a minute."""
        if not door().open:
            return {"error": _("Please sign in first.")}, 401
        wish = request.get_json(silent=True)
        if not isinstance(wish, dict):
            return {"error": _("The request is not a JSON object.")}, 400
        number = callable_number(str(wish.get("number", "")), settings.utility.region)
        if number is None:
            return {"error": _("This is not a telephone number.")}, 422
        spoken = wish.get("language")
        if spoken is not None and spoken not in settings.utility.name:
            return {"error": _("The hotline does not speak this language.")}, 422
        signed = tokens.issue(settings, "phone", number=number, language=spoken, address=request.remote_addr or "")
        return {"url": f"{gateway_origin()}/phone?token={signed}", "number": number}, 200, {"Cache-Control": "no-store"}

    return blueprint


def callable_number(text: str, region: str) -> str | None:
    """E.164 of what somebody typed, None when nobody can be called there. `region` is of numbers without a country."""
    try:
        number = phonenumbers.parse(text[:40], region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
