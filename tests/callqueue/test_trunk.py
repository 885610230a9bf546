"""Which way a customer is rung: an open browser phone, else our own SIP trunk, else the carrier's network."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from callqueue import attempts, outbound
from callqueue.attempts import TRUNK_AHEAD_S
from models import Call, CallStatus, Channel, Gateway, OutboundStatus
from setting_sections import SipTrunk
from tests.callqueue.desk import EMMA, NOON, Desk


def trunk(desk: Desk, *, seconds: float = 30, dials: bool = True, calls_per_second: float = 5.0) -> None:
    """A SIP process that says it can ring telephones, until `seconds` from now."""
    desk.set("sip", trunk=SipTrunk(server="pbx.example", caller_id="+8657188001100", calls_per_second=calls_per_second))
    with desk.database.transaction() as session:
        until = desk.now + timedelta(seconds=seconds)
        session.merge(Gateway(name="a:5062", kind="sip", url="ws://a:5062", dials=dials, expires_at=until))


def test_our_own_trunk_goes_before_the_carrier_and_shows_its_number(carrier: Desk) -> None:
    trunk(carrier)
    ticket_id = carrier.closed_fault()
    carrier.work()
    attempt = carrier.attempts(ticket_id)[0]
    assert (attempt.channel, attempt.status) == (Channel.SIP, CallStatus.QUEUED)
    assert carrier.row(Call, attempt.call_id).from_number == "+8657188001100"
    assert carrier.dialer.rung == []


def test_an_open_browser_phone_goes_before_the_trunk(carrier: Desk) -> None:
    trunk(carrier)
    carrier.phone(EMMA)
    ticket_id = carrier.closed_fault()
    carrier.work()
    assert carrier.attempts(ticket_id)[0].channel is Channel.BROWSER


def test_a_trunk_that_is_down_or_whose_process_is_gone_is_not_used(carrier: Desk) -> None:
    trunk(carrier, dials=False)
    first = carrier.closed_fault()
    carrier.work()
    assert carrier.attempts(first)[0].channel is Channel.TWILIO
    trunk(carrier, seconds=-1)
    second = carrier.closed_fault("+8613800571002")
    carrier.work()
    assert carrier.attempts(second)[0].channel is Channel.TWILIO


def test_an_attempt_the_sip_process_never_took_is_made_again(desk: Desk) -> None:
    trunk(desk)
    ticket_id = desk.closed_fault()
    desk.work()
    desk.later(minutes=5)
    desk.sweep()
    attempt = desk.attempts(ticket_id)[0]
    assert (attempt.status, attempt.reason) == (CallStatus.NO_ANSWER, "nothing was heard of it")
    assert desk.callback(ticket_id).status is OutboundStatus.WAITING


def test_more_calls_than_the_trunk_takes_wait_for_their_turn(desk: Desk) -> None:
    trunk(desk, calls_per_second=2 / TRUNK_AHEAD_S)
    wishes = [desk.closed_fault(f"+861380057100{last}") for last in (1, 2, 3)]
    desk.work()
    made = [len(desk.attempts(ticket_id)) for ticket_id in wishes]
    assert made == [1, 1, 0]
    assert desk.callback(wishes[2]).not_before == NOON + attempts.TRUNK_BUSY_FOR


def test_a_number_nobody_has_is_not_tried_again(desk: Desk) -> None:
    trunk(desk)
    ticket_id = desk.closed_fault()
    desk.work()
    call_id = desk.attempts(ticket_id)[0].call_id
    with desk.database.transaction() as session:
        session.execute(sa.update(Call).where(Call.id == call_id).values(status=CallStatus.RINGING))
        attempts.rings(session, call_id, desk.now, 30)
    with desk.database.transaction() as session:
        assert attempts.fail(session, call_id, "no such number", desk.now) is None, "it rings already"
        failed = attempts.fail(session, call_id, "no such number", desk.now, before=CallStatus.RINGING)
        assert failed is not None
        outbound.attempt_ended(session, failed, desk.now, desk.settings, hopeless=True)
    assert desk.callback(ticket_id).status is OutboundStatus.GIVEN_UP
