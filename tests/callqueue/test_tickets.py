"""What agents do with tickets, alone and against each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from callqueue import tickets
from models import Job, OutboundCall, OutboundStatus, Ticket, TicketStage
from tests.callqueue.conftest import AtOnce
from tests.callqueue.desk import EMMA, Desk


def test_an_agent_takes_a_ticket(any_desk: Desk) -> None:
    ticket_id = any_desk.report()
    taken = any_desk.claim(ticket_id)
    assert (taken.stage, taken.assignee_id) == (TicketStage.CLAIMED, any_desk.user("mei").id)
    ticket = any_desk.ticket(ticket_id)
    assert (ticket.stage, ticket.claimed_at) == (TicketStage.CLAIMED, any_desk.now)
    assert any_desk.history(ticket_id) == ["opened", "claimed"]


def test_taking_it_twice_changes_nothing(desk: Desk) -> None:
    ticket_id = desk.report()
    desk.claim(ticket_id)
    claimed_at = desk.ticket(ticket_id).claimed_at
    desk.later(minutes=1)
    desk.claim(ticket_id)
    assert desk.ticket(ticket_id).claimed_at == claimed_at
    assert desk.history(ticket_id) == ["opened", "claimed"]


def test_the_second_agent_is_told_who_has_it(any_desk: Desk) -> None:
    ticket_id = any_desk.report()
    any_desk.claim(ticket_id, "mei")
    with pytest.raises(tickets.AlreadyClaimed) as refused:
        any_desk.claim(ticket_id, "tom")
    assert refused.value.by == "Mei Chen"
    assert any_desk.ticket(ticket_id).assignee_id == any_desk.user("mei").id


@pytest.mark.parametrize("round_", range(3))
def test_of_many_agents_at_the_same_moment_one_has_the_ticket(any_desk: Desk, at_once: AtOnce, round_: int) -> None:
    ticket_id = any_desk.report()
    agents = ["mei", "tom", "sun"] * 4
    results = at_once([lambda name=name: (any_desk.claim(ticket_id, name), name)[1] for name in agents])
    won = {result for result in results if isinstance(result, str)}
    lost = [result for result in results if not isinstance(result, str)]
    assert len(won) == 1
    assert len(lost) == 8, "the winner's own four clicks all succeed"
    winner = any_desk.user(won.pop())
    assert {(type(error), error.by) for error in lost} == {(tickets.AlreadyClaimed, winner.name)}
    assert any_desk.ticket(ticket_id).assignee_id == winner.id
    assert any_desk.history(ticket_id) == ["opened", "claimed"]


def test_many_agents_take_many_tickets_and_none_twice(any_desk: Desk, at_once: AtOnce) -> None:
    ids = [any_desk.report(f"+86138005720{place:02}") for place in range(6)]

    def greedy(name: str) -> list[int]:
        taken = []
        for ticket_id in ids:
            try:
                any_desk.claim(ticket_id, name)
                taken.append(ticket_id)
            except tickets.AlreadyClaimed:
                continue
        return taken

    results = at_once([lambda name=name: greedy(name) for name in ("mei", "tom", "sun")])
    assert sorted(ticket_id for taken in results for ticket_id in taken) == ids


def test_what_nobody_can_take(desk: Desk) -> None:
    ticket_id = desk.closed_fault()
    with pytest.raises(tickets.WrongStage, match="the caller is being called back"):
        desk.claim(ticket_id, "tom")
    with pytest.raises(tickets.NoSuchTicket):
        desk.claim(4711)


def test_a_ticket_given_back_keeps_its_place(desk: Desk) -> None:
    ticket_id = desk.report()
    queued_at = desk.ticket(ticket_id).queued_at
    desk.later(minutes=10)
    desk.claim(ticket_id)
    with desk.database.transaction() as session:
        tickets.release(session, ticket_id, desk.user("mei"), desk.now)
    ticket = desk.ticket(ticket_id)
    assert (ticket.stage, ticket.assignee_id, ticket.queued_at) == (TicketStage.OPEN, None, queued_at)
    assert desk.history(ticket_id)[-1] == "released"


@pytest.mark.parametrize("act", ["release", "close"])
def test_only_who_has_it_or_a_supervisor_may(desk: Desk, act: str) -> None:
    def do(username: str) -> None:
        with desk.database.transaction() as session:
            if act == "release":
                tickets.release(session, ticket_id, desk.user(username), desk.now)
            else:
                tickets.close(session, ticket_id, desk.user(username), "Done.", desk.now)

    ticket_id = desk.report()
    with pytest.raises(tickets.WrongStage, match="has to be taken first"):
        do("tom")
    desk.claim(ticket_id, "mei")
    with pytest.raises(tickets.NotYours) as refused:
        do("tom")
    assert refused.value.by == "Mei Chen"
    do("sun")
    assert desk.ticket(ticket_id).stage is not TicketStage.CLAIMED


def test_anybody_may_leave_a_note_at_any_stage(desk: Desk) -> None:
    ticket_id = desk.closed_fault()
    with desk.database.transaction() as session:
        tickets.note(session, ticket_id, desk.user("tom"), " knew this house ", desk.now)
    event = desk.events(ticket_id)[-1]
    assert (event.kind, event.actor, event.text) == ("noted", "tom", "knew this house")
    with desk.database.transaction() as session, pytest.raises(tickets.EmptyText):
        tickets.note(session, ticket_id, desk.user("tom"), "  ", desk.now)


def test_closing_orders_one_callback_and_a_job_to_make_it(any_desk: Desk) -> None:
    ticket_id = any_desk.closed_fault()
    ticket, callback = any_desk.ticket(ticket_id), any_desk.callback(ticket_id)
    assert (ticket.stage, ticket.result, ticket.closed_at) == (TicketStage.CALLING_BACK, "The fuse was replaced.", None)
    assert (callback.purpose, callback.to_number, callback.status) == ("restoration", EMMA, OutboundStatus.WAITING)
    assert [job.name for job in any_desk.jobs()] == ["outbound.dial"]
    assert any_desk.jobs()[0].arguments == {"outbound_call_id": callback.id}
    assert any_desk.history(ticket_id) == ["opened", "claimed", "result"]


def test_what_is_no_fault_is_told_by_the_closure_flow(desk: Desk) -> None:
    ticket_id = desk.report(type="complaint")
    desk.claim(ticket_id)
    desk.close(ticket_id)
    desk.phone()
    desk.work()
    callback = desk.callback(ticket_id)
    assert (callback.purpose, callback.flow) == ("closure", desk.settings.callflows.closure)


def test_two_that_close_at_once_order_one_callback(any_desk: Desk, at_once: AtOnce) -> None:
    ticket_id = any_desk.report()
    any_desk.claim(ticket_id)
    results = at_once(
        [lambda name=name: any_desk.close(ticket_id, f"by {name}", name) for name in ("mei", "sun", "mei", "sun")]
    )
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(error) for error in refused] == [tickets.WrongStage] * 3
    with any_desk.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(OutboundCall)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1
    assert any_desk.history(ticket_id).count("result") == 1


@pytest.mark.parametrize("number", ["anonymous", "", "95598", "+266696687", "+1"])
def test_without_a_number_to_ring_a_ticket_is_closed_and_says_so(desk: Desk, number: str) -> None:
    ticket_id = desk.report(number)
    desk.claim(ticket_id)
    desk.close(ticket_id)
    ticket = desk.ticket(ticket_id)
    assert (ticket.stage, ticket.closed_at) == (TicketStage.CLOSED, desk.now)
    assert desk.history(ticket_id)[-2:] == ["result", "closed_untold"]
    assert desk.jobs() == []


@pytest.mark.parametrize(
    ("text", "error"), [("", tickets.EmptyText), (" \n", tickets.EmptyText), ("x" * 1001, tickets.TextTooLong)]
)
def test_a_result_that_cannot_be_read_out(desk: Desk, text: str, error: type[Exception]) -> None:
    ticket_id = desk.report()
    desk.claim(ticket_id)
    with pytest.raises(error):
        desk.close(ticket_id, text)
    assert desk.ticket(ticket_id).stage is TicketStage.CLAIMED


def test_every_change_is_told_after_the_commit_and_not_before(desk: Desk) -> None:
    ticket_id = desk.report()
    told: list[tuple[str, str]] = []
    desk.database.after_commit = lambda committed: told.extend(committed.notices)

    def claim_and_fail() -> None:
        with desk.database.transaction() as session:
            tickets.claim(session, ticket_id, desk.user("mei"), desk.now)
            raise RuntimeError("something else in the same transaction")

    with pytest.raises(RuntimeError):
        claim_and_fail()
    assert told == []
    assert desk.history(ticket_id) == ["opened"]
    desk.claim(ticket_id)
    assert told == [("ticket", str(ticket_id))]


def test_every_error_may_be_shown_to_an_agent() -> None:
    for error in (tickets.AlreadyClaimed, tickets.NotYours, tickets.WrongStage, tickets.NoSuchTicket,
                  tickets.EmptyText, tickets.TextTooLong):  # fmt: skip
        assert issubclass(error, tickets.TicketError)


def test_the_whole_way_leaves_a_history_in_order(desk: Desk) -> None:
    desk.phone()
    ticket_id = desk.closed_fault()
    desk.work()
    call_id = desk.pick_up(desk.ringing(ticket_id))
    desk.ask(call_id, "callbacks.confirm_fixed")
    desk.hang_up(call_id)
    assert desk.history(ticket_id) == ["opened", "claimed", "result", "calling", "confirmed"]
    times = [event.at for event in desk.events(ticket_id)]
    assert times == sorted(times)
    assert desk.now - times[0] < timedelta(minutes=1)
    with desk.database.reading() as session:
        assert session.get_one(Ticket, ticket_id).stage is TicketStage.CLOSED
