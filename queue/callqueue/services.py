"""What flows may do with tickets and call-backs. `build_services` closes over the settings they need."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callqueue import agent_services, callbacks, opening, request_services
from callqueue.numbers import e164
from ivr.services import Outcome, Service, ServiceContext, ValueType
from models import CustomerPhone, Direction, OutboundCall, Ticket, TicketType
from settings import Settings

TEXT, DIGITS, PHONE, YES_NO = ValueType.TEXT, ValueType.DIGITS, ValueType.PHONE, ValueType.YES_NO
ACCOUNT: Final = ValueType.ACCOUNT
_TOLD: Final = ("address", "description", "recording", "details")


def open_ticket(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    """Raises ValueError for a type that does not exist: the flow is wrong."""
    call = context.call
    their_number = call.from_number if call.direction is Direction.INBOUND else call.to_number
    wish = opening.Wish(
        type=TicketType(inputs["type"]),
        subject=inputs["subject"],
        callback_number=e164(inputs.get("callback_number") or their_number, settings.utility.region),
        language=context.language,
        account_number=inputs.get("account_number") or "",
        danger=bool(inputs.get("danger")),
        life_support=bool(inputs.get("life_support")),
        number_named=bool(inputs.get("callback_number")),
        details={name: inputs[name] for name in _TOLD if inputs.get(name)},
    )
    opened = opening.open_ticket(
        context.session, call, wish, context.now, reopen_priority=settings.tickets.reopen_priority
    )
    return Outcome("already_open" if opened.already else "opened", {"ticket_number": str(opened.ticket.id)})


def find_open(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    number = e164(inputs["number"], settings.utility.region)
    ticket = opening.find_open(
        context.session,
        number,
        inputs.get("account_number") or "",
        TicketType(inputs["type"]) if inputs.get("type") else None,
    )
    if ticket is None:
        return Outcome("none")
    reported_on = ticket.created_at.astimezone(ZoneInfo(settings.utility.time_zone)).date()
    return Outcome(
        "found",
        {"ticket_number": str(ticket.id), "subject": ticket.subject, "reported_on": reported_on.isoformat()},
    )


def callback_ticket(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    asked = callbacks.asked_about(context.session, context.call)
    if asked is None or not callbacks.is_current(*asked):
        return Outcome("gone")
    outbound, ticket = asked
    return Outcome(
        "found",
        {
            "ticket_number": str(ticket.id),
            "ticket_type": ticket.type.value,
            "result": ticket.result,
            "address": _address(context, outbound, ticket),
        },
    )


def confirm_fixed(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    return Outcome("closed" if callbacks.confirm(context.session, context.call, context.now) else "gone")


def reopen(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    done = callbacks.reopen(
        context.session,
        context.call,
        context.now,
        priority=settings.tickets.reopen_priority,
        reason=inputs.get("reason") or "",
        recording=inputs.get("reason_recording") or "",
    )
    return Outcome("reopened" if done else "gone")


def _address(context: ServiceContext, outbound: OutboundCall, ticket: Ticket) -> str:
    """Said only on a number that we know to be the customer's: a caller may leave any number to be called back on."""
    if ticket.account is None:
        return ""
    known = sa.select(CustomerPhone.id).where(
        CustomerPhone.customer_id == ticket.account.customer_id, CustomerPhone.number == outbound.to_number
    )
    if context.session.scalar(known.limit(1)) is None:
        return ""
    address = ticket.account.premise.address
    return str(address.get(context.language) or next(iter(address.values()), ""))


def build_services(settings: Settings) -> list[Service]:
    return [
        Service(
            "tickets.open",
            partial(open_ticket, settings),
            outcomes=frozenset({"opened", "already_open"}),
            inputs={
                "type": TEXT,
                "subject": TEXT,
                "account_number": ACCOUNT,
                "danger": YES_NO,
                "life_support": YES_NO,
                "address": TEXT,
                "description": TEXT,
                "recording": TEXT,
                "details": TEXT,
                "callback_number": PHONE,
            },
            outputs={"ticket_number": DIGITS},
            optional=frozenset({"account_number", "danger", "life_support", "callback_number", *_TOLD}),
            about="Opens a ticket of a type of `models.TicketType`. A fault that is open already is urged instead.",
            changes=True,
        ),
        Service(
            "tickets.find_open",
            partial(find_open, settings),
            outcomes=frozenset({"found", "none"}),
            inputs={"number": PHONE, "account_number": ACCOUNT, "type": TEXT},
            outputs={"ticket_number": DIGITS, "subject": TEXT, "reported_on": ValueType.DATE},
            optional=frozenset({"account_number", "type"}),
            about="The newest ticket of a number or an account that is not closed, of a type where one is named.",
        ),
        Service(
            "callbacks.ticket",
            callback_ticket,
            outcomes=frozenset({"found", "gone"}),
            outputs={"ticket_number": DIGITS, "ticket_type": TEXT, "result": TEXT, "address": TEXT},
            about='What this call-back is about. The address is "" unless we ring a number of the customer\'s.',
        ),
        Service(
            "callbacks.confirm_fixed",
            confirm_fixed,
            outcomes=frozenset({"closed", "gone"}),
            about="The caller says that it is settled: closes the ticket.",
            changes=True,
        ),
        Service(
            "callbacks.reopen",
            partial(reopen, settings),
            outcomes=frozenset({"reopened", "gone"}),
            inputs={"reason_recording": TEXT, "reason": TEXT},
            optional=frozenset({"reason_recording", "reason"}),
            about="The caller says no: back to the queue. Again, with a reason that is new, the reason is added.",
            changes=True,
        ),
        *agent_services.build_services(settings),
        *request_services.build_services(settings),
    ]
