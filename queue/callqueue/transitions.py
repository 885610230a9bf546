"""How a ticket may move: one table, one compare-and-set, typed errors for everything else."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from callqueue.compare_and_set import changed
from models import Ticket, TicketStage, User


class Action(enum.StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    CLOSE = "close"  # the result is written, the caller will be told
    CLOSE_UNTOLD = "close_untold"  # as CLOSE, but there is no number to tell it to
    ANNOUNCE = "announce"  # nobody had to work on it: what the caller waits to hear has happened
    CONFIRM = "confirm"
    REOPEN = "reopen"
    GIVE_UP = "give_up"  # the caller could not be reached


TRANSITIONS: Final[Mapping[tuple[TicketStage, Action], TicketStage]] = {
    (TicketStage.OPEN, Action.CLAIM): TicketStage.CLAIMED,
    (TicketStage.CLAIMED, Action.RELEASE): TicketStage.OPEN,
    (TicketStage.CLAIMED, Action.CLOSE): TicketStage.CALLING_BACK,
    (TicketStage.CLAIMED, Action.CLOSE_UNTOLD): TicketStage.CLOSED,
    (TicketStage.OPEN, Action.ANNOUNCE): TicketStage.CALLING_BACK,
    (TicketStage.CALLING_BACK, Action.CONFIRM): TicketStage.CLOSED,
    (TicketStage.CALLING_BACK, Action.REOPEN): TicketStage.OPEN,
    (TicketStage.CALLING_BACK, Action.GIVE_UP): TicketStage.OPEN,
}

_STANDS: Final[Mapping[TicketStage, str]] = {
    TicketStage.OPEN: "waits in the queue and has to be taken first",
    TicketStage.CLAIMED: "is with an agent",
    TicketStage.CALLING_BACK: "has its result, and the caller is being called back",
    TicketStage.CLOSED: "is closed",
}


class TicketError(Exception):
    """A bad request about a ticket. The message may be shown to an agent."""


class NoSuchTicket(TicketError):
    def __init__(self, ticket_id: int) -> None:
        super().__init__(f"There is no ticket {ticket_id}.")


class WrongStage(TicketError):
    """The table has no such transition from where the ticket stands."""

    def __init__(self, ticket_id: int, stage: TicketStage, action: Action) -> None:
        self.stage, self.action = stage, action
        super().__init__(f"Ticket {ticket_id} {_STANDS[stage]}.")


class AlreadyClaimed(TicketError):
    """Somebody else has it; `by` is their name."""

    def __init__(self, ticket_id: int, by: str) -> None:
        self.by = by
        super().__init__(f"Ticket {ticket_id} is with {by}.")


class NotYours(AlreadyClaimed):
    """Only who has a ticket, or a supervisor, may do that."""


def load(session: Session, ticket_id: int) -> Ticket:
    """The ticket as the database has it now. Raises NoSuchTicket."""
    session.flush()
    ticket = session.get(Ticket, ticket_id, populate_existing=True)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    return ticket


def move(session: Session, ticket: Ticket, action: Action, **values: Any) -> None:
    """Sets the stage that `action` leads to, and `values`, if the ticket still stands as `ticket` says it does.

    One UPDATE that names the stage and the assignee it expects: of two that try, one changes a row and the other gets
    WrongStage, on SQLite as on PostgreSQL. `ticket` is brought up to date either way.
    """
    to = TRANSITIONS.get((ticket.stage, action))
    if to is None:
        raise WrongStage(ticket.id, ticket.stage, action)
    statement = (
        sa.update(Ticket)
        .where(
            Ticket.id == ticket.id,
            Ticket.stage == ticket.stage,
            Ticket.assignee_id.is_not_distinct_from(ticket.assignee_id),
        )
        .values(stage=to, **values)
    )
    moved = changed(session, statement)
    session.refresh(ticket)
    if moved != 1:
        raise WrongStage(ticket.id, ticket.stage, action)


def name_of(session: Session, user_id: int | None) -> str:
    return "" if user_id is None else session.scalar(sa.select(User.name).where(User.id == user_id)) or ""
