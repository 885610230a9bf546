"""What callers ask for besides a repair, how it stands, and what they think of us."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from callqueue.opening import LIFE_SUPPORT_PRIORITY
from models import OutboundStatus, SurveyAnswer, Ticket, TicketStage, TicketType
from tests.callqueue.desk import ACCOUNT, ANN, EMMA, Desk


def test_a_service_is_applied_for_once(any_desk: Desk) -> None:
    first = any_desk.ask(
        any_desk.call(), "applications.open", kind="change_of_name", account_number=ACCOUNT, name="Ruth"
    )
    assert first.name == "opened"
    ticket = any_desk.ticket(int(first.outputs["ticket_number"]))
    assert (ticket.type, ticket.subject, ticket.details) == (TicketType.APPLICATION, "Change of name", {"name": "Ruth"})
    again = any_desk.ask(
        any_desk.call(ANN), "applications.open", kind="change_of_name", account_number=ACCOUNT, name="Eve"
    )
    assert (again.name, again.outputs["ticket_number"]) == ("already_open", str(ticket.id))
    assert any_desk.history(ticket.id) == ["opened", "noted"]
    assert any_desk.events(ticket.id)[-1].data["name"] == "Eve", "what was said the second time is not lost"


def test_another_service_or_another_account_is_another_application(desk: Desk) -> None:
    for kind in ("new_connection", "change_of_name", "reconnection"):
        assert desk.ask(desk.call(), "applications.open", kind=kind, account_number=ACCOUNT).name == "opened"
    assert desk.ask(desk.call(ANN), "applications.open", kind="new_connection").name == "opened"


def test_a_number_that_the_caller_names_takes_the_place_of_the_one_they_call_from(desk: Desk) -> None:
    call = desk.call()
    opened = desk.ask(call, "applications.open", kind="new_connection", description="5 Mill Lane")
    ticket_id = int(opened.outputs["ticket_number"])
    assert desk.ticket(ticket_id).callback_number == EMMA
    desk.ask(call, "applications.open", kind="new_connection", callback_number="13812345678")
    assert desk.ticket(ticket_id).callback_number == "+8613812345678"
    assert desk.events(ticket_id)[-1].data == {"callback_number": "+8613812345678"}
    desk.ask(call, "applications.open", kind="new_connection", recording="rec1")
    assert desk.ticket(ticket_id).callback_number == "+8613812345678", "nobody took that back"


def test_a_service_that_nobody_offers_is_a_fault_of_the_flow(desk: Desk) -> None:
    with pytest.raises(ValueError, match="no service to apply for"):
        desk.ask(desk.call(), "applications.open", kind="free power")


def test_an_application_is_told_of_from_accepted_to_done(desk: Desk) -> None:
    assert desk.ask(desk.call(), "applications.progress", number=EMMA).name == "none"
    opened = desk.ask(desk.call(), "applications.open", kind="change_of_name", account_number=ACCOUNT)
    ticket_id = int(opened.outputs["ticket_number"])

    def stands(**inputs: str) -> tuple[str, str]:
        answer = desk.ask(desk.call(ANN), "applications.progress", number=ANN, **inputs)
        return answer.name, str(answer.outputs.get("kind"))

    assert stands(account_number=ACCOUNT) == ("waiting", "change_of_name")
    assert stands(ticket_number=str(ticket_id)) == ("waiting", "change_of_name")
    assert stands(ticket_number="999999999999999999999") == ("none", "None")
    desk.claim(ticket_id)
    assert stands(account_number=ACCOUNT)[0] == "in_work"
    desk.phone()
    desk.close(ticket_id, "The account is yours.")
    assert stands(account_number=ACCOUNT)[0] == "ready"
    desk.work()
    call = desk.pick_up(desk.ringing(ticket_id))
    desk.ask(call, "callbacks.confirm_fixed")
    assert stands(account_number=ACCOUNT)[0] == "done"
    desk.later(days=31)
    assert stands(account_number=ACCOUNT)[0] == "none"


def test_only_a_fault_is_the_progress_of_a_report(desk: Desk) -> None:
    desk.ask(desk.call(), "applications.open", kind="new_connection")
    assert desk.ask(desk.call(), "tickets.progress", number=EMMA).name == "none"
    ticket_id = desk.report()
    answer = desk.ask(desk.call(), "tickets.progress", number=EMMA)
    assert (answer.name, answer.outputs) == ("waiting", {"ticket_number": str(ticket_id), "opened_on": "2026-11-23"})
    assert desk.ask(desk.call(), "tickets.find_open", number=EMMA).outputs["ticket_number"] == str(ticket_id)
    enquiry = desk.report(type="enquiry", subject="Call back")
    assert desk.ask(desk.call(), "tickets.find_open", number=EMMA).outputs["ticket_number"] == str(enquiry)
    only_faults = desk.ask(desk.call(), "tickets.find_open", number=EMMA, type="fault")
    assert only_faults.outputs["ticket_number"] == str(ticket_id), "an enquiry is no report of a fault"


def test_urging_is_written_down_and_a_repair_that_was_none_is_open_again(any_desk: Desk) -> None:
    ticket_id = any_desk.report()
    assert any_desk.ask(any_desk.call(), "tickets.urge", ticket_number=str(ticket_id)).name == "urged"
    assert any_desk.history(ticket_id)[-1] == "urged"
    any_desk.phone()
    any_desk.claim(ticket_id)
    any_desk.close(ticket_id)
    any_desk.ask(any_desk.call(ANN), "tickets.urge", ticket_number=str(ticket_id), description="still dark")
    assert any_desk.ticket(ticket_id).stage is TicketStage.OPEN
    assert any_desk.callback(ticket_id).status is OutboundStatus.CANCELED
    assert any_desk.ask(any_desk.call(), "tickets.urge", ticket_number="4711").name == "gone"


def test_life_support_goes_before_everybody_but_danger(desk: Desk) -> None:
    ticket_id = desk.report(account_number=ACCOUNT)
    assert desk.ticket(ticket_id).priority == 0
    for _ in range(2):  # told on a later call, the ticket that is open learns of it, once
        desk.report(account_number=ACCOUNT, life_support=True)
        assert desk.ticket(ticket_id).priority == LIFE_SUPPORT_PRIORITY
    other = desk.report(ANN, life_support=True)
    assert desk.ticket(other).priority == LIFE_SUPPORT_PRIORITY


def test_a_payment_that_does_not_show_is_looked_for_once(desk: Desk) -> None:
    told = {"account_number": ACCOUNT, "amount": 12_050, "paid_on": "2026-11-20", "paid_with": "bank"}
    first = desk.ask(desk.call(), "billing.report_missing_payment", **told)
    ticket = desk.ticket(int(first.outputs["ticket_number"]))
    assert (first.name, ticket.type, ticket.subject) == ("opened", TicketType.ENQUIRY, "Payment not shown")
    assert ticket.details == {"amount": "120.50", "paid_on": "2026-11-20", "paid_with": "bank"}
    assert desk.ask(desk.call(), "billing.report_missing_payment", **told).name == "already_open"


@pytest.mark.parametrize("satisfaction", [1, 2, 3])
def test_how_content_a_caller_is_is_kept_with_the_ticket(desk: Desk, satisfaction: int) -> None:
    desk.phone()
    ticket_id = desk.closed_fault()
    desk.work()
    call = desk.pick_up(desk.ringing(ticket_id))
    assert desk.ask(call, "survey.store", satisfaction=satisfaction).name == "stored"
    desk.later(seconds=30)
    assert (
        desk.ask(call, "survey.store", satisfaction=satisfaction, reason="too slow", recording="rec5").name == "stored"
    )
    with desk.database.reading() as session:
        answer = session.scalars(sa.select(SurveyAnswer)).one()
        assert (answer.ticket_id, answer.satisfaction, answer.reason) == (ticket_id, satisfaction, "too slow")
        assert answer.recording_id == "rec5"
        assert answer.at == desk.now - timedelta(seconds=30)


def test_an_answer_that_is_none_is_a_fault_of_the_flow(desk: Desk) -> None:
    with pytest.raises(ValueError, match="1, 2 or 3"):
        desk.ask(desk.call(), "survey.store", satisfaction=4)


@pytest.mark.parametrize("type_", ["tip_off", "suggestion", "opinion", "praise", "application"])
def test_every_kind_of_feedback_is_a_ticket_of_its_type(desk: Desk, type_: str) -> None:
    ticket_id = desk.report(type=type_, subject="Something")
    with desk.database.reading() as session:
        assert session.get_one(Ticket, ticket_id).type == TicketType(type_)
