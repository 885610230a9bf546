"""What got lost is found again: every state that should pass does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from callqueue import jobs
from callqueue.jobs import run_sweep, sweep
from models import Call, CallStatus, Job, JobStatus, OutboundAttempt, OutboundCall, OutboundStatus, TicketStage
from tests.callqueue.conftest import AtOnce
from tests.callqueue.desk import EMMA, Desk


def minutes(desk: Desk, count: float, *, step_s: float = 10) -> None:
    """Time passes, with a worker and a sweep at work."""
    end = desk.now + timedelta(minutes=count)
    while desk.now < end:
        desk.sweep()
        desk.work()
        desk.later(seconds=step_s)


def test_a_quiet_house_has_nothing_to_sweep(any_desk: Desk) -> None:
    any_desk.report()
    assert any_desk.sweep() == jobs.SweepReport()


def test_a_call_that_nobody_ended_is_ended(any_desk: Desk) -> None:
    talking = any_desk.call(expires_at=any_desk.now + timedelta(minutes=30))
    any_desk.later(minutes=29)
    assert any_desk.sweep().calls_ended == 0
    any_desk.later(minutes=1)
    assert any_desk.sweep().calls_ended == 1
    call = any_desk.row(Call, talking)
    assert (call.status, call.end_reason) == (CallStatus.COMPLETED, "expired")
    assert any_desk.sweep().calls_ended == 0


def test_a_callback_whose_last_word_was_lost_is_tried_again(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    carrier.work()
    carrier.later(seconds=carrier.settings.callbacks.ring_timeout_s + 59)
    assert carrier.sweep().attempts_ended == 0, "the carrier may still have its last word"
    carrier.later(seconds=5)
    assert carrier.sweep().attempts_ended == 1
    assert carrier.attempts(ticket_id)[0].status is CallStatus.NO_ANSWER
    assert carrier.callback(ticket_id).status is OutboundStatus.WAITING


def test_a_gateway_that_died_while_it_rang(desk: Desk) -> None:
    desk.phone()
    ticket_id = desk.closed_fault()
    desk.work()
    with desk.database.transaction() as session:
        call = session.get_one(Call, desk.ringing(ticket_id))
        call.status = CallStatus.RINGING
        session.scalars(sa.select(OutboundAttempt)).one().status = CallStatus.RINGING
    desk.later(minutes=3)
    assert desk.sweep().attempts_ended == 1
    assert desk.attempts(ticket_id)[0].reason == "nothing was heard of it"
    desk.later(minutes=1)
    desk.work()
    assert len(desk.attempts(ticket_id)) == 2


def test_a_long_conversation_is_left_alone(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    carrier.work()
    call_id = carrier.pick_up(carrier.ringing(ticket_id))
    minutes(carrier, 25)
    assert carrier.row(Call, call_id).status is CallStatus.IN_PROGRESS
    assert carrier.callback(ticket_id).status is OutboundStatus.CALLING
    minutes(carrier, 10)
    assert carrier.row(Call, call_id).status is CallStatus.COMPLETED, "but not for ever"


def test_a_call_that_ended_without_telling_us(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    carrier.work()
    with carrier.database.transaction() as session:
        session.get_one(Call, carrier.ringing(ticket_id)).status = CallStatus.BUSY
    carrier.later(minutes=5)
    assert carrier.sweep().attempts_ended == 1
    assert carrier.attempts(ticket_id)[0].status is CallStatus.BUSY
    assert carrier.callback(ticket_id).status is OutboundStatus.WAITING


@pytest.mark.parametrize("loss", ["deleted", JobStatus.DONE, JobStatus.FAILED])
def test_a_callback_whose_job_got_lost_is_made_all_the_same(carrier: Desk, loss: str) -> None:
    carrier.closed_fault()
    with carrier.database.transaction() as session:
        if loss == "deleted":
            session.execute(sa.delete(Job))
        else:
            session.scalars(sa.select(Job)).one().status = JobStatus(loss)
    assert carrier.work() == 0
    minutes(carrier, 2)
    assert len(carrier.dialer.rung) == 1


def test_a_process_that_died_between_the_rows_and_the_dialling(carrier: Desk) -> None:
    """Its attempt stands in the rows, and the network has heard nothing: it is dialled, once."""
    ticket_id = carrier.closed_fault()
    die = SystemExit("killed")

    def killed(request: object) -> None:
        raise die

    dial, carrier.dialer.dial = carrier.dialer.dial, killed  # type: ignore[assignment,method-assign]
    with pytest.raises(SystemExit):
        carrier.work()
    carrier.dialer.dial = dial  # type: ignore[method-assign]
    minutes(carrier, 1)
    assert carrier.dialer.rung == [], "until its lease is out, it may still be dialling"
    minutes(carrier, 2)
    assert len(carrier.dialer.rung) == 1
    assert len(carrier.attempts(ticket_id)) == 1
    assert carrier.dialer.asked == 1


def test_a_process_that_died_after_the_network_took_the_call(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()

    def killed(request):  # type: ignore[no-untyped-def]
        carrier.dialer.ring(request)
        raise SystemExit("killed")

    dial, carrier.dialer.dial = carrier.dialer.dial, killed  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        carrier.work()
    carrier.dialer.dial = dial  # type: ignore[method-assign]
    for _ in range(30):
        carrier.later(seconds=5)
        carrier.sweep()
        carrier.work()
        call = carrier.row(Call, carrier.ringing(ticket_id))
        if call.provider_id:
            break
    assert call.provider_id in carrier.dialer.begun
    assert len(carrier.dialer.rung) == 1
    assert len(carrier.attempts(ticket_id)) == 1


def test_many_sweeps_and_workers_at_once_ring_once(carrier: Desk, at_once: AtOnce) -> None:
    carrier.closed_fault()
    with carrier.database.transaction() as session:
        session.execute(sa.delete(Job))
    carrier.later(minutes=5)
    results = at_once([carrier.sweep, carrier.work] * 4)
    results += [carrier.sweep(), carrier.work()]
    assert [result for result in results if isinstance(result, Exception)] == []
    assert len(carrier.dialer.rung) == 1


def test_one_row_in_trouble_does_not_keep_the_others(desk: Desk) -> None:
    for number in (EMMA, "+8613800579999"):
        desk.call(number, expires_at=desk.now)
    seen: list[str] = []

    def ended(call_id: str, status: CallStatus, reason: str) -> bool:
        seen.append(call_id)
        if len(seen) == 1:
            raise RuntimeError("this one is broken")
        return desk.hang_up(call_id, status, reason)

    assert run_sweep(desk.context, runner_ended=ended).calls_ended == 1
    assert len(set(seen)) == 2


def test_the_whole_house_can_be_handed_over_as_it_is(desk: Desk) -> None:
    """`sweep` takes the parts that `app.build` makes."""

    class House:
        database, settings, redis, runner = desk.database, desk.settings, None, desk

    desk.call(expires_at=desk.now)
    assert sweep(House, desk.now).calls_ended == 1


def test_every_callback_comes_to_an_end_whatever_is_lost(carrier: Desk) -> None:
    """No word ever comes back from the carrier: three attempts, then a person."""
    ticket_id = carrier.closed_fault()
    minutes(carrier, 60 * 3, step_s=60)
    assert carrier.ticket(ticket_id).stage is TicketStage.OPEN
    assert carrier.history(ticket_id)[-1] == "unreachable"
    assert len(carrier.dialer.rung) == carrier.settings.callbacks.attempts
    with carrier.database.reading() as session:
        open_ones = sa.select(OutboundCall).where(
            OutboundCall.status.in_((OutboundStatus.WAITING, OutboundStatus.CALLING))
        )
        assert session.scalars(open_ones).all() == []
        unfinished = sa.select(Job).where(Job.status.in_((JobStatus.WAITING, JobStatus.RUNNING)))
        assert session.scalars(unfinished).all() == []
