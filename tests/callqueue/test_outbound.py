"""Customers are called back: when they may be, on the line they have, as often as agreed, and once for each closing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from callqueue.jobs import Ran, execute
from ivr.channels.dialing import DialError, DialerUnavailable, DialResult
from models import Call, CallStatus, Channel, Direction, OutboundStatus, TicketStage
from settings import QuietHours
from tests.callqueue.conftest import AtOnce
from tests.callqueue.desk import ANN, EMMA, NOON, Desk

FAILED = CallStatus.FAILED


# --- the first attempt


def test_the_rows_stand_before_anything_rings(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    seen: list[tuple[CallStatus, str | None, OutboundStatus]] = []
    ring = carrier.dialer.ring

    def look_and_ring(request):  # type: ignore[no-untyped-def]
        call = carrier.row(Call, request.call_id)
        seen.append((call.status, call.provider_id, carrier.callback(ticket_id).status))
        return ring(request)

    carrier.dialer.ring = look_and_ring  # type: ignore[method-assign]
    carrier.work()
    assert seen == [(CallStatus.QUEUED, None, OutboundStatus.CALLING)]
    call = carrier.row(Call, carrier.ringing(ticket_id))
    assert call.provider_id in carrier.dialer.begun
    assert (call.direction, call.channel, call.to_number) == (Direction.OUTBOUND, Channel.TWILIO, EMMA)
    assert call.from_number == carrier.settings.twilio.number
    assert (call.flow, call.flow_revision_id) == (carrier.settings.callflows.restoration, "r1")
    assert call.outbound_call_id == carrier.callback(ticket_id).id


def test_the_request_says_how_long_to_ring(carrier: Desk) -> None:
    carrier.set("callbacks", ring_timeout_s=41)
    ticket_id = carrier.closed_fault()
    carrier.work()
    request = carrier.dialer.rung[0]
    assert (request.call_id, request.to_number, request.ring_timeout_s) == (carrier.ringing(ticket_id), EMMA, 41)


def test_an_open_browser_phone_is_rung_instead_of_the_network(carrier: Desk) -> None:
    carrier.phone(EMMA)
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert carrier.dialer.rung == []
    attempt = carrier.attempts(ticket_id)[0]
    assert (attempt.channel, attempt.status) == (Channel.BROWSER, CallStatus.QUEUED)
    assert carrier.row(Call, attempt.call_id).from_number == carrier.settings.utility.hotline_number


def test_a_phone_that_went_away_is_not_rung(carrier: Desk) -> None:
    carrier.phone(EMMA, minutes=1)
    ticket_id = carrier.closed_fault()
    carrier.later(minutes=2)
    carrier.work()
    assert carrier.attempts(ticket_id)[0].channel is Channel.TWILIO


def test_without_phone_and_carrier_the_attempt_fails_and_says_why(desk: Desk) -> None:
    ticket_id = desk.closed_fault()
    desk.work()
    attempt = desk.attempts(ticket_id)[0]
    assert attempt.status is FAILED
    assert attempt.reason == "no browser phone is open at this number, and no carrier is set up"
    assert desk.history(ticket_id)[-2:] == ["calling", "not_reached"]
    callback = desk.callback(ticket_id)
    assert (callback.status, callback.not_before) == (OutboundStatus.WAITING, desk.now + timedelta(seconds=60))


def test_running_the_job_again_rings_once(carrier: Desk, at_once: AtOnce) -> None:
    ticket_id = carrier.closed_fault()
    job_id = carrier.jobs()[0].id
    results = at_once([lambda: execute(carrier.context, job_id) for _ in range(6)])
    assert sorted(results) == [Ran.DONE] + [Ran.NOT_OURS] * 5
    assert execute(carrier.context, job_id) is Ran.NOT_OURS
    assert len(carrier.dialer.rung) == 1
    assert len(carrier.attempts(ticket_id)) == 1


# --- what an attempt's end means


def attempt(desk: Desk, ticket_id: int, status: CallStatus, reason: str = "") -> None:
    """One attempt that ends without having been answered."""
    desk.work()
    assert desk.hang_up(desk.ringing(ticket_id), status, reason or status.value)


@pytest.mark.parametrize("status", [CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED])
def test_nobody_reached_is_tried_again_after_a_while(carrier: Desk, status: CallStatus) -> None:
    ticket_id = carrier.closed_fault()
    attempt(carrier, ticket_id, status)
    event = carrier.events(ticket_id)[-1]
    assert event.kind == "not_reached"
    assert (event.data["status"], event.data["attempt"], event.data["of"]) == (status.value, 1, 3)
    assert carrier.work() == 0, "not yet"
    carrier.later(seconds=59)
    assert carrier.work() == 0
    carrier.later(seconds=1)
    carrier.work()
    assert len(carrier.dialer.rung) == 2
    assert carrier.ticket(ticket_id).stage is TicketStage.CALLING_BACK


def test_the_waits_grow_as_configured(carrier: Desk) -> None:
    carrier.set("callbacks", attempts=5, retry_after_s=(60, 900))
    ticket_id = carrier.closed_fault()
    waits = []
    for _ in range(4):
        attempt(carrier, ticket_id, CallStatus.NO_ANSWER)
        callback = carrier.callback(ticket_id)
        waits.append((callback.not_before - carrier.now).total_seconds())
        carrier.now = callback.not_before
    assert waits == [60, 900, 900, 900]


def test_a_caller_who_hangs_up_before_answering_the_question_is_called_again(carrier: Desk) -> None:
    """An answering machine looks the same: it was picked up, and nothing was answered."""
    ticket_id = carrier.closed_fault()
    carrier.work()
    call_id = carrier.pick_up(carrier.ringing(ticket_id))
    carrier.hang_up(call_id, CallStatus.COMPLETED, "machine")
    assert carrier.callback(ticket_id).status is OutboundStatus.WAITING
    assert carrier.events(ticket_id)[-1].text == "machine"
    carrier.later(minutes=1)
    carrier.work()
    assert len(carrier.dialer.rung) == 2


@pytest.mark.parametrize("answer", ["confirm_fixed", "reopen"])
def test_an_answered_question_ends_the_calling(carrier: Desk, answer: str) -> None:
    ticket_id = carrier.closed_fault()
    carrier.work()
    call_id = carrier.pick_up(carrier.ringing(ticket_id))
    carrier.ask(call_id, f"callbacks.{answer}")
    carrier.hang_up(call_id)
    callback = carrier.callback(ticket_id)
    assert (callback.status, callback.ended_at, callback.lease_until) == (OutboundStatus.DONE, carrier.now, None)
    carrier.later(days=1)
    carrier.sweep()
    carrier.work()
    assert len(carrier.dialer.rung) == 1


def test_after_the_last_attempt_a_person_decides(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    for _ in range(carrier.settings.callbacks.attempts):
        attempt(carrier, ticket_id, CallStatus.NO_ANSWER)
        carrier.later(hours=2)
    ticket, callback = carrier.ticket(ticket_id), carrier.callback(ticket_id)
    assert callback.status is OutboundStatus.GIVEN_UP
    assert (ticket.stage, ticket.assignee_id, ticket.priority) == (TicketStage.OPEN, None, 0)
    assert ticket.queued_at == carrier.now - timedelta(hours=2), "it waits from then on, behind those who wait longer"
    assert ticket.result == "The fuse was replaced."
    assert carrier.history(ticket_id)[-2:] == ["not_reached", "unreachable"]
    assert carrier.events(ticket_id)[-1].data["attempts"] == 3
    carrier.later(days=1)
    carrier.sweep()
    carrier.work()
    assert len(carrier.dialer.rung) == 3


def test_a_ticket_that_came_back_unreached_can_be_closed_and_called_anew(carrier: Desk) -> None:
    carrier.set("callbacks", attempts=1)
    ticket_id = carrier.closed_fault()
    attempt(carrier, ticket_id, CallStatus.NO_ANSWER)
    carrier.claim(ticket_id, "tom")
    carrier.close(ticket_id, "Second try.", "tom")
    carrier.work()
    assert len(carrier.dialer.rung) == 2


def test_the_end_of_a_call_counts_once(carrier: Desk) -> None:
    from callqueue.outbound import attempt_ended

    ticket_id = carrier.closed_fault()
    attempt(carrier, ticket_id, CallStatus.BUSY)
    with carrier.database.transaction() as session:
        call = session.get_one(Call, carrier.ringing(ticket_id))
        attempt_ended(session, call, carrier.now, carrier.settings)
    assert carrier.history(ticket_id).count("not_reached") == 1


def test_the_end_of_an_inbound_call_is_no_business_of_ours(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    carrier.hang_up(carrier.call())
    assert carrier.callback(ticket_id).status is OutboundStatus.WAITING


# --- what the network says


@pytest.mark.parametrize("error", [DialError.BAD_NUMBER, DialError.REFUSED])
def test_a_number_that_can_never_be_reached_goes_to_a_person_at_once(carrier: Desk, error: DialError) -> None:
    carrier.dialer.answers = [DialResult(error=error, reason="nobody has this number")]
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert carrier.callback(ticket_id).status is OutboundStatus.GIVEN_UP
    assert carrier.ticket(ticket_id).stage is TicketStage.OPEN
    assert carrier.events(ticket_id)[-1].text == "nobody has this number"
    assert carrier.row(Call, carrier.ringing(ticket_id)).status is FAILED


@pytest.mark.parametrize("error", [DialError.NOT_CONFIGURED, DialError.AUTHENTICATION])
def test_our_own_mistakes_are_given_time_to_be_mended(carrier: Desk, error: DialError) -> None:
    carrier.dialer.answers = [DialResult(error=error, reason="token")]
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert carrier.callback(ticket_id).status is OutboundStatus.WAITING
    carrier.later(minutes=1)
    carrier.work()
    assert len(carrier.dialer.rung) == 1


def test_a_network_that_is_away_costs_no_attempt(carrier: Desk) -> None:
    carrier.dialer.answers = [DialResult(error=DialError.UNAVAILABLE, reason="503")] * 3
    ticket_id = carrier.closed_fault()
    for _ in range(4):
        carrier.work()
        carrier.later(minutes=2)
        carrier.sweep()
    assert len(carrier.attempts(ticket_id)) == 1
    assert len(carrier.dialer.rung) == 1
    assert carrier.dialer.asked == 3, "before each new try we ask whether the last one came through"


def test_a_network_that_stays_away_uses_the_attempt_up(carrier: Desk) -> None:
    carrier.dialer.answers = [DialResult(error=DialError.UNAVAILABLE, reason="503")] * 1000
    ticket_id = carrier.closed_fault()
    for _ in range(60 * 4):
        carrier.work()
        carrier.sweep()
        carrier.later(seconds=30)
    assert carrier.dialer.rung == []
    assert {one.status for one in carrier.attempts(ticket_id)} == {FAILED}
    assert carrier.ticket(ticket_id).stage is TicketStage.OPEN
    assert carrier.history(ticket_id)[-1] == "unreachable"


def test_an_answer_that_got_lost_is_not_dialled_again(carrier: Desk) -> None:
    """The network took the call, and the line broke before it could say so."""
    ticket_id = carrier.closed_fault()
    ring = carrier.dialer.ring

    def ring_and_lose(request):  # type: ignore[no-untyped-def]
        ring(request)
        carrier.dialer.ring = ring  # type: ignore[method-assign]
        raise ConnectionError("reset")

    carrier.dialer.ring = ring_and_lose  # type: ignore[method-assign]
    carrier.work()
    for _ in range(20):
        carrier.later(seconds=10)
        carrier.sweep()
        carrier.work()
        if carrier.row(Call, carrier.ringing(ticket_id)).provider_id:
            break
    assert len(carrier.dialer.rung) == 1
    assert carrier.row(Call, carrier.ringing(ticket_id)).provider_id in carrier.dialer.begun
    assert len(carrier.attempts(ticket_id)) == 1


def test_while_nobody_can_be_asked_nobody_is_dialled(carrier: Desk) -> None:
    carrier.dialer.answers = [DialResult(error=DialError.UNKNOWN, reason="timeout")]
    find = carrier.dialer.find

    def away(*_: object) -> None:
        raise DialerUnavailable("timeout")

    carrier.dialer.find = away  # type: ignore[assignment,method-assign]
    ticket_id = carrier.closed_fault()
    for _ in range(10):
        carrier.work()
        carrier.later(seconds=30)
        carrier.sweep()
    assert carrier.dialer.rung == []
    carrier.dialer.find = find  # type: ignore[method-assign]
    while not carrier.dialer.rung:
        carrier.later(seconds=10)
        carrier.sweep()
        carrier.work()
    assert carrier.now - NOON < timedelta(minutes=10)
    assert len(carrier.attempts(ticket_id)) == 1


def test_an_earlier_call_to_the_number_is_not_taken_for_the_lost_one(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    attempt(carrier, ticket_id, CallStatus.NO_ANSWER)
    carrier.dialer.answers = [DialResult(error=DialError.UNKNOWN, reason="timeout")]
    carrier.later(minutes=1)
    carrier.work()
    carrier.later(minutes=1)
    carrier.work()
    assert len(carrier.dialer.rung) == 2


def test_an_answer_on_the_line_before_the_network_told_us_its_id(carrier: Desk) -> None:
    """Picked up so fast that the turn was first to write: the call under way stays as it is."""
    ticket_id = carrier.closed_fault()
    ring = carrier.dialer.ring

    def ring_and_pick_up(request):  # type: ignore[no-untyped-def]
        provider_id = ring(request)
        carrier.pick_up(request.call_id)
        return provider_id

    carrier.dialer.ring = ring_and_pick_up  # type: ignore[method-assign]
    carrier.work()
    call = carrier.row(Call, carrier.ringing(ticket_id))
    assert call.status is CallStatus.IN_PROGRESS
    assert call.provider_id is not None


# --- when not to ring


def test_in_the_quiet_hours_nobody_is_rung(carrier: Desk) -> None:
    carrier.set("callbacks", quiet_hours=QuietHours(start=time(21), end=time(8)))
    carrier.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 there
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert carrier.attempts(ticket_id) == []
    carrier.now = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    carrier.work()
    assert carrier.dialer.rung == []
    carrier.now = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    carrier.work()
    assert len(carrier.dialer.rung) == 1


def test_an_open_browser_phone_is_rung_at_any_hour(carrier: Desk) -> None:
    carrier.set("callbacks", quiet_hours=QuietHours(start=time(21), end=time(8)))
    carrier.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 there
    carrier.phone()
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert [attempt.channel for attempt in carrier.attempts(ticket_id)] == [Channel.BROWSER]
    assert carrier.dialer.rung == []


def test_whoever_has_a_browser_phone_open_may_be_rung_at_night(carrier: Desk) -> None:
    carrier.set("callbacks", quiet_hours=QuietHours(start=time(21), end=time(8)))
    carrier.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 there
    carrier.phone(EMMA)
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert carrier.attempts(ticket_id)[0].channel is Channel.BROWSER


def test_a_second_try_does_not_fall_into_the_quiet_hours(carrier: Desk) -> None:
    carrier.set("callbacks", quiet_hours=QuietHours(start=time(21), end=time(8)), retry_after_s=(900,))
    carrier.now = datetime(2026, 11, 23, 12, 50, tzinfo=UTC)  # 20:50 there
    ticket_id = carrier.closed_fault()
    attempt(carrier, ticket_id, CallStatus.BUSY)
    assert carrier.callback(ticket_id).not_before == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_two_callbacks_to_one_number_ring_one_after_the_other(carrier: Desk) -> None:
    first, second = carrier.closed_fault(), carrier.closed_fault(type="complaint")
    carrier.work()
    assert len(carrier.dialer.rung) == 1
    assert carrier.attempts(second) == []
    call_id = carrier.pick_up(carrier.ringing(first))
    carrier.ask(call_id, "callbacks.confirm_fixed")
    carrier.later(seconds=40)
    carrier.work()
    assert len(carrier.dialer.rung) == 1, "still talking"
    carrier.hang_up(call_id)
    carrier.later(seconds=20)
    carrier.work()
    assert [request.call_id for request in carrier.dialer.rung] == [call_id, carrier.ringing(second)]
    assert carrier.callback(second).attempts == 1, "waiting for a free line is no attempt"


def test_two_workers_do_not_ring_one_number_at_the_same_moment(carrier: Desk, at_once: AtOnce) -> None:
    for kind in ("fault", "complaint", "enquiry"):
        carrier.closed_fault(type=kind)
    ids = [job.id for job in carrier.jobs()]
    at_once([lambda job_id=job_id: execute(carrier.context, job_id) for job_id in ids * 2])
    assert len(carrier.dialer.rung) == 1


def test_other_numbers_do_not_wait(carrier: Desk) -> None:
    carrier.closed_fault(EMMA)
    carrier.closed_fault(ANN)
    carrier.work()
    assert [request.to_number for request in carrier.dialer.rung] == [EMMA, ANN]


def test_a_caller_who_is_on_the_line_with_us_is_not_rung(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault()
    call_id = carrier.call(EMMA, expires_at=carrier.now + timedelta(minutes=30))
    carrier.work()
    assert carrier.dialer.rung == []
    carrier.hang_up(call_id)
    carrier.later(seconds=20)
    carrier.work()
    assert [request.call_id for request in carrier.dialer.rung] == [carrier.ringing(ticket_id)]
