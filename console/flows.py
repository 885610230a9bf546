"""Flows for those who are responsible for them: what is published, its history, differences, roll back.

Everybody who signs in may look; supervisors and administrators may change.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from console.access import allow, staff
from console.current import database, now, parts
from console.flow_views import Overview, overview, side, storm_rows, storm_shown
from console.panels import unchanged, version
from console.sessions import current
from ivr import publishing
from ivr.flow_diff import diff as differences
from ivr.loader import FlowError
from models import FlowRevision, Role

blueprint = Blueprint("flows", __name__, url_prefix="/flows")
_NUMBER = "<int(max=2147483647):publication_id>"


@blueprint.get("", endpoint="overview")
@staff
def overview_page() -> ResponseReturnValue:
    view = _view()
    with database().reading() as rows:
        storm, changes = storm_shown(rows), storm_rows(rows)
    return render_template(
        "flows/overview.html", view=view, version=version(view), storm=storm, storm_changes=changes,
        reason=request.args.get("reason", ""), problem=parts().flows.folder_problem,
    )  # fmt: skip


@blueprint.get("/state")
@staff
def state() -> ResponseReturnValue:
    view = _view()
    return unchanged(view) or render_template("flows/_state.html", view=view, version=version(view))


@blueprint.get(f"/publications/{_NUMBER}")
@staff
def publication(publication_id: int) -> ResponseReturnValue:
    """The files of a publication, one of them as text."""
    with database().reading() as rows:
        try:
            found = publishing.publication_named(rows, str(publication_id))
        except publishing.NoSuchPublication:
            abort(404)
        files = dict(sorted(rows.get_one(FlowRevision, found.revision_id).files.items()))
    name = request.args.get("file", next(iter(files)))
    if name not in files:
        abort(404)
    return render_template("flows/publication.html", publication=found, files=files, name=name)


@blueprint.get("/diff")
@staff
def diff() -> ResponseReturnValue:
    """From `a` to `b`: "current", a publication's number, or "draft-3"."""
    with database().reading() as rows:
        try:
            old, new = side(rows, request.args.get("a", "current")), side(rows, request.args.get("b", "current"))
        except publishing.PublishingError:
            abort(404)
    changes = differences(old.files, new.files)
    return render_template("flows/diff.html", old=old, new=new, changes=changes)


@blueprint.post("/rollback")
@allow(Role.SUPERVISOR, Role.ADMIN)
def rollback() -> ResponseReturnValue:
    """Publishes the publication `to` again."""
    to, note = request.form.get("to", ""), request.form.get("note", "").strip()
    if request.form.get("sure") != "yes" or not note:
        flash(_("Nothing was changed: write why, and tick that you mean it."), "warning")
        return redirect(url_for("flows.diff", a="current", b=to), 303)
    try:
        parts().flows.roll_back(to, author=current().username, note=note, now=now())
    except publishing.AlreadyCurrent:
        flash(_("These flows are what new calls begin with already."), "warning")
    except publishing.NoSuchPublication:
        abort(404)
    except publishing.PublishingError as problem:
        flash(str(problem), "warning")
    except FlowError as problem:
        count = len(problem.faults)
        flash(
            _("This version of the hotline cannot use those flows any more. Faults: %(count)d.", count=count), "danger"
        )
    else:
        flash(_("Rolled back to publication %(number)s. Calls under way keep their flows.", number=to), "success")
    return redirect(url_for("flows.overview"), 303)


def _view() -> Overview:
    before = request.args.get("before", "")
    with database().reading() as rows:
        return overview(rows, int(before) if before.isdigit() and len(before) < 10 else None)
