"""The call that tells a caller the result and asks whether it is settled: ordered, answered, or given up.

One call-back per closing: its key is the ticket and how often the ticket came back (`Ticket.reopened` counts a "no" as
well as a call-back that reached nobody). An answer counts only while the ticket waits for exactly that call-back; given
again, it is acknowledged again and changes nothing.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue import history
from callqueue.attempts import schedule
from callqueue.transitions import Action, load, move
from database import locked
from models import Call, OutboundCall, OutboundStatus, Ticket, TicketEvent, TicketStage, TicketType


class Purpose(enum.StrEnum):
    CLOSURE = "closure"
    RESTORATION = "restoration"
    PLANNED = "planned"


_ANSWERS: Final = (history.CONFIRMED, history.REOPENED)


def closing_key(ticket: Ticket) -> str:
    return f"closing/{ticket.id}/{ticket.reopened}"


def order(session: Session, ticket: Ticket, now: datetime) -> OutboundCall:
    """The call-back of the ticket's present closing; ordered again, the one that is there.

    Its flow is chosen when it is dialled, so that a change of the configuration reaches call-backs that wait.
    """
    key = closing_key(ticket)
    existing = session.scalar(sa.select(OutboundCall).where(OutboundCall.dedupe_key == key))
    if existing is not None:
        return existing
    outbound = OutboundCall(
        purpose=Purpose.RESTORATION if _about_power(ticket) else Purpose.CLOSURE,
        flow="",
        to_number=ticket.callback_number,
        language=ticket.language,
        variables={},
        ticket_id=ticket.id,
        dedupe_key=key,
        not_before=now,
        created_at=now,
    )
    session.add(outbound)
    session.flush()
    schedule(session, outbound, now)
    return outbound


def asked_about(session: Session, call: Call) -> tuple[OutboundCall, Ticket] | None:
    """The call-back that `call` is, and its ticket as it stands now; `None` for a call that is none."""
    if call.outbound_call_id is None:
        return None
    outbound = session.get(OutboundCall, call.outbound_call_id)
    if outbound is None or outbound.ticket_id is None:
        return None
    return outbound, load(session, outbound.ticket_id)


def is_current(outbound: OutboundCall, ticket: Ticket) -> bool:
    """Whether the ticket still waits for the answer of exactly this call-back."""
    return ticket.stage is TicketStage.CALLING_BACK and outbound.dedupe_key == closing_key(ticket)


def answer_given(session: Session, outbound: OutboundCall) -> str | None:
    """`history.CONFIRMED` or `history.REOPENED` if this call-back has been answered, else None."""
    statement = sa.select(TicketEvent).where(
        TicketEvent.ticket_id == outbound.ticket_id, TicketEvent.kind.in_(_ANSWERS)
    )
    given = [event.kind for event in session.scalars(statement) if event.data.get("outbound_call_id") == outbound.id]
    return given[0] if given else None


def confirm(session: Session, call: Call, now: datetime) -> bool:
    """The caller says it is settled: the ticket is closed. False when it is not this call's to close (any more)."""
    asked = asked_about(session, call)
    if asked is None:
        return False
    outbound, ticket = asked
    if not is_current(outbound, ticket):
        return answer_given(session, outbound) == history.CONFIRMED
    move(session, ticket, Action.CONFIRM, closed_at=now)
    history.record(session, ticket.id, history.CONFIRMED, history.CALLER, now, outbound_call_id=outbound.id)
    return True


def reopen(
    session: Session, call: Call, now: datetime, *, priority: int, reason: str = "", recording: str = ""
) -> bool:
    """The caller says it is not settled: back to the queue, sooner by `priority`, at the place it first had.

    Said again, with a reason that was not there the first time, the reason is kept. False as in `confirm`.
    """
    asked = asked_about(session, call)
    if asked is None:
        return False
    outbound, ticket = asked
    if is_current(outbound, ticket):
        _back_to_queue(session, ticket, Action.REOPEN, priority=ticket.priority + priority)
        history.record(
            session, ticket.id, history.REOPENED, history.CALLER, now, reason,
            recording=recording, outbound_call_id=outbound.id,
        )  # fmt: skip
        return True
    if answer_given(session, outbound) != history.REOPENED:
        return False
    if (reason or recording) and not _kept(session, ticket.id, reason, recording):
        history.record(session, ticket.id, history.NOTED, history.CALLER, now, reason, recording=recording)
    return True


def reopen_by_report(session: Session, ticket_id: int, now: datetime, *, priority: int) -> None:
    """A caller reports again what we are about to call them about as repaired: it is not, and nobody need ring them."""
    ticket = load(session, ticket_id)
    statement = sa.select(OutboundCall).where(OutboundCall.dedupe_key == closing_key(ticket))
    outbound = session.scalar(locked(session, statement))  # before the ticket: the order everybody locks in
    ticket = load(session, ticket_id)
    if ticket.stage is not TicketStage.CALLING_BACK:
        return
    _back_to_queue(session, ticket, Action.REOPEN, priority=ticket.priority + priority)
    history.record(session, ticket.id, history.REOPENED, history.CALLER, now)
    if outbound is not None and outbound.status is OutboundStatus.WAITING:
        outbound.status, outbound.ended_at = OutboundStatus.CANCELED, now


def give_up(session: Session, outbound: OutboundCall, now: datetime, reason: str) -> None:
    """Nobody was reached: a person has to decide. Back to the queue with the priority it had, waiting from now on."""
    if outbound.ticket_id is None:
        return
    ticket = load(session, outbound.ticket_id)
    if not is_current(outbound, ticket):
        return
    _back_to_queue(session, ticket, Action.GIVE_UP, queued_at=now)
    history.record(
        session, ticket.id, history.UNREACHABLE, history.HOTLINE, now, reason,
        attempts=outbound.attempts, outbound_call_id=outbound.id,
    )  # fmt: skip


def _about_power(ticket: Ticket) -> bool:
    """Whether the question is if the power is back: a fault, or a wish to be called then."""
    return ticket.type is TicketType.FAULT or "outage_id" in ticket.details


def _back_to_queue(session: Session, ticket: Ticket, action: Action, **values: object) -> None:
    move(session, ticket, action, assignee_id=None, claimed_at=None, reopened=ticket.reopened + 1, **values)


def _kept(session: Session, ticket_id: int, reason: str, recording: str) -> bool:
    events = session.scalars(sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id))
    return any(event.text == reason and event.data.get("recording", "") == recording for event in events)
