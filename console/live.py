"""What a page needs to hear of changes: a fresh token for the gateway, and where the gateway is."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from console.access import staff
from console.current import settings
from console.security import gateway_origin
from console.sessions import current
from ivr.channels import tokens

blueprint = Blueprint("live", __name__)


@blueprint.get("/live/token")
@staff
def token() -> ResponseReturnValue:
    """JSON {"url"}: the address to connect to, good for a minute."""
    signed = tokens.issue(settings(), "live", user=current().id)
    return {"url": f"{gateway_origin()}/live?token={signed}"}, 200, {"Cache-Control": "no-store"}
