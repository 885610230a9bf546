"""What flows may ask for on a caller's behalf besides a repair, how it stands, and what callers think of us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from callqueue import opening, wishes
from callqueue.numbers import e164
from ivr.services import Outcome, Service, ServiceContext, ValueType
from models import Direction, Outage, OutboundCall, SurveyAnswer, Ticket, TicketStage, TicketType
from settings import Settings

TEXT, DIGITS, PHONE, DATE = ValueType.TEXT, ValueType.DIGITS, ValueType.PHONE, ValueType.DATE
ACCOUNT, MONEY, NUMBER = ValueType.ACCOUNT, ValueType.MONEY, ValueType.NUMBER
TOLD_FOR: Final = timedelta(days=30)  # how long a finished application is still told about

_STANDS: Final = {
    TicketStage.OPEN: "waiting",
    TicketStage.CLAIMED: "in_work",
    TicketStage.CALLING_BACK: "ready",
    TicketStage.CLOSED: "done",
}


def urge(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    ticket = wishes.newest(context.session, "", ticket_number=inputs["ticket_number"])
    if ticket is None:
        return Outcome("gone")
    opening.urge(
        context.session,
        ticket,
        context.call,
        context.now,
        inputs.get("description") or "",
        reopen_priority=settings.tickets.reopen_priority,
        recording=inputs.get("recording") or "",
    )
    return Outcome("urged")


def progress(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    ticket = _newest(settings, context, inputs, TicketType.FAULT, None)
    if ticket is None:
        return Outcome("none")
    return Outcome(_STANDS[ticket.stage], _ticket(settings, ticket))


def application_progress(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    ticket = _newest(settings, context, inputs, TicketType.APPLICATION, context.now - TOLD_FOR)
    if ticket is None:
        return Outcome("none")
    kinds = {subject: kind for kind, subject in wishes.SERVICES.items()}
    return Outcome(_STANDS[ticket.stage], {**_ticket(settings, ticket), "kind": kinds.get(ticket.subject, "")})


def apply(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    """Raises ValueError for a service that nobody offers: the flow is wrong."""
    kind = inputs["kind"]
    if kind not in wishes.SERVICES:
        raise ValueError(f"'{kind}' is no service to apply for; there are: {', '.join(wishes.SERVICES)}")
    told = ("address", "name", "details", "description", "recording")
    return _asked(settings, context, TicketType.APPLICATION, wishes.SERVICES[kind], inputs, told)


def missing_payment(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    inputs = {**inputs, "amount": f"{inputs['amount'] / 100:.2f}"}
    told = ("amount", "paid_on", "paid_with")
    return _asked(settings, context, TicketType.ENQUIRY, wishes.PAYMENT_NOT_SHOWN, inputs, told)


def call_when_restored(settings: Settings, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    outage = context.session.get(Outage, inputs["outage_id"])
    if outage is None or outage.ended_at is not None:
        return Outcome("over")
    inputs = {**inputs, wishes.OUTAGE_ID: str(outage.id)}
    return _asked(settings, context, TicketType.ENQUIRY, wishes.WHEN_RESTORED, inputs, (wishes.OUTAGE_ID,))


def store_survey(context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
    """Raises ValueError for an answer that is none of 1, 2, 3: the flow is wrong."""
    satisfaction, call, session = inputs["satisfaction"], context.call, context.session
    if satisfaction not in (1, 2, 3):
        raise ValueError(f"satisfaction is 1, 2 or 3, not {satisfaction}")
    answer = session.scalar(sa.select(SurveyAnswer).where(SurveyAnswer.call_id == call.id))
    if answer is None:
        outbound = None if call.outbound_call_id is None else session.get(OutboundCall, call.outbound_call_id)
        ticket_id = None if outbound is None else outbound.ticket_id
        answer = SurveyAnswer(call_id=call.id, ticket_id=ticket_id, satisfaction=satisfaction, at=context.now)
        session.add(answer)
    answer.satisfaction = satisfaction
    answer.reason = inputs.get("reason") or answer.reason or ""
    answer.recording_id = inputs.get("recording") or answer.recording_id
    session.flush()
    return Outcome("stored")


def _asked(
    settings: Settings,
    context: ServiceContext,
    type_: TicketType,
    subject: str,
    inputs: Mapping[str, Any],
    told: tuple[str, ...],
) -> Outcome:
    wish = opening.Wish(
        type=type_,
        subject=subject,
        callback_number=_number(settings, context, inputs.get("callback_number")),
        language=context.language,
        account_number=inputs.get("account_number") or "",
        number_named=bool(inputs.get("callback_number")),
        details={name: str(inputs[name]) for name in told if inputs.get(name)},
    )
    opened = wishes.ask_once(context.session, context.call, wish, context.now)
    return Outcome("already_open" if opened.already else "opened", _ticket(settings, opened.ticket))


def _number(settings: Settings, context: ServiceContext, given: str | None) -> str:
    call = context.call
    theirs = call.from_number if call.direction is Direction.INBOUND else call.to_number
    return e164(given or theirs, settings.utility.region)


def _newest(
    settings: Settings,
    context: ServiceContext,
    inputs: Mapping[str, Any],
    type_: TicketType,
    closed_since: datetime | None,
) -> Ticket | None:
    return wishes.newest(
        context.session,
        e164(inputs["number"], settings.utility.region),
        inputs.get("account_number") or "",
        types=(type_,),
        ticket_number=inputs.get("ticket_number") or "",
        closed_since=closed_since,
    )


def _ticket(settings: Settings, ticket: Ticket) -> dict[str, Any]:
    opened_on = ticket.created_at.astimezone(ZoneInfo(settings.utility.time_zone)).date()
    return {"ticket_number": str(ticket.id), "opened_on": opened_on.isoformat()}


def build_services(settings: Settings) -> list[Service]:
    stands = frozenset({"waiting", "in_work", "ready"})
    number_and_date: Mapping[str, ValueType] = {"ticket_number": DIGITS, "opened_on": DATE}
    opened = frozenset({"opened", "already_open"})
    whose: Mapping[str, ValueType] = {"number": PHONE, "account_number": ACCOUNT, "ticket_number": DIGITS}
    return [
        Service(
            "tickets.urge",
            partial(urge, settings),
            outcomes=frozenset({"urged", "gone"}),
            inputs={"ticket_number": DIGITS, "description": TEXT, "recording": TEXT},
            optional=frozenset({"description", "recording"}),
            about="Writes down that the caller asks again about a ticket that is open.",
            changes=True,
        ),
        Service(
            "tickets.progress",
            partial(progress, settings),
            outcomes=stands | {"none"},
            inputs=whose,
            outputs=number_and_date,
            optional=frozenset({"account_number", "ticket_number"}),
            about="How the newest open fault report of a number, an account or a ticket number stands.",
        ),
        Service(
            "applications.open",
            partial(apply, settings),
            outcomes=opened,
            inputs={
                "kind": TEXT,
                "account_number": ACCOUNT,
                "address": TEXT,
                "name": TEXT,
                "details": TEXT,
                "description": TEXT,
                "recording": TEXT,
                "callback_number": PHONE,
            },
            outputs=number_and_date,
            optional=frozenset(
                {"account_number", "address", "name", "details", "description", "recording", "callback_number"}
            ),
            about="Applies for a service; kind is new_connection, change_of_name or reconnection.",
            changes=True,
        ),
        Service(
            "applications.progress",
            partial(application_progress, settings),
            outcomes=stands | {"done", "none"},
            inputs=whose,
            outputs={**number_and_date, "kind": TEXT},
            optional=frozenset({"account_number", "ticket_number"}),
            about="How the newest application stands; a finished one is told about for 30 days.",
        ),
        Service(
            "billing.report_missing_payment",
            partial(missing_payment, settings),
            outcomes=opened,
            inputs={
                "account_number": ACCOUNT,
                "amount": MONEY,
                "paid_on": DATE,
                "paid_with": TEXT,
                "callback_number": PHONE,
            },
            outputs=number_and_date,
            optional=frozenset({"callback_number"}),
            about="A payment that the account does not show: people look for it.",
            changes=True,
        ),
        Service(
            "outages.request_callback",
            partial(call_when_restored, settings),
            outcomes=opened | {"over"},
            inputs={"outage_id": NUMBER, "account_number": ACCOUNT, "callback_number": PHONE},
            outputs=number_and_date,
            optional=frozenset({"account_number", "callback_number"}),
            about="The caller wants to be called when the power is back.",
            changes=True,
        ),
        Service(
            "survey.store",
            store_survey,
            outcomes=frozenset({"stored"}),
            inputs={"satisfaction": NUMBER, "reason": TEXT, "recording": TEXT},
            optional=frozenset({"reason", "recording"}),
            about="How content the caller is, 1 to 3. Again in the same call, the answer is changed.",
            changes=True,
        ),
    ]
