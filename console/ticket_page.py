"""A ticket's page and what an agent does there. An action answers with a redirect, so a reload repeats nothing."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from callqueue import tickets
from console import drafts, ticket_view
from console.access import staff
from console.current import database, now
from console.errors import ShownError
from console.languages import language, language_name
from console.panels import unchanged, version
from console.result_text import LONGEST, fits_language
from console.sessions import current
from models import Ticket, TicketStage, User

blueprint = Blueprint("ticket", __name__, url_prefix="/desk/tickets/<int(max=9223372036854775807):ticket_id>")


@blueprint.get("")
@staff
def page(ticket_id: int) -> ResponseReturnValue:
    return _page(ticket_id)


@blueprint.get("/panels/<name>")
@staff
def panel(ticket_id: int, name: str) -> ResponseReturnValue:
    if name not in ticket_view.PANELS:
        abort(404)
    with database().reading() as rows:
        view = ticket_view.PANELS[name](_ticket(rows, ticket_id), current(), rows, language())
        kept = drafts.drafts_of(rows, current().id, ticket_id)
    return unchanged(view) or render_template(
        f"desk/_{name}.html", view=view, version=version(view), drafts=kept, errors={}, longest=LONGEST
    )


@blueprint.post("/claim")
@staff
def claim(ticket_id: int) -> ResponseReturnValue:
    try:
        with database().transaction() as rows:
            tickets.claim(rows, ticket_id, _user(rows), now())
    except tickets.TicketError as problem:
        flash(_refusal(problem), "warning")
    return _back(ticket_id)


@blueprint.post("/release")
@staff
def release(ticket_id: int) -> ResponseReturnValue:
    try:
        with database().transaction() as rows:
            tickets.release(rows, ticket_id, _user(rows), now())
    except tickets.TicketError as problem:
        flash(_refusal(problem), "warning")
        return _back(ticket_id)
    flash(_("Ticket %(number)s waits in the queue again.", number=ticket_id), "success")
    return redirect(url_for("desk.queue"), 303)


@blueprint.post("/notes")
@staff
def note(ticket_id: int) -> ResponseReturnValue:
    text = _text("note")
    if not text or len(text) > drafts.LONGEST:
        problem = _("Write the note first.") if not text else _("That is too long for a note.")
        return _page(ticket_id, {"note": problem}, {"note": text})
    with database().transaction() as rows:
        _ticket(rows, ticket_id)
        tickets.note(rows, ticket_id, _user(rows), text, now())
        drafts.forget(rows, current().id, ticket_id, "note")
    flash(_("Note kept. Only colleagues see it."), "success")
    return _back(ticket_id)


@blueprint.post("/close")
@staff
def close(ticket_id: int) -> ResponseReturnValue:
    """Tells the caller the result. A text that seems to be in another language than theirs is asked about once."""
    text = _text("result")
    with database().reading() as rows:
        spoken = _ticket(rows, ticket_id).language
    if not text:
        return _page(ticket_id, {"result": _("Write what the caller is to be told.")}, {"result": text})
    if len(text) > LONGEST:
        problem = _("At most %(count)d characters: it is read out on the telephone.", count=LONGEST)
        return _page(ticket_id, {"result": problem}, {"result": text})
    if not fits_language(text, spoken) and request.form.get("sure") != "yes":
        problem = _(
            "The caller speaks %(language)s; this seems to be another language.", language=language_name(spoken)
        )
        return _page(ticket_id, {"result": problem, "language": spoken}, {"result": text})
    try:
        with database().transaction() as rows:
            closed = tickets.close(rows, ticket_id, _user(rows), text, now())
            drafts.forget(rows, current().id, ticket_id)
    except tickets.TicketError as problem:
        flash(_refusal(problem), "warning")
        return _back(ticket_id)
    if closed.stage is TicketStage.CLOSED:
        flash(_("Closed. There is no number to call, so the caller was not told."), "warning")
    else:
        flash(_("Done. The caller is being called back with your result."), "success")
    return redirect(url_for("desk.queue"), 303)


@blueprint.post("/drafts/<field>")
@staff
def draft(ticket_id: int, field: str) -> ResponseReturnValue:
    """Keeps the form field of the same name. Answers with a line to show under it."""
    with database().transaction() as rows:
        _ticket(rows, ticket_id)
        try:
            drafts.keep(rows, current().id, ticket_id, field, request.form.get(field, ""), now())
        except ValueError:
            raise ShownError(400, _("This draft cannot be kept.")) from None
    return _("Draft saved") if request.form.get(field, "").strip() else ""


def _page(
    ticket_id: int, errors: dict[str, str] | None = None, written: dict[str, str] | None = None
) -> ResponseReturnValue:
    """`errors`: what is wrong with a form, by field; `written`: what was in it, which wins over the draft."""
    with database().reading() as rows:
        ticket = _ticket(rows, ticket_id)
        views = {name: make(ticket, current(), rows, language()) for name, make in ticket_view.PANELS.items()}
        kept = {**drafts.drafts_of(rows, current().id, ticket_id), **(written or {})}
    made = render_template(
        "desk/ticket.html", views=views, digest=version, drafts=kept, errors=errors or {}, longest=LONGEST
    )
    return make_response(made, 422 if errors else 200)


def _ticket(rows: Session, ticket_id: int) -> Ticket:
    found = ticket_view.load(rows, ticket_id)
    if found is None:
        abort(404)
    return found


def _user(rows: Session) -> User:
    return rows.get_one(User, current().id)


def _text(field: str) -> str:
    return request.form.get(field, "").replace("\r\n", "\n").strip()


def _back(ticket_id: int) -> ResponseReturnValue:
    return redirect(url_for("ticket.page", ticket_id=ticket_id), 303)


def _refusal(problem: tickets.TicketError) -> str:
    """The error in the agent's language."""
    match problem:
        case tickets.AlreadyClaimed():  # NotYours as well
            return str(_("%(name)s was quicker: the ticket is already taken.", name=problem.by))
        case tickets.WrongStage(stage=TicketStage.OPEN):
            return str(_("The ticket waits in the queue: claim it first."))
        case tickets.WrongStage(stage=TicketStage.CALLING_BACK):
            return str(_("The ticket has its result, and the caller is being called back."))
        case tickets.WrongStage(stage=TicketStage.CLOSED):
            return str(_("The ticket is closed."))
        case _:
            return str(problem)
