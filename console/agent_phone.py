"""The agent's phone: a small window with which agents hear and speak to callers, and what the bar on every page needs.

The window holds microphone, sound and the one connection to the media gateway; pages show and steer it (see
static/agent-link.js for why). What it gets from here is itself, a signed token for each connection, who else is at
work, and a card of the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, contains_eager

from console.access import allow
from console.current import database, now, settings
from console.languages import language
from console.phone import KEYS
from console.queue_view import in_language
from console.security import gateway_origin
from console.sessions import SignedIn, current
from console.subjects import subjects
from console.ticket_list import TicketLine, tickets_of_call, tickets_with
from ivr.channels import tokens
from models import Account, AgentLine, Call, Customer, Direction, LineState, Role, User

blueprint = Blueprint("agent_phone", __name__)
ON_THE_PHONE = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)
TICKETS = 3  # of a caller, on the card


@dataclass(frozen=True, slots=True)
class Caller:
    """Who an agent is talking with, as far as is known from the number."""

    call_id: str
    name: str
    customer_class: str
    number: str
    whole_number: bool
    language: str
    account: str
    address: str
    of_call: tuple[TicketLine, ...]
    earlier: tuple[TicketLine, ...]


@blueprint.get("/agent")
@allow(*ON_THE_PHONE)
def page() -> ResponseReturnValue:
    with database().reading() as rows:
        telephone = rows.scalar(sa.select(User.sip_address).where(User.id == current().id))
    return render_template("agent/phone.html", telephone=telephone)


@blueprint.post("/agent/token")
@allow(*ON_THE_PHONE)
def token() -> ResponseReturnValue:
    """JSON {"url"}: where this agent's phone connects to, good for a minute."""
    user = current()
    signed = tokens.issue(settings(), "agent", user=user.id, name=user.name, role=user.role.value)
    return {"url": f"{gateway_origin()}/agent?token={signed}"}, 200, {"Cache-Control": "no-store"}


@blueprint.get("/agent/colleagues")
@allow(*ON_THE_PHONE)
def colleagues() -> ResponseReturnValue:
    """JSON {"colleagues": [{"username", "name", "state"}]}: who else is on line; who can take a call comes first."""
    order = {LineState.READY: 0, LineState.TALKING: 1, LineState.AWAY: 2}
    with database().reading() as rows:
        wanted = sa.select(AgentLine).join(AgentLine.user).options(contains_eager(AgentLine.user))
        wanted = wanted.where(AgentLine.expires_at > now(), AgentLine.user_id != current().id, User.active)
        found = sorted(rows.scalars(wanted), key=lambda line: (order[line.state], line.user.name))
        listed = [{"username": line.user.username, "name": line.user.name, "state": line.state.value} for line in found]
    return {"colleagues": listed}, 200, {"Cache-Control": "no-store"}


@blueprint.get("/agent/calls/<call_id>")
@allow(*ON_THE_PHONE)
def caller(call_id: str) -> ResponseReturnValue:
    """The card of a caller, as a piece of a page."""
    with database().reading() as rows:
        card = _card(rows, call_id, current())
    return render_template("agent/_caller.html", card=card)


def for_pages() -> dict[str, object]:
    """What the bar on every page is made of."""
    return {"phone_keys": KEYS, "known_subjects": subjects}


def _card(rows: Session, call_id: str, user: SignedIn) -> Caller:
    call = rows.get(Call, call_id)
    if call is None:
        abort(404)
    customer = rows.get(Customer, call.customer_id) if call.customer_id else None
    account = _account(rows, call.customer_id)
    number = call.from_number if call.direction is Direction.INBOUND else call.to_number
    of_call = tickets_of_call(rows, call_id)
    known = {one.id for one in of_call}
    others = tickets_with(rows, number=number, customer_id=call.customer_id, without=0, limit=TICKETS + len(known))
    return Caller(
        call_id=call_id,
        name=customer.name if customer else "",
        customer_class=customer.customer_class if customer else "",
        number=number,
        whole_number=user.leads or call.agent_id == user.id,
        language=call.language,
        account=account.number if account else "",
        address=in_language(account.premise.address, language()) if account else "",
        of_call=of_call,
        earlier=tuple(one for one in others if one.id not in known)[:TICKETS],
    )


def _account(rows: Session, customer_id: int | None) -> Account | None:
    """The customer's only account; of several it is not known which one the call is about."""
    if customer_id is None:
        return None
    found = list(rows.scalars(sa.select(Account).where(Account.customer_id == customer_id).limit(2)))
    return found[0] if len(found) == 1 else None
