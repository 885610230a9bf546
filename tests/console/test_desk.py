from __future__ import annotations

import re
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask

from app import Hotline
from callqueue import tickets
from database import Database
from models import Ticket, User
from tests.console.conftest import Browser
from tests.console.rows import CALL, COMPLAINT, DANGER, ENQUIRY, FAULT


def shown(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-ticket="(\d+)"', page)]


def refetch(page: str) -> str:
    found = re.search(r'hx-get="(/desk/queue\?[^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&")


def claim_as(database: Database, username: str, ticket_id: int) -> None:
    with database.transaction() as rows:
        user = rows.scalars(sa.select(User).where(User.username == username)).one()
        tickets.claim(rows, ticket_id, user, datetime.now(UTC))


def test_danger_stands_first_then_priority_then_who_waits_longest(mei: Browser, database: Database) -> None:
    assert shown(mei.get("/desk")) == [DANGER, ENQUIRY, COMPLAINT, FAULT]
    with database.transaction() as rows:
        rows.execute(sa.update(Ticket).where(Ticket.id == FAULT).values(priority=5))
    assert shown(mei.get("/desk")) == [DANGER, FAULT, ENQUIRY, COMPLAINT]


def test_danger_is_told_in_words_and_announced(mei: Browser) -> None:
    page = mei.get("/desk")
    row = page.partition('data-ticket="1"')[2].partition("</li>")[0]
    assert ">Danger<" in re.sub(r"<svg.*?</svg>", "", row)
    assert "New danger ticket 1" in row
    assert 'data-danger="yes"' in row


def test_numbers_are_masked_until_claimed(mei: Browser, sun: Browser) -> None:
    hidden, whole = "+86 138 •••• •001", "+86 138 0013 8001"
    assert hidden in mei.get("/desk")
    assert whole not in mei.get("/desk")
    assert whole not in mei.get("/desk/tickets/1")
    assert hidden in mei.get("/desk/tickets/1")
    assert whole in sun.get("/desk/tickets/1")
    mei.post("/desk/tickets/1/claim")
    assert whole in mei.get("/desk/tickets/1")
    assert whole in mei.get("/desk?tab=mine")


def test_the_whole_number_is_not_hidden_in_the_markup_either(mei: Browser) -> None:
    for path in ("/desk", "/desk/tickets/1", "/calls", f"/calls/{CALL}"):
        assert "13800138001" not in mei.get(path).replace(" ", "")


def test_supervisors_see_whole_numbers(sun: Browser) -> None:
    for path in ("/desk/tickets/1", "/calls", f"/calls/{CALL}"):
        assert "+86 138 0013 8001" in sun.get(path)


def test_tabs_show_where_tickets_are(mei: Browser, tom: Browser, database: Database) -> None:
    mei.post(f"/desk/tickets/{DANGER}/claim")
    tom.post(f"/desk/tickets/{FAULT}/claim")
    assert shown(mei.get("/desk?tab=waiting")) == [ENQUIRY, COMPLAINT]
    assert shown(mei.get("/desk?tab=mine")) == [DANGER]
    assert set(shown(mei.get("/desk?tab=taken"))) == {DANGER, FAULT}
    mei.post(f"/desk/tickets/{DANGER}/close", result="抢修人员已排除故障。")
    assert shown(mei.get("/desk?tab=calling-back")) == [DANGER]
    with database.transaction() as rows:
        values = {"stage": "closed", "closed_at": datetime.now(UTC)}
        rows.execute(sa.update(Ticket).where(Ticket.id == DANGER).values(**values))
    assert shown(mei.get("/desk?tab=closed")) == [DANGER]
    assert shown(mei.get("/desk?tab=no-such-tab")) == [ENQUIRY, COMPLAINT]


def test_an_unchanged_queue_is_not_sent_again(mei: Browser, tom: Browser, database: Database) -> None:
    address = refetch(mei.get("/desk"))
    assert mei.client.get(address).status_code == 204
    claim_as(database, "tom", DANGER)
    fresh = mei.client.get(address)
    assert fresh.status_code == 200
    assert shown(fresh.text) == [ENQUIRY, COMPLAINT, FAULT]
    assert fresh.text.lstrip().startswith("<section")


def test_a_long_queue_costs_no_more_queries_than_a_short_one(
    mei: Browser, database: Database, hotline: Hotline
) -> None:
    def queries() -> int:
        seen: list[str] = []

        def count(connection: object, cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        sa.event.listen(database.engine, "before_cursor_execute", count)
        mei.get("/desk")
        sa.event.remove(database.engine, "before_cursor_execute", count)
        return len(seen)

    before = queries()
    with database.transaction() as rows:
        first = rows.get_one(Ticket, FAULT)
        columns = {name: getattr(first, name) for name in sa.inspect(Ticket).columns.keys() if name != "id"}  # noqa: SIM118
        rows.add_all(Ticket(**{**columns, "dedupe_key": f"more{number}"}) for number in range(150))
    assert queries() == before
    page = mei.get("/desk")
    assert len(shown(page)) == 100
    assert "The first 100 of 154 are shown." in page


def test_what_callers_said_is_shown_as_text_never_as_markup(app: Flask, mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        ticket = rows.get_one(Ticket, FAULT)
        ticket.subject = "<script>alert(1)</script>"
        ticket.details = {"description": "<img src=x onerror=alert(1)>"}
    for path in ("/desk", f"/desk/tickets/{FAULT}"):
        page = mei.get(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_an_empty_queue_says_so(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.execute(sa.update(Ticket).values(stage="closed"))
    assert "Nobody is waiting" in mei.get("/desk")


def test_a_live_token_names_the_gateway(mei: Browser) -> None:
    url = mei.client.get("/live/token", headers={"Accept": "application/json"}).json["url"]
    assert url.startswith("ws://localhost:8081/live?token=")
