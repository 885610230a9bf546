"""The queue as an agent sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import event

from callqueue.listing import listing
from database import Database
from models import Ticket, TicketStage
from tests.callqueue.desk import ACCOUNT, Desk


@contextmanager
def queries(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def count(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", count)
    yield seen
    event.remove(database.engine, "before_cursor_execute", count)


def test_danger_then_priority_then_who_waits_longest(any_desk: Desk) -> None:
    old = any_desk.report("+8613800572001")
    any_desk.later(minutes=1)
    young = any_desk.report("+8613800572002")
    any_desk.later(minutes=1)
    urgent = any_desk.report("+8613800572003")
    any_desk.later(minutes=1)
    danger = any_desk.report("+8613800572004", subject="Danger", danger=True)
    with any_desk.database.transaction() as session:
        session.get_one(Ticket, urgent).priority = 10
    with any_desk.database.reading() as session:
        seen = listing(session)
    assert [row.id for row in seen.rows] == [danger, urgent, old, young]
    assert (seen.total, seen.dangers) == (4, 1)
    assert seen.longest_since == any_desk.now - timedelta(minutes=3)


def test_a_row_says_who_and_whose(desk: Desk) -> None:
    ticket_id = desk.report(account_number=ACCOUNT)
    desk.claim(ticket_id, "tom")
    with desk.database.reading() as session:
        assert listing(session).rows == ()
        row = listing(session, TicketStage.CLAIMED, assignee_id=desk.user("tom").id).rows[0]
        assert listing(session, TicketStage.CLAIMED, assignee_id=desk.user("mei").id).total == 0
    assert (row.customer, row.assignee, row.subject) == ("Emma Clarke", "Tom Baker", "No power")


def test_an_empty_queue(desk: Desk) -> None:
    with desk.database.reading() as session:
        empty = listing(session)
    assert (empty.rows, empty.total, empty.dangers, empty.longest_since) == ((), 0, 0, None)


def test_the_queue_costs_two_queries_however_long_it_is(desk: Desk) -> None:
    for place in range(30):
        ticket_id = desk.report(f"+86138005720{place:02}")
        if place % 2:
            desk.claim(ticket_id, "tom")
    with desk.database.reading() as session, queries(desk.database) as seen:
        assert len(listing(session).rows) == 15
    assert len([statement for statement in seen if statement.startswith("SELECT")]) == 2


def test_a_long_queue_is_counted_whole_and_shown_in_part(desk: Desk) -> None:
    for place in range(5):
        desk.report(f"+86138005720{place:02}")
    with desk.database.reading() as session:
        first = listing(session, limit=3)
    assert (len(first.rows), first.total) == (3, 5)
