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
from console.call_sound import SoundView, sound_view
from console.current import database, settings
from console.hearing import may_hear, may_hear_call
from console.panels import unchanged, version
from console.security import gateway_origin
from console.sessions import current
from console.ticket_list import TicketLine, tickets_of_call
from ivr.channels import tokens
from ivr.channels.tokens import WATCH
from ivr.timeline import TimelineEntry, timeline, turns_expired
from models import Call, Customer, RecordingStatus

blueprint = Blueprint("calls", __name__)


@dataclass(frozen=True, slots=True)
class CallView:
    call: CallRow
    turns: tuple[tuple[TimelineEntry, ...], ...]  # the entries of each turn; what belongs to none stands alone
    playable: dict[str, RecordingStatus]
    tickets: tuple[TicketLine, ...]
    expired: bool  # what was said and keyed has been deleted, its time was over


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
        view, sound = _view(rows, call_id), _sound(rows, call_id)
    return _page("calls/call.html", view, sound)


@blueprint.get("/calls/<call_id>/sound")
@staff
def sound(call_id: str) -> ResponseReturnValue:
    """The recording and the transcript."""
    with database().reading() as rows:
        view = _sound(rows, call_id)
    return unchanged(view) or render_template("calls/_sound.html", sound=view, sound_version=version(view))


@blueprint.get("/calls/<call_id>/watch")
@staff
def watch(call_id: str) -> ResponseReturnValue:
    """JSON {"url", "watch"}: where to connect, and what to say there, to be told what is said on this call."""
    with database().reading() as rows:
        if not may_hear_call(rows, current(), _call(rows, call_id)):
            abort(403)
    address = tokens.issue(settings(), "live", user=current().id)
    watching = tokens.issue(settings(), WATCH, call=call_id, user=current().id)
    return {"url": f"{gateway_origin()}/live?token={address}", "watch": watching}, 200, {"Cache-Control": "no-store"}


@blueprint.get("/calls/<call_id>/timeline")
@staff
def panel(call_id: str) -> ResponseReturnValue:
    with database().reading() as rows:
        view = _view(rows, call_id)
        answer = unchanged(view)
        return answer or _page("calls/_timeline.html", view, _sound(rows, call_id))


def _page(template: str, view: CallView, sound: SoundView) -> str:
    return render_template(template, view=view, version=version(view), sound=sound, sound_version=version(sound))


def _sound(rows: Session, call_id: str) -> SoundView:
    return sound_view(rows, current(), _call(rows, call_id))


def _call(rows: Session, call_id: str) -> Call:
    found = rows.get(Call, call_id)
    if found is None:
        abort(404)
    return found


def _view(rows: Session, call_id: str) -> CallView:
    found = _call(rows, call_id)
    customer = rows.get(Customer, found.customer_id) if found.customer_id else None
    return CallView(
        call=call_row(found, customer.name if customer else None),
        turns=tuple(tuple(entries) for _turn, entries in groupby(timeline(found, found.turns), lambda one: one.turn)),
        playable={
            recording.id: recording.status for recording in found.recordings if may_hear(rows, current(), recording)
        },
        tickets=tickets_of_call(rows, call_id),
        expired=turns_expired(found, found.turns),
    )
