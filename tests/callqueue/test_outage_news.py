"""Who waits to hear of an outage is called: when the power is back, and before planned work."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from callqueue import outage_news
from models import (
    Account,
    Call,
    Customer,
    CustomerPhone,
    Outage,
    OutageKind,
    OutboundCall,
    OutboundStatus,
    Premise,
    TicketStage,
    TicketType,
)
from tests.callqueue.desk import ACCOUNT, ANN, EMMA, Desk


def outage(desk: Desk, kind: OutageKind = OutageKind.FAULT) -> int:
    """At Emma's; planned work is in a week."""
    begins = desk.now + (timedelta(days=7) if kind is OutageKind.PLANNED else timedelta(hours=-1))
    with desk.database.transaction() as session:
        premise = session.scalars(sa.select(Premise)).one()
        row = Outage(kind=kind, area={"en": "Town"}, cause={"en": "a cable"}, starts_at=begins, premises=[premise])
        session.add(row)
        session.flush()
        return row.id


def wants_a_call(desk: Desk, outage_id: int, number: str = EMMA, account: str = ACCOUNT) -> int:
    asked = desk.ask(desk.call(number), "outages.request_callback", outage_id=outage_id, account_number=account)
    return int(asked.outputs["ticket_number"])


def restored(desk: Desk, outage_id: int) -> int:
    with desk.database.transaction() as session:
        return outage_news.restored(session, session.get_one(Outage, outage_id), desk.now)


def test_whoever_wanted_it_is_called_when_the_power_is_back(any_desk: Desk) -> None:
    any_desk.phone()
    outage_id = outage(any_desk)
    ticket_id = wants_a_call(any_desk, outage_id)
    assert wants_a_call(any_desk, outage_id) == ticket_id, "wanted twice, called once"
    assert any_desk.ticket(ticket_id).type is TicketType.ENQUIRY, "it is no report of a fault"
    assert restored(any_desk, outage_id) == 1
    assert any_desk.row(Outage, outage_id).ended_at == any_desk.now
    any_desk.work()
    call_id = any_desk.ringing(ticket_id)
    assert any_desk.row(Call, call_id).flow == "restoration_notice"
    any_desk.pick_up(call_id)
    assert any_desk.ask(call_id, "callbacks.ticket").name == "found"
    assert any_desk.ask(call_id, "callbacks.confirm_fixed").name == "closed"
    assert restored(any_desk, outage_id) == 0, "said again, nobody is called again"


def test_still_out_comes_back_to_the_desk(desk: Desk) -> None:
    desk.phone()
    outage_id = outage(desk)
    ticket_id = wants_a_call(desk, outage_id)
    restored(desk, outage_id)
    desk.work()
    call_id = desk.pick_up(desk.ringing(ticket_id))
    assert desk.ask(call_id, "callbacks.reopen", reason="still dark").name == "reopened"
    assert desk.ticket(ticket_id).stage is TicketStage.OPEN


def test_a_wish_to_be_called_hides_no_fault(desk: Desk) -> None:
    outage_id = outage(desk)
    wish = wants_a_call(desk, outage_id)
    assert desk.report(account_number=ACCOUNT) != wish, "what is different at this home is a report of its own"


def test_only_the_callers_of_this_outage_are_called(desk: Desk) -> None:
    first, second = outage(desk), outage(desk)
    ticket_id = wants_a_call(desk, first)
    other = wants_a_call(desk, second, ANN, "")
    assert restored(desk, first) == 1
    assert desk.ticket(ticket_id).stage is TicketStage.CALLING_BACK
    assert desk.ticket(other).stage is TicketStage.OPEN


def test_a_number_that_cannot_be_rung_is_left_to_people(desk: Desk) -> None:
    outage_id = outage(desk)
    ticket_id = wants_a_call(desk, outage_id, "anonymous", "")
    assert restored(desk, outage_id) == 0
    assert desk.ticket(ticket_id).stage is TicketStage.OPEN


def test_there_is_nothing_to_wait_for_once_it_is_over(desk: Desk) -> None:
    outage_id = outage(desk)
    restored(desk, outage_id)
    for id_ in (outage_id, 4711):
        assert desk.ask(desk.call(), "outages.request_callback", outage_id=id_, account_number=ACCOUNT).name == "over"


def announced(desk: Desk, outage_id: int) -> int:
    with desk.database.transaction() as session:
        return outage_news.announce(session, session.get_one(Outage, outage_id), desk.now)


def test_planned_work_is_told_to_each_customer_once(any_desk: Desk) -> None:
    any_desk.phone()
    with any_desk.database.transaction() as session:
        emma = session.scalars(sa.select(Customer)).one()
        session.add(CustomerPhone(customer_id=emma.id, number=ANN))  # two telephones, one call
    outage_id = outage(any_desk, OutageKind.PLANNED)
    assert announced(any_desk, outage_id) == 1
    assert announced(any_desk, outage_id) == 0
    any_desk.work()
    with any_desk.database.reading() as session:
        order = session.scalars(sa.select(OutboundCall)).one()
        call = session.scalars(sa.select(Call).where(Call.outbound_call_id == order.id)).one()
    assert (call.flow, call.to_number) == ("planned_notice", EMMA)
    any_desk.pick_up(call.id)
    any_desk.hang_up(call.id)
    assert any_desk.row(OutboundCall, order.id).status is OutboundStatus.DONE


def test_whoever_shares_a_premise_is_told_as_well(desk: Desk) -> None:
    with desk.database.transaction() as session:
        premise = session.scalars(sa.select(Premise)).one()
        ann = Customer(name="Ann Lee", language="en", phones=[CustomerPhone(number=ANN)])
        session.add(Account(number="1000571022", customer=ann, premise=premise, pin_hash="-"))
    assert announced(desk, outage(desk, OutageKind.PLANNED)) == 2
