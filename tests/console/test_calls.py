from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.call_list import as_e164, call_page
from database import Database
from models import Call, CallStatus, CallTurn, Channel, Direction, OutboundCall, new_id
from tests.console.conftest import Browser
from tests.console.rows import CALL


def listed(page: str) -> list[str]:
    return re.findall(r'href="/calls/([0-9a-f]{32})"', page)


def add_calls(database: Database, count: int) -> None:
    now = datetime.now(UTC) - timedelta(days=3)
    with database.transaction() as rows:
        for number in range(count):
            rows.add(
                Call(id=f"{number + 100:032x}", channel=Channel.BROWSER, direction=Direction.INBOUND, variables={},
                     from_number="+8613900000000", to_number="95598", language="en", status=CallStatus.COMPLETED,
                     flow="main", flow_revision_id="f" * 64, started_at=now + timedelta(seconds=number), ended_at=now)
            )  # fmt: skip


def test_the_list_is_newest_first_and_paged_by_key(mei: Browser, database: Database) -> None:
    add_calls(database, 60)
    first = mei.get("/calls")
    ids = listed(first)
    assert len(ids) == 50
    assert ids == sorted(ids, reverse=True)
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = listed(mei.get(older[1].replace("&amp;", "&")))
    assert len(second) == 14
    assert not set(ids) & set(second)


def test_calls_are_found_by_number_however_it_is_written(mei: Browser) -> None:
    for written in ("+8613800138001", "138 0013 8001", "+86 138-0013-8001"):
        assert listed(mei.get(f"/calls?number={written.replace('+', '%2B')}")) == [CALL]
    assert "No calls" in mei.get("/calls?number=13900139000")
    wrong = mei.client.get("/calls?number=abc")
    assert wrong.status_code == 400
    assert "is no telephone number" in wrong.text


def test_calls_we_made_to_a_number_are_found_too(mei: Browser, database: Database) -> None:
    now = datetime.now(UTC)
    with database.transaction() as rows:
        order = OutboundCall(purpose="closure", flow="closure_notice", to_number="+8613800138001", language="en",
                             variables={}, dedupe_key="o", not_before=now, created_at=now)  # fmt: skip
        rows.add(order)
        rows.flush()
        made = Call(id=new_id(), channel=Channel.BROWSER, direction=Direction.OUTBOUND, from_number="95598",
                    variables={}, to_number="+8613800138001", language="en", status=CallStatus.NO_ANSWER,
                    flow="closure_notice",
                    flow_revision_id="f" * 64, started_at=now, outbound_call_id=order.id)  # fmt: skip
        rows.add(made)
    page = mei.get("/calls?number=13800138001")
    assert set(listed(page)) == {CALL, made.id}
    assert "No answer" in page
    assert "We called" in mei.get("/desk/tickets/1")


def test_calls_are_found_by_day_in_the_utility_s_zone(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.started_at = datetime(2025, 3, 30, 16, 30, tzinfo=UTC)  # half past midnight on the 31st in Shanghai
    assert listed(mei.get("/calls?on=2025-03-31")) == [CALL]
    assert listed(mei.get("/calls?on=2025-03-30")) == []
    assert mei.client.get("/calls?on=yesterday").status_code == 400


@pytest.mark.parametrize("number", [None, "+8613800138001"])
def test_the_list_is_read_by_index(database: Database, number: str | None) -> None:
    statements: list[tuple[str, object]] = []

    def remember(connection: object, cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        statements.append((statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", remember)
    with database.reading() as rows:
        call_page(rows, number=number, on=None, zone="Asia/Shanghai", before=CALL)
    sa.event.remove(database.engine, "before_cursor_execute", remember)
    statement, parameters = statements[-1]
    with database.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [row[3] for row in plan]
    assert not any(step.startswith("SCAN calls") for step in steps), steps


def test_the_timeline_tells_what_was_said_heard_and_done(mei: Browser) -> None:
    page = mei.get(f"/calls/{CALL}")
    for text in ("请问您需要什么服务", "我要报修", "understood as outage", "confidence 93 %",
                 "accounts.verify_identity", "verified", "tickets.open", "家里有呼吸机",
                 "The hotline hung up", "main/welcome"):  # fmt: skip
        assert text in page


def test_a_call_whose_words_were_deleted_says_so(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        rows.get_one(Call, CALL).turn = 3
    assert "has been deleted" not in mei.get(f"/calls/{CALL}")
    with database.transaction() as rows:
        rows.execute(sa.delete(CallTurn).where(CallTurn.call_id == CALL))
    page = mei.get(f"/calls/{CALL}")
    assert "What was said and keyed has been deleted: its time was over." in page


def test_private_things_stay_private(mei: Browser) -> None:
    page = mei.get(f"/calls/{CALL}")
    assert "•••" in page
    assert "771234" not in page
    assert "123.45" not in page


def test_a_live_call_s_timeline_follows_it(mei: Browser, database: Database) -> None:
    with database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.status, call.ended_at = CallStatus.IN_PROGRESS, None
    page = mei.get(f"/calls/{CALL}")
    assert "every 2s" in page
    found = re.search(r'hx-get="(/calls/[^"]+)"', page)
    assert found
    assert mei.client.get(found[1]).status_code == 204
    with database.transaction() as rows:
        call = rows.get_one(Call, CALL)
        call.status, call.ended_at = CallStatus.COMPLETED, datetime.now(UTC)
    fresh = mei.client.get(found[1])
    assert fresh.status_code == 200
    assert "every 2s" not in fresh.text


def test_a_call_that_is_not_there_is_404(mei: Browser) -> None:
    assert mei.client.get("/calls/nothing").status_code == 404
    assert mei.client.get("/calls/nothing/timeline").status_code == 404


def test_numbers_as_people_write_them() -> None:
    assert as_e164("13800138001", "CN") == "+8613800138001"
    assert as_e164("+1 212 555 0100", "CN") == "+12125550100"
    assert as_e164("95598", "CN") == "95598"
    assert as_e164("not a number", "CN") is None
