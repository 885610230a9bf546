"""The one table of how a ticket may move."""

from __future__ import annotations

from itertools import product

import pytest

from callqueue.transitions import TRANSITIONS, Action, NoSuchTicket, WrongStage, load, move
from models import Ticket, TicketStage
from tests.callqueue.desk import Desk


def at(desk: Desk, stage: TicketStage) -> int:
    ticket_id = desk.report()
    with desk.database.transaction() as session:
        session.get_one(Ticket, ticket_id).stage = stage
    return ticket_id


@pytest.mark.parametrize(("stage", "action"), [pair for pair in product(TicketStage, Action) if pair in TRANSITIONS])
def test_a_move_of_the_table_is_made(desk: Desk, stage: TicketStage, action: Action) -> None:
    ticket_id = at(desk, stage)
    with desk.database.transaction() as session:
        move(session, load(session, ticket_id), action)
    assert desk.ticket(ticket_id).stage is TRANSITIONS[stage, action]


@pytest.mark.parametrize(
    ("stage", "action"), [pair for pair in product(TicketStage, Action) if pair not in TRANSITIONS]
)
def test_any_other_move_is_refused_in_plain_words(desk: Desk, stage: TicketStage, action: Action) -> None:
    ticket_id = at(desk, stage)
    with desk.database.transaction() as session, pytest.raises(WrongStage) as refused:
        move(session, load(session, ticket_id), action)
    assert refused.value.stage is stage
    assert str(refused.value).startswith(f"Ticket {ticket_id} ")
    assert desk.ticket(ticket_id).stage is stage


def test_every_stage_can_be_left_or_is_the_end() -> None:
    left = {stage for stage, _ in TRANSITIONS}
    assert set(TicketStage) - left == {TicketStage.CLOSED}
    assert set(TRANSITIONS.values()) == set(TicketStage)


def test_a_move_counts_only_from_where_the_ticket_was_seen(any_desk: Desk) -> None:
    """Between reading and writing somebody else took it."""
    ticket_id = any_desk.report()
    with any_desk.database.reading() as session:
        seen = load(session, ticket_id)
    any_desk.claim(ticket_id, "tom")
    with any_desk.database.transaction() as session:
        stale = session.merge(seen, load=False)
        with pytest.raises(WrongStage) as refused:
            move(session, stale, Action.CLAIM)
    assert refused.value.stage is TicketStage.CLAIMED


def test_a_ticket_that_is_not_there(desk: Desk) -> None:
    with desk.database.reading() as session, pytest.raises(NoSuchTicket, match="There is no ticket 99"):
        load(session, 99)
