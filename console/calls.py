"""Calls: the list, and each call's timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from console.access import staff
from console.call_list import CallRow, as_e164, call_page, call_row
from console.current import database, settings
from console.panels import unchanged, version
from console.ticket_list import TicketLine, tickets_of_call
from ivr.timeline import TimelineEntry, timeline
from models import Call, Customer, RecordingStatus

blueprint = Blueprint("calls", __name__)


@dataclass(frozen=True, slots=True)
class CallView:
    call: CallRow
    turns: tuple[tuple[TimelineEntry, ...], ...]  # the entries of each turn; what belongs to none stands alone
    playable: dict[str, RecordingStatus]
    tickets: tuple[TicketLine, ...]


@blueprint.get("/calls")
@staff
def listing() -> ResponseReturnValue:
    written, day = request.args.get("number", "").strip(), request.args.get("on", "").strip()
    number = as_e164(written, settings().utility.region) if written else None
    on, errors = None, []
    if written and number is None:
        errors.append(_("“%(number)s” is no telephone number.", number=written[:40]))
    if day:
        try:
            on = date.fromisoformat(day)
        except ValueError:
            errors.append(_("“%(day)s” is no date. Write it as 2025-03-31.", day=day[:40]))
    page = None
    if not errors:
        with database().reading() as rows:
            page = call_page(
                rows, number=number, on=on, zone=settings().utility.time_zone, before=request.args.get("before")
            )
    return render_template("calls/list.html", page=page, number=written, on=day, errors=errors), 400 if errors else 200


@blueprint.get("/calls/<call_id>")
@staff
def call(call_id: str) -> ResponseReturnValue:
    with database().reading() as rows:
        view = _view(rows, call_id)
    return render_template("calls/call.html", view=view, version=version(view))


@blueprint.get("/calls/<call_id>/timeline")
@staff
def panel(call_id: str) -> ResponseReturnValue:
    with database().reading() as rows:
        view = _view(rows, call_id)
    return unchanged(view) or render_template("calls/_timeline.html", view=view, version=version(view))


def _view(rows: Session, call_id: str) -> CallView:
    found = rows.get(Call, call_id)
    if found is None:
        abort(404)
    customer = rows.get(Customer, found.customer_id) if found.customer_id else None
    return CallView(
        call=call_row(found, customer.name if customer else None),
        turns=tuple(tuple(entries) for _turn, entries in groupby(timeline(found, found.turns), lambda one: one.turn)),
        playable={recording.id: recording.status for recording in found.recordings},
        tickets=tickets_of_call(rows, call_id),
    )
