from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from database import Database
from models import Draft, Job, OutboundCall, Ticket, TicketEvent, TicketStage
from tests.console.conftest import Browser
from tests.console.rows import CALL, DANGER, FAULT, RECORDING

GOOD = "抢修人员已排除故障,您家已恢复供电。"


def ticket(database: Database, ticket_id: int = DANGER) -> Ticket:
    with database.reading() as rows:
        return rows.get_one(Ticket, ticket_id)


def events(database: Database, ticket_id: int = DANGER) -> list[tuple[str, str, str]]:
    with database.reading() as rows:
        found = rows.scalars(sa.select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(TicketEvent.id))
        return [(one.kind, one.actor, one.text) for one in found]


def test_the_page_shows_what_is_known(mei: Browser) -> None:
    page = mei.get(f"/desk/tickets/{DANGER}")
    for text in ("Danger", "家里有呼吸机", "王秀英", "Life support", "3301000001", "Room 301", "owing", "231 kWh"):
        assert text in page
    assert f"/recordings/{RECORDING}.wav" in page
    assert f"/calls/{CALL}" in page


def test_a_ticket_without_an_account_shows_those_of_its_customer(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.get_one(Ticket, DANGER).account_id = None
    page = mei.get(f"/desk/tickets/{DANGER}")
    assert "The ticket names no account. The customer has:" in page
    assert "3301000001" in page
    with database.transaction() as rows:
        rows.get_one(Ticket, DANGER).customer_id = None
    stranger = mei.get(f"/desk/tickets/{DANGER}")
    assert "Unknown caller" in stranger
    assert "3301000001" not in stranger


def test_a_claim_is_one_click_and_makes_it_mine(mei: Browser, database: Database) -> None:
    answer = mei.post(f"/desk/tickets/{DANGER}/claim")
    assert (answer.status_code, answer.location) == (303, f"/desk/tickets/{DANGER}")
    assert "You have it" in mei.get(answer.location)
    assert ticket(database).stage is TicketStage.CLAIMED
    assert events(database)[-1][:2] == ("claimed", "mei")


def test_the_second_to_claim_sees_who_was_quicker(mei: Browser, tom: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    answer = tom.post(f"/desk/tickets/{DANGER}/claim")
    assert answer.status_code == 303
    page = tom.get(answer.location)
    assert "Mei Chen was quicker" in page
    assert "Close and call back" not in page
    assert len([kind for kind, *_ in events(database) if kind == "claimed"]) == 1


def test_giving_back_puts_it_in_the_queue_again(mei: Browser, tom: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    tom.post(f"/desk/tickets/{DANGER}/release")
    assert ticket(database).stage is TicketStage.CLAIMED
    assert mei.post(f"/desk/tickets/{DANGER}/release").location == "/desk"
    assert ticket(database).stage is TicketStage.OPEN


def test_a_supervisor_may_take_a_ticket_from_an_agent_who_is_off(
    mei: Browser, sun: Browser, database: Database
) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    assert "Give back" in sun.get(f"/desk/tickets/{DANGER}")
    sun.post(f"/desk/tickets/{DANGER}/release")
    assert ticket(database).stage is TicketStage.OPEN


def test_notes_are_for_colleagues(mei: Browser, tom: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    tom.post(f"/desk/tickets/{DANGER}/notes", note="  Crew 7 is near.\r\nCall them first. ")
    assert events(database)[-1] == ("noted", "tom", "Crew 7 is near.\nCall them first.")
    page = mei.get(f"/desk/tickets/{DANGER}")
    assert re.search(r'class="is-note".*?Crew 7 is near', page, re.S)
    assert ticket(database).result == ""


def test_an_empty_or_endless_note_is_refused_and_kept_in_the_field(mei: Browser) -> None:
    empty = mei.post(f"/desk/tickets/{DANGER}/notes", note="  ")
    assert empty.status_code == 422
    assert "Write the note first." in empty.text
    long = mei.post(f"/desk/tickets/{DANGER}/notes", note="long " * 900)
    assert long.status_code == 422
    assert "long long" in long.text


def test_closing_calls_the_caller_back_with_the_result(mei: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    answer = mei.post(f"/desk/tickets/{DANGER}/close", result=GOOD)
    assert (answer.status_code, answer.location) == (303, "/desk")
    assert "being called back" in mei.get("/desk")
    closed = ticket(database)
    assert (closed.stage, closed.result) == (TicketStage.CALLING_BACK, GOOD)
    with database.reading() as rows:
        order = rows.scalars(sa.select(OutboundCall)).one()
        assert (order.ticket_id, order.to_number, order.language) == (DANGER, "+8613800138001", "zh-CN")
        assert rows.scalars(sa.select(Job).where(Job.name == "outbound.dial")).one()


def test_a_result_in_the_wrong_language_is_asked_about_once(mei: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    asked = mei.post(f"/desk/tickets/{DANGER}/close", result="Your power is back.")
    assert asked.status_code == 422
    assert "The caller speaks Chinese" in asked.text
    assert ">Your power is back.</textarea>" in asked.text
    assert ticket(database).stage is TicketStage.CLAIMED
    sent = mei.post(f"/desk/tickets/{DANGER}/close", result="Your power is back.", sure="yes")
    assert sent.status_code == 303
    assert ticket(database).stage is TicketStage.CALLING_BACK


@pytest.mark.parametrize(("result", "text"), [(" ", "Write what the caller"), ("好" * 301, "At most 300 characters")])
def test_a_result_that_cannot_be_told_is_refused(mei: Browser, database: Database, result: str, text: str) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    answer = mei.post(f"/desk/tickets/{DANGER}/close", result=result)
    assert answer.status_code == 422
    assert text in answer.text
    assert ticket(database).stage is TicketStage.CLAIMED


def test_only_who_has_the_ticket_closes_it(mei: Browser, tom: Browser, database: Database) -> None:
    unclaimed = mei.post(f"/desk/tickets/{DANGER}/close", result=GOOD)
    assert "claim it first" in mei.get(unclaimed.location)
    mei.post(f"/desk/tickets/{DANGER}/claim")
    refused = tom.post(f"/desk/tickets/{DANGER}/close", result=GOOD)
    assert "Mei Chen" in tom.get(refused.location)
    assert ticket(database).stage is TicketStage.CLAIMED


def test_a_ticket_without_a_number_is_closed_and_it_is_said(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.get_one(Ticket, DANGER).callback_number = ""
    mei.post(f"/desk/tickets/{DANGER}/claim")
    page = mei.get(mei.post(f"/desk/tickets/{DANGER}/close", result=GOOD).location)
    assert "the caller was not told" in page
    assert ticket(database).stage is TicketStage.CLOSED


def test_drafts_survive_a_reload_and_go_when_sent(mei: Browser, tom: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    assert mei.post(f"/desk/tickets/{DANGER}/drafts/result", result="抢修").text == "Draft saved"
    mei.post(f"/desk/tickets/{DANGER}/drafts/result", result="抢修人员已到")
    mei.post(f"/desk/tickets/{DANGER}/drafts/note", note="a note begun")
    page = mei.get(f"/desk/tickets/{DANGER}")
    assert ">抢修人员已到</textarea>" in page
    assert ">a note begun</textarea>" in page
    assert "a note begun" not in tom.get(f"/desk/tickets/{DANGER}")
    mei.post(f"/desk/tickets/{DANGER}/notes", note="a note finished")
    with database.reading() as rows:
        assert [draft.field for draft in rows.scalars(sa.select(Draft))] == ["result"]
    mei.post(f"/desk/tickets/{DANGER}/close", result=GOOD)
    with database.reading() as rows:
        assert rows.scalars(sa.select(Draft)).all() == []


def test_a_draft_that_is_emptied_or_foreign_is_not_kept(mei: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/drafts/note", note="x")
    assert mei.post(f"/desk/tickets/{DANGER}/drafts/note", note=" ").text == ""
    assert mei.post(f"/desk/tickets/{DANGER}/drafts/password", password="x").status_code == 400
    assert mei.post(f"/desk/tickets/{DANGER}/drafts/note", note="x" * 4001).status_code == 400
    with database.reading() as rows:
        assert rows.scalars(sa.select(Draft)).all() == []


def test_panels_are_sent_again_only_when_they_differ(mei: Browser, tom: Browser) -> None:
    page = mei.get(f"/desk/tickets/{DANGER}")
    panels = {
        name: address.replace("&amp;", "&")
        for address, name in re.findall(r'hx-get="(/desk/\S+/panels/(\w+)\?[^"]+)"', page)
    }
    assert set(panels) == {"head", "said", "work", "history", "person"}
    assert {mei.client.get(address).status_code for address in panels.values()} == {204}
    tom.post(f"/desk/tickets/{DANGER}/notes", note="look at this")
    codes = {name: mei.client.get(address).status_code for name, address in panels.items()}
    assert codes == {"head": 204, "said": 204, "work": 204, "history": 200, "person": 204}
    tom.post(f"/desk/tickets/{DANGER}/claim")
    assert "Tom Baker has it" in mei.get(panels["head"])


def test_past_contacts_are_those_of_the_number_or_the_customer_and_bounded(mei: Browser, database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as rows:
        for number in range(20):
            rows.add(
                Ticket(type="enquiry", stage="closed", subject=f"Earlier {number}", language="en", details={},
                       callback_number="+8613800138002", dedupe_key=f"e{number}", created_at=now, queued_at=now)
            )  # fmt: skip
    page = mei.get(f"/desk/tickets/{FAULT}")
    assert page.count("Earlier ") == 6
    assert "Earlier 19" in page
    assert "Earlier " not in mei.get(f"/desk/tickets/{DANGER}")


@pytest.mark.parametrize(
    "path", ["/desk/tickets/999", "/desk/tickets/99999999999999999999", "/desk/tickets/1/panels/x", "/desk/tickets/x"]
)
def test_what_is_not_there_is_404(mei: Browser, path: str) -> None:
    assert mei.client.get(path).status_code == 404


@pytest.mark.parametrize("action", ["claim", "release", "notes", "close", "drafts/note"])
def test_acting_on_no_ticket_is_no_server_error(mei: Browser, action: str) -> None:
    answer = mei.post(f"/desk/tickets/999/{action}", note="x", result=GOOD)
    assert answer.status_code in {303, 404}
    if answer.status_code == 303:
        assert mei.client.get(answer.location).status_code == 404
