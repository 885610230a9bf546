"""What a caller's wishes become, and what they are told when they are called back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from callqueue.services import build_services
from ivr.services import ServiceRegistry
from models import CallStatus, CustomerPhone, OutboundStatus, Ticket, TicketStage, TicketType
from settings import Settings
from tests.callqueue.conftest import AtOnce
from tests.callqueue.desk import ACCOUNT, ADDRESS, ANN, EMMA, Desk


def tickets_of(desk: Desk) -> list[int]:
    with desk.database.reading() as session:
        return list(session.scalars(sa.select(Ticket.id).order_by(Ticket.id)))


# --- opening


def test_a_fault_becomes_a_ticket(any_desk: Desk) -> None:
    call_id = any_desk.call()
    answer = any_desk.ask(
        call_id, "tickets.open", language="zh-CN", type="fault", subject="No power", account_number=ACCOUNT,
        description="everything is dark", recording="rec1", details="neighbours: out_too",
    )  # fmt: skip
    assert answer.name == "opened"
    ticket = any_desk.ticket(int(answer.outputs["ticket_number"]))
    assert (ticket.type, ticket.stage, ticket.language) == (TicketType.FAULT, TicketStage.OPEN, "zh-CN")
    assert ticket.callback_number == EMMA
    assert ticket.details == {
        "description": "everything is dark", "recording": "rec1", "details": "neighbours: out_too",
    }  # fmt: skip
    assert ticket.account_id is not None
    assert ticket.customer_id is not None
    assert ticket.call_id == call_id
    assert ticket.queued_at == any_desk.now
    assert any_desk.history(ticket.id) == ["opened"]


def test_what_the_flow_left_empty_is_left_out(desk: Desk) -> None:
    call_id = desk.call()
    wish = {"type": "fault", "subject": "No power", "account_number": "", "recording": "", "description": ""}
    ticket = desk.ticket(int(desk.ask(call_id, "tickets.open", **wish).outputs["ticket_number"]))
    assert ticket.details == {}
    assert ticket.account_id is None


def test_an_account_number_nobody_has_is_kept_for_the_agent(desk: Desk) -> None:
    ticket = desk.ticket(desk.report(account_number="4711"))
    assert ticket.account_id is None
    assert ticket.details["account_number"] == "4711"


def test_the_same_wish_of_the_same_call_is_one_ticket(any_desk: Desk) -> None:
    call_id = any_desk.call()
    wish = {"type": "fault", "subject": "No power", "account_number": ACCOUNT}
    first, second = (any_desk.ask(call_id, "tickets.open", **wish) for _ in range(2))
    assert first == second
    assert first.name == "opened"
    assert len(tickets_of(any_desk)) == 1
    assert any_desk.history(int(first.outputs["ticket_number"])) == ["opened"]


def test_a_wish_said_again_adds_what_was_not_known(any_desk: Desk) -> None:
    call_id = any_desk.call()
    wish = {"type": "fault", "subject": "Danger", "danger": True}
    ticket_id = int(any_desk.ask(call_id, "tickets.open", **wish).outputs["ticket_number"])
    for _ in range(2):
        answer = any_desk.ask(call_id, "tickets.open", **wish, recording="rec1", description="at the bridge")
        assert answer.outputs["ticket_number"] == str(ticket_id)
    ticket = any_desk.ticket(ticket_id)
    assert ticket.details == {"recording": "rec1", "description": "at the bridge"}
    assert any_desk.history(ticket_id) == ["opened", "noted"]


def test_another_wish_of_the_same_call_is_another_ticket(desk: Desk) -> None:
    call_id = desk.call()
    desk.ask(call_id, "tickets.open", type="complaint", subject="Complaint")
    desk.ask(call_id, "tickets.open", type="complaint", subject="Another one")
    desk.ask(call_id, "tickets.open", type="enquiry", subject="Complaint")
    assert len(tickets_of(desk)) == 3


def test_a_ticket_type_that_does_not_exist_is_the_flows_mistake(desk: Desk) -> None:
    with pytest.raises(ValueError, match="gossip"):
        desk.ask(desk.call(), "tickets.open", type="gossip", subject="Heard this?")
    assert tickets_of(desk) == []


def test_a_callback_number_is_written_down_in_e164(desk: Desk) -> None:
    call_id = desk.call()
    desk.ask(call_id, "tickets.open", type="enquiry", subject="Call back", callback_number="138 0057 1009")
    assert desk.ticket(1).callback_number == "+8613800571009"


def test_somebody_we_called_is_called_back_on_the_number_we_rang(desk: Desk) -> None:
    desk.phone()
    ticket_id = desk.closed_fault()
    desk.work()
    call_id = desk.pick_up(desk.ringing(ticket_id))
    new = desk.ask(call_id, "tickets.open", type="complaint", subject="Complaint")
    assert desk.ticket(int(new.outputs["ticket_number"])).callback_number == EMMA


def test_a_fault_that_is_open_already_is_urged(any_desk: Desk) -> None:
    first = any_desk.report(account_number=ACCOUNT)
    other_call = any_desk.call(ANN)
    answer = any_desk.ask(
        other_call, "tickets.open", type="fault", subject="No power in the area", account_number=ACCOUNT,
        description="still nothing", recording="rec2",
    )  # fmt: skip
    assert answer.name == "already_open"
    assert answer.outputs == {"ticket_number": str(first)}
    urged = any_desk.events(first)[-1]
    assert urged.kind == "urged"
    assert urged.text == "still nothing"
    assert urged.data == {"call_id": other_call, "subject": "No power in the area", "recording": "rec2"}


def test_without_an_account_the_number_says_which_fault_it_is(any_desk: Desk) -> None:
    first = any_desk.report()
    assert any_desk.report() == first
    assert any_desk.report(ANN) != first


def test_callers_of_two_accounts_have_two_faults(desk: Desk) -> None:
    assert desk.report(account_number=ACCOUNT) != desk.report(ANN)


def test_a_closed_fault_is_not_urged(desk: Desk) -> None:
    desk.phone()
    first = desk.closed_fault()
    desk.work()
    call_id = desk.pick_up(desk.ringing(first))
    desk.ask(call_id, "callbacks.confirm_fixed")
    desk.hang_up(call_id)
    assert desk.report() != first


@pytest.mark.parametrize("kind", ["enquiry", "complaint"])
def test_only_faults_join_each_other(desk: Desk, kind: str) -> None:
    assert desk.report(type=kind) != desk.report(type=kind)


def test_danger_is_never_taken_for_a_fault_that_is_known(desk: Desk) -> None:
    no_power = desk.report(account_number=ACCOUNT)
    danger = desk.report(subject="Danger", danger=True)
    assert danger != no_power
    assert desk.ticket(danger).danger
    assert desk.report(subject="Danger", danger=True) == danger, "the same danger, reported again"


def test_many_calls_about_one_account_at_the_same_moment_open_one_ticket(any_desk: Desk, at_once: AtOnce) -> None:
    calls = [any_desk.call(f"+86138005720{place:02}") for place in range(8)]
    wish = {"type": "fault", "subject": "No power", "account_number": ACCOUNT}
    answers = at_once([lambda call=call: any_desk.ask(call, "tickets.open", **wish) for call in calls])
    assert sorted(answer.name for answer in answers) == ["already_open"] * 7 + ["opened"]
    assert len({answer.outputs["ticket_number"] for answer in answers}) == 1
    assert len(tickets_of(any_desk)) == 1


def test_a_fault_reported_again_while_its_repair_is_being_announced_is_not_repaired(carrier: Desk) -> None:
    ticket_id = carrier.closed_fault(account_number=ACCOUNT)
    assert carrier.report(account_number=ACCOUNT) == ticket_id
    ticket = carrier.ticket(ticket_id)
    assert ticket.stage is TicketStage.OPEN
    assert ticket.priority == carrier.settings.tickets.reopen_priority
    assert carrier.callback(ticket_id).status is OutboundStatus.CANCELED
    carrier.work()
    assert carrier.dialer.rung == [], "nobody need be told of a repair that was none"


# --- finding


def test_a_caller_hears_of_the_ticket_that_is_open(desk: Desk) -> None:
    ticket_id = desk.report(account_number=ACCOUNT)
    desk.later(hours=13)  # the next day in the utility's zone
    by_number = desk.ask(desk.call(), "tickets.find_open", number=EMMA)
    by_account = desk.ask(desk.call(ANN), "tickets.find_open", number=ANN, account_number=ACCOUNT)
    assert by_number == by_account
    assert by_number.outputs == {"ticket_number": str(ticket_id), "subject": "No power", "reported_on": "2026-11-23"}


def test_nothing_open_is_nothing_found(desk: Desk) -> None:
    desk.report(account_number=ACCOUNT)
    call_id = desk.call(ANN)
    assert desk.ask(call_id, "tickets.find_open", number=ANN).name == "none"
    assert desk.ask(call_id, "tickets.find_open", number=ANN, account_number="").name == "none"
    assert desk.ask(call_id, "tickets.find_open", number="", account_number="4711").name == "none"


# --- called back


def test_the_caller_is_told_the_result(desk: Desk) -> None:
    desk.phone()
    ticket_id = desk.closed_fault(account_number=ACCOUNT)
    desk.work()
    told = desk.ask(desk.pick_up(desk.ringing(ticket_id)), "callbacks.ticket")
    assert told.name == "found"
    assert told.outputs == {
        "ticket_number": str(ticket_id),
        "ticket_type": "fault",
        "result": "The fuse was replaced.",
        "address": ADDRESS,
    }


def test_an_address_is_not_told_to_a_number_that_is_not_the_customers(desk: Desk) -> None:
    """Anybody may report a fault of any account and leave any number."""
    desk.phone(ANN)
    ticket_id = desk.closed_fault(ANN, account_number=ACCOUNT)
    desk.work()
    told = desk.ask(desk.pick_up(desk.ringing(ticket_id)), "callbacks.ticket")
    assert told.outputs["address"] == ""
    with desk.database.transaction() as session:
        session.add(CustomerPhone(customer_id=desk.ticket(ticket_id).customer_id, number=ANN))
    assert (
        desk.ask(desk.ringing(ticket_id), "callbacks.ticket", language="zh-CN").outputs["address"].startswith("城关镇")
    )


def answered(desk: Desk) -> tuple[int, str]:
    """A ticket whose caller has picked up the call-back."""
    desk.phone()
    ticket_id = desk.closed_fault()
    desk.later(minutes=30)
    desk.work()
    return ticket_id, desk.pick_up(desk.ringing(ticket_id))


def test_yes_closes_the_ticket_and_closes_it_once(any_desk: Desk) -> None:
    ticket_id, call_id = answered(any_desk)
    for _ in range(2):
        assert any_desk.ask(call_id, "callbacks.confirm_fixed").name == "closed"
    ticket = any_desk.ticket(ticket_id)
    assert (ticket.stage, ticket.closed_at) == (TicketStage.CLOSED, any_desk.now)
    assert any_desk.history(ticket_id).count("confirmed") == 1
    any_desk.hang_up(call_id)
    assert any_desk.callback(ticket_id).status is OutboundStatus.DONE


def test_no_reopens_with_the_reason_and_a_higher_priority(any_desk: Desk) -> None:
    ticket_id, call_id = answered(any_desk)
    queued_at = any_desk.ticket(ticket_id).queued_at
    for _ in range(2):
        answer = any_desk.ask(call_id, "callbacks.reopen", reason_recording="rec9", reason="still dark")
        assert answer.name == "reopened"
    ticket = any_desk.ticket(ticket_id)
    assert ticket.stage is TicketStage.OPEN
    assert (ticket.assignee_id, ticket.claimed_at) == (None, None)
    assert ticket.priority == any_desk.settings.tickets.reopen_priority
    assert ticket.reopened == 1
    assert ticket.queued_at == queued_at, "our wrong result does not cost the caller their place"
    event = any_desk.events(ticket_id)[-1]
    assert (event.kind, event.actor, event.text) == ("reopened", "caller", "still dark")
    assert event.data["recording"] == "rec9"
    assert any_desk.history(ticket_id).count("reopened") == 1


def test_a_reason_given_after_the_no_is_kept_with_it(desk: Desk) -> None:
    ticket_id, call_id = answered(desk)
    desk.ask(call_id, "callbacks.reopen")
    for _ in range(2):
        assert desk.ask(call_id, "callbacks.reopen", reason_recording="rec9").name == "reopened"
    assert desk.history(ticket_id)[-2:] == ["reopened", "noted"]
    assert desk.events(ticket_id)[-1].data == {"recording": "rec9"}
    assert desk.ticket(ticket_id).reopened == 1


def test_yes_after_no_and_no_after_yes_come_too_late(desk: Desk) -> None:
    ticket_id, call_id = answered(desk)
    desk.ask(call_id, "callbacks.reopen")
    assert desk.ask(call_id, "callbacks.confirm_fixed").name == "gone"
    assert desk.ticket(ticket_id).stage is TicketStage.OPEN


def test_no_after_yes_comes_too_late(desk: Desk) -> None:
    ticket_id, call_id = answered(desk)
    desk.ask(call_id, "callbacks.confirm_fixed")
    assert desk.ask(call_id, "callbacks.reopen", reason="oh").name == "gone"
    assert desk.ticket(ticket_id).stage is TicketStage.CLOSED


def test_an_old_callback_has_no_say_about_a_new_closing(desk: Desk) -> None:
    ticket_id, first = answered(desk)
    desk.ask(first, "callbacks.reopen")
    desk.claim(ticket_id, "tom")
    desk.close(ticket_id, "Now it is.", "tom")
    for name in ("callbacks.ticket", "callbacks.confirm_fixed"):
        assert desk.ask(first, name).name == "gone"
    assert desk.ask(first, "callbacks.reopen").name == "reopened", "their no was taken, and is acknowledged again"
    ticket = desk.ticket(ticket_id)
    assert (ticket.stage, ticket.reopened) == (TicketStage.CALLING_BACK, 1)


def test_a_call_that_is_no_callback_answers_nothing(desk: Desk) -> None:
    desk.closed_fault()
    call_id = desk.call()
    for name in ("callbacks.ticket", "callbacks.confirm_fixed", "callbacks.reopen"):
        assert desk.ask(call_id, name).name == "gone"


def test_a_second_closing_is_called_back_again(desk: Desk) -> None:
    ticket_id, first = answered(desk)
    desk.ask(first, "callbacks.reopen")
    desk.hang_up(first)
    first_callback = desk.callback(ticket_id)
    assert first_callback.status is OutboundStatus.DONE
    desk.claim(ticket_id, "tom")
    desk.close(ticket_id, "Now it is.", "tom")
    second_callback = desk.callback(ticket_id)
    assert second_callback.id != first_callback.id
    desk.work()
    second = desk.pick_up(desk.ringing(ticket_id))
    assert desk.ask(second, "callbacks.ticket").outputs["result"] == "Now it is."
    assert desk.ask(second, "callbacks.confirm_fixed").name == "closed"
    assert desk.hang_up(second, CallStatus.COMPLETED)


def test_signatures_are_complete(settings: Settings) -> None:
    registry = ServiceRegistry(build_services(settings))
    assert {service.name for service in registry} == {
        "tickets.open", "tickets.find_open", "tickets.urge", "tickets.progress", "callbacks.ticket",
        "callbacks.confirm_fixed", "callbacks.reopen", "applications.open", "applications.progress",
        "billing.report_missing_payment", "outages.request_callback", "survey.store", "agents.at_work",
    }  # fmt: skip
    for service in registry:
        assert service.optional <= set(service.inputs)
        assert service.about
