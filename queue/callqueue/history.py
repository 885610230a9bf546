"""The history of a ticket: append-only, and what open pages are told of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

import outbox
from models import TicketEvent

CALLER: Final = "caller"
HOTLINE: Final = "hotline"

OPENED = "opened"
URGED = "urged"  # the caller phoned about it again
CLAIMED = "claimed"
RELEASED = "released"
NOTED = "noted"
RESULT = "result"  # what the caller is told; the call-back follows
CLOSED_UNTOLD = "closed_untold"  # closed without a call-back: there is no number that could be rung
CALLING = "calling"  # an attempt to call back begins
NOT_REACHED = "not_reached"  # that attempt reached nobody, or nobody who answered the question
CONFIRMED = "confirmed"  # the caller said yes
REOPENED = "reopened"  # the caller said no
UNREACHABLE = "unreachable"  # every attempt is used up; a person has to decide


def record(
    session: Session, ticket_id: int, kind: str, actor: str, now: datetime, text: str = "", **data: Any
) -> TicketEvent:
    """Adds to the history in the caller's transaction. `data` holds JSON values; empty ones are left out.

    A recording's id goes under `recording`, an outbound call's under `outbound_call_id`.
    """
    kept = {name: value for name, value in data.items() if value not in (None, "")}
    event = TicketEvent(ticket_id=ticket_id, kind=kind, actor=actor, text=text, data=kept, at=now)
    session.add(event)
    session.flush()
    outbox.notify(session, "ticket", ticket_id)
    return event
