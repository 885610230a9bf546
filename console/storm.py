"""The storm switch: a banner on every page while it is on, and the click that switches it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from console.access import allow, staff
from console.current import database, now
from console.flow_views import StormShown, storm_shown
from console.panels import unchanged, version
from console.sessions import current, signed_in
from ivr.storm import LONGEST_REASON, switch
from models import Role

blueprint = Blueprint("storm", __name__)


@blueprint.get("/storm/banner")
@staff
def banner() -> ResponseReturnValue:
    view = shown()
    return unchanged(view) or render_template("flows/_storm_banner.html", storm=view, storm_version=version(view))


@blueprint.post("/storm")
@allow(Role.SUPERVISOR, Role.ADMIN)
def set_storm() -> ResponseReturnValue:
    """Switches it on, with a reason and a tick that it is meant, or off."""
    on = request.form.get("storm") == "on"
    reason = request.form.get("reason", "").strip()
    problem = ""
    if request.form.get("sure") != "yes":
        problem = _("Nothing was changed: tick that you mean it.")
    elif on and not reason:
        problem = _("Nothing was changed: write why storm mode is switched on.")
    elif len(reason) > LONGEST_REASON:
        problem = _("Nothing was changed: at most %(count)d characters.", count=LONGEST_REASON)
    if problem:
        flash(problem, "warning")
        return redirect(url_for("flows.overview", reason=reason[:LONGEST_REASON] or None) + "#storm-switch", 303)
    with database().transaction() as rows:
        change = switch(rows, on, actor=current().username, reason=reason, now=now())
    if change is None:
        flash(_("Storm mode was so already."), "warning")
    elif on:
        flash(_("Storm mode is on. Callers are served by the storm flows from their next step on."), "success")
    else:
        flash(_("Storm mode is off."), "success")
    return redirect(url_for("flows.overview"), 303)


def shown() -> StormShown | None:
    """For the banner; strangers are not asked about it."""
    if signed_in() is None:
        return None
    with database().reading() as rows:
        return storm_shown(rows)


def for_pages() -> dict[str, object]:
    """What base.html needs of it."""
    storm = shown()
    return {"storm": storm, "storm_version": version(storm)}
