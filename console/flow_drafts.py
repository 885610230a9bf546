"""Drafts of flows: begun from a publication or uploaded, edited as text with faults beside the lines, published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from console.access import allow, staff
from console.current import database, now, parts
from console.errors import ShownError
from console.flow_views import draft_view, side
from console.sessions import current
from ivr import flow_drafts, publishing
from ivr.loader import FlowError
from ivr.yaml_source import FlowFault
from models import DraftStatus, Role

blueprint = Blueprint("flow_drafts", __name__, url_prefix="/flows/drafts")
_DRAFT = "/<int(max=2147483647):draft_id>"
leads = allow(Role.SUPERVISOR, Role.ADMIN)


@blueprint.get(_DRAFT)
@staff
def page(draft_id: int) -> ResponseReturnValue:
    return _page(draft_id, request.args.get("file"))


@blueprint.post("")
@leads
def begin() -> ResponseReturnValue:
    """A copy of the publication `base`, or, with files, these in place of the copy's files of the same names.

    `only`: the uploaded files are all there is.
    """
    uploaded = _uploaded()
    with database().transaction() as rows:
        try:
            base = side(rows, request.form.get("base", "current"))
            published = publishing.publication_named(rows, base.name) if base.publication else None
            files = uploaded if request.form.get("only") == "yes" and uploaded else {**base.files, **uploaded}
            made = flow_drafts.begin_draft(
                rows, files, published.revision_id if published else None, author=current().username,
                note=request.form.get("note", ""), now=now(),
            )  # fmt: skip
        except publishing.PublishingError as problem:
            raise ShownError(400, _shown(problem)) from problem
    return redirect(url_for("flow_drafts.page", draft_id=made.id), 303)


@blueprint.post(f"{_DRAFT}/files")
@leads
def save(draft_id: int) -> ResponseReturnValue:
    """Keeps the text of one file. Where somebody else saved meanwhile, nothing is lost: the text is shown again."""
    name = request.form.get("name", "").strip()
    text = request.form.get("text", "").replace("\r\n", "\n")
    try:
        _change(draft_id, {name: text})
    except publishing.PublishingError as problem:
        _gone(problem)
        return _page(draft_id, name, written=text, error=_shown(problem))
    flash(_("%(file)s is saved in the draft.", file=name), "success")
    return redirect(url_for("flow_drafts.page", draft_id=draft_id, file=name), 303)


@blueprint.post(f"{_DRAFT}/upload")
@leads
def upload(draft_id: int) -> ResponseReturnValue:
    uploaded = _uploaded()
    try:
        if uploaded:
            _change(draft_id, uploaded)
    except publishing.PublishingError as problem:
        _gone(problem)
        return _page(draft_id, None, error=_shown(problem))
    if uploaded:
        flash(_("%(count)d files are in the draft.", count=len(uploaded)), "success")
    else:
        flash(_("Choose files first."), "warning")
    return redirect(url_for("flow_drafts.page", draft_id=draft_id), 303)


@blueprint.post(f"{_DRAFT}/remove")
@leads
def remove(draft_id: int) -> ResponseReturnValue:
    name = request.form.get("name", "")
    try:
        _change(draft_id, {name: None})
    except publishing.PublishingError as problem:
        _gone(problem)
        return _page(draft_id, None, error=_shown(problem))
    flash(_("%(file)s is no longer in the draft.", file=name), "success")
    return redirect(url_for("flow_drafts.page", draft_id=draft_id), 303)


@blueprint.post(f"{_DRAFT}/publish")
@leads
def publish(draft_id: int) -> ResponseReturnValue:
    """New calls begin with it at once; calls under way keep theirs. Only without faults, with a note."""
    note = request.form.get("note", "").strip()
    if not note:
        return _page(draft_id, None, error=_("Write what has changed: it stays with your name."))
    try:
        parts().flows.publish_draft(
            draft_id, author=current().username, note=note, now=now(), version=_version() or None
        )
    except FlowError as problem:
        return _page(draft_id, None, error=_("Faults to be mended first: %(count)d.", count=len(problem.faults)))
    except publishing.PublishingError as problem:
        _gone(problem)
        return _page(draft_id, None, error=_shown(problem))
    flash(_("Published. New calls begin with these flows; calls under way keep theirs."), "success")
    return redirect(url_for("flows.overview"), 303)


@blueprint.post(f"{_DRAFT}/discard")
@leads
def discard(draft_id: int) -> ResponseReturnValue:
    try:
        with database().transaction() as rows:
            found = flow_drafts.open_draft(rows, draft_id, _version())
            flow_drafts.close_draft(found, None, author=current().username, now=now())
    except publishing.PublishingError as problem:
        _gone(problem)
        return _page(draft_id, None, error=_shown(problem))
    flash(_("Draft %(number)s is discarded.", number=draft_id), "success")
    return redirect(url_for("flows.overview"), 303)


def _page(draft_id: int, name: str | None, *, written: str | None = None, error: str = "") -> ResponseReturnValue:
    """`written`: a text of `name` that could not be kept, shown in place of the draft's."""
    with database().reading() as rows:
        try:
            draft = flow_drafts.draft(rows, draft_id)
        except flow_drafts.NoSuchDraft:
            abort(404)
        files = dict(draft.files) | ({name: written} if written is not None and name else {})
        view = draft_view(rows, draft, _faults(files) if draft.status is DraftStatus.OPEN else ())
    faulty = next(iter(view.fault_counts), "")
    if name is None:
        name = (
            faulty if faulty in view.files else next((one.name for one in view.changes if one.name in view.files), "")
        )
        name = name or next(iter(view.files), "")
    text = written if written is not None else view.files.get(name, "")
    made = render_template(
        "flows/draft.html", view=view, name=name, text=text, error=error,
        may_change=current().leads and view.status is DraftStatus.OPEN, new_file=name not in view.files,
    )  # fmt: skip
    return make_response(made, 422 if error else 200)


def _faults(files: Mapping[str, str]) -> list[FlowFault]:
    try:
        parts().flows.check(files)
    except FlowError as problem:
        return problem.faults
    return []


def _change(draft_id: int, changes: Mapping[str, str | None]) -> None:
    with database().transaction() as rows:
        found = flow_drafts.open_draft(rows, draft_id, _version())
        flow_drafts.change_files(found, changes, author=current().username, now=now())


def _version() -> int:
    """The version of the draft that its writer has seen; 0, which none has, when the form does not say."""
    text = request.form.get("version", "")
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _uploaded() -> dict[str, str]:
    found = {}
    for file in request.files.getlist("files"):
        if not file.filename:
            continue
        name = file.filename.replace("\\", "/").rpartition("/")[2]
        try:
            found[name] = file.stream.read().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise ShownError(400, _("%(file)s is no text in UTF-8. Nothing was changed.", file=name)) from None
    return found


def _gone(problem: publishing.PublishingError) -> None:
    if isinstance(problem, flow_drafts.NoSuchDraft):
        abort(404)


def _shown(problem: publishing.PublishingError) -> str:
    match problem:
        case flow_drafts.DraftChanged(by=by):
            return cast(str, _("%(name)s saved this draft meanwhile. Compare, then save again.", name=by))
        case flow_drafts.DraftClosed(status=DraftStatus.PUBLISHED):
            return cast(str, _("This draft is published already."))
        case flow_drafts.DraftClosed():
            return cast(str, _("This draft was discarded."))
        case publishing.AlreadyCurrent():
            return cast(str, _("These flows are what new calls begin with already."))
        case _:
            return str(problem)
