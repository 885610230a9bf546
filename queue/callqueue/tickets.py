"""What agents do with tickets. Each function is one step in the caller's transaction and leaves a line of history."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from callqueue import callbacks, history
from callqueue.numbers import reachable
from callqueue.transitions import (
    Action,
    AlreadyClaimed,
    NoSuchTicket,
    NotYours,
    TicketError,
    WrongStage,
    load,
    move,
    name_of,
)
from models import Role, Ticket, TicketStage, User

LONGEST_RESULT: Final = 1_000  # signs; about three minutes of speech

__all__ = [
    "LONGEST_RESULT",
    "AlreadyClaimed",
    "EmptyText",
    "NoSuchTicket",
    "NotYours",
    "TextTooLong",
    "TicketError",
    "WrongStage",
    "claim",
    "close",
    "note",
    "release",
]


class EmptyText(TicketError):
    """Nothing was written where something has to be."""


class TextTooLong(TicketError):
    """A result is read out on the telephone."""


def claim(session: Session, ticket_id: int, user: User, now: datetime) -> Ticket:
    """Makes the ticket `user`'s. Theirs already: nothing changes.

    Raises AlreadyClaimed with the name of who was quicker, WrongStage when nobody can take it, NoSuchTicket.
    """
    ticket = load(session, ticket_id)
    try:
        move(session, ticket, Action.CLAIM, assignee_id=user.id, claimed_at=now)
    except WrongStage:
        if ticket.stage is not TicketStage.CLAIMED:
            raise
        if ticket.assignee_id != user.id:
            raise AlreadyClaimed(ticket_id, name_of(session, ticket.assignee_id)) from None
        return ticket
    history.record(session, ticket_id, history.CLAIMED, user.username, now)
    return ticket


def release(session: Session, ticket_id: int, user: User, now: datetime) -> Ticket:
    """Back to the queue, at the place it had. Raises NotYours, WrongStage, NoSuchTicket."""
    ticket = _held(session, ticket_id, user)
    move(session, ticket, Action.RELEASE, assignee_id=None, claimed_at=None)
    history.record(session, ticket_id, history.RELEASED, user.username, now)
    return ticket


def note(session: Session, ticket_id: int, user: User, text: str, now: datetime) -> Ticket:
    """For colleagues; the caller is not told. At any stage, by anybody. Raises EmptyText, NoSuchTicket."""
    ticket = load(session, ticket_id)
    if not text.strip():
        raise EmptyText("There is nothing in the note.")
    history.record(session, ticket_id, history.NOTED, user.username, now, text.strip())
    return ticket


def close(session: Session, ticket_id: int, user: User, result_text: str, now: datetime) -> Ticket:
    """Writes what the caller is told and has them called back; the ticket is closed when they say that it is settled.

    A ticket without a number that can be rung is closed at once, and its history says that nobody was told.
    Raises EmptyText, TextTooLong, NotYours, WrongStage, NoSuchTicket.
    """
    text = result_text.strip()
    if not text:
        raise EmptyText("Write what the caller is to be told.")
    if len(text) > LONGEST_RESULT:
        raise TextTooLong(f"The result is read out on the telephone: at most {LONGEST_RESULT} characters.")
    ticket = _held(session, ticket_id, user)
    if not reachable(ticket.callback_number):
        move(session, ticket, Action.CLOSE_UNTOLD, result=text, closed_at=now)
        history.record(session, ticket_id, history.RESULT, user.username, now, text)
        history.record(session, ticket_id, history.CLOSED_UNTOLD, history.HOTLINE, now, number=ticket.callback_number)
        return ticket
    move(session, ticket, Action.CLOSE, result=text)
    history.record(session, ticket_id, history.RESULT, user.username, now, text)
    callbacks.order(session, ticket, now)
    return ticket


def _held(session: Session, ticket_id: int, user: User) -> Ticket:
    """The ticket, if `user` may act on it as the one who has it."""
    ticket = load(session, ticket_id)
    if ticket.stage is TicketStage.CLAIMED and ticket.assignee_id != user.id and user.role is Role.AGENT:
        raise NotYours(ticket_id, name_of(session, ticket.assignee_id))
    return ticket
