"""Any one process is killed in the middle of a call: the caller goes on, nothing is lost, nothing is doubled.

Twilio is faked at its HTTP edge; everything else is the whole hotline, as an operator starts it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import pytest
import sqlalchemy as sa

from callqueue import tickets
from database import Database, sqlite_url
from ivr.channels.twilio.simulate import over_http
from ivr.channels.twilio.simulation import Answer, SimulatedCall
from models import CallTurn, OutboundAttempt, Ticket, TicketStage, User
from tests.ivr.channels.fake_twilio import ACCOUNT, NUMBER, TOKEN, FakeTwilio, running
from tests.ports import free_port
from tests.processes.running import RunningHotline, command, environment, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
KILLABLE = ("web", "worker", "scheduler", "valkey", "media")
EMMA = "+8613800571001"


@dataclass(frozen=True, slots=True)
class House:
    hotline: RunningHotline
    twilio: FakeTwilio
    database: Database

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.hotline.port}"

    def kill(self, name: str) -> None:
        child = self.hotline.children().get(name)
        if child is not None:
            os.kill(child, signal.SIGKILL)

    def count(self, table: type, *where: sa.ColumnElement[bool]) -> int:
        with self.database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def persistent(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """A carrier that asks again until it is answered, with the very same request."""

    def answer() -> Answer | None:
        try:
            found = over_http(url, body, headers)
        except OSError:
            return None
        return found if found.status in (200, 204) else None

    return wait_for(answer, 60, "an answer to the carrier")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("killed") / "home"
    port = free_port(2)
    output = home.parent / "output"
    with running() as twilio, output.open("wb") as file:
        configured = environment(home) | {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "HOTLINE_TWILIO__NUMBER": NUMBER,
            "HOTLINE_TWILIO__API_URL": twilio.url,
            "HOTLINE_TWILIO__CALLS_PER_SECOND": "50",
            "HOTLINE_SERVER__PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HOTLINE_CALLBACKS__QUIET_HOURS__START": "00:00",
            "HOTLINE_CALLBACKS__QUIET_HOURS__END": "00:00",
        }
        process = subprocess.Popen(
            command("start", "--port", str(port)), env=configured, stdout=file, stderr=subprocess.STDOUT
        )
        hotline = RunningHotline(process, home, port, output)
        database = Database(sqlite_url(home / "hotline.db"))
        try:
            wait_for(hotline.ready, 90, "being ready")
            yield House(hotline, twilio, database)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
            database.dispose()


def phone_in(house: House, number: str) -> SimulatedCall:
    call = SimulatedCall(
        persistent, account_sid=ACCOUNT, auth_token=TOKEN, from_number=number, to_number=NUMBER,
        status_url=f"{house.url}/twilio/status",
    )  # fmt: skip
    call.begin(f"{house.url}/twilio/voice")
    return call


def test_an_outage_is_reported_though_a_process_dies_at_every_turn(house: House) -> None:
    call = phone_in(house, EMMA)
    for victim, key in zip(cycle(KILLABLE), "1121212", strict=False):
        house.kill(victim)
        call.press(key)
    assert call.waiting.kind == "over"
    assert re.search(r"ticket number is \d+", " ".join(" ".join(a.body.split()) for a in call.answers))
    assert house.count(Ticket, Ticket.callback_number == EMMA) == 1
    with house.database.reading() as session:
        numbers = session.scalars(
            sa.select(CallTurn.number).join(Ticket, Ticket.call_id == CallTurn.call_id).order_by(CallTurn.number)
        ).all()
    assert list(numbers) == list(range(len(numbers))), "every turn once, none missing"


@pytest.mark.parametrize("victim", KILLABLE)
def test_whoever_dies_while_a_ticket_is_closed_the_customer_is_called_back_once(house: House, victim: str) -> None:
    """The process dies right after the ticket was closed: before, while or after the carrier is asked."""
    number = f"+86139000000{KILLABLE.index(victim):02}"
    with house.database.transaction() as session:
        user = session.scalars(sa.select(User).where(User.username == "tom")).one()
        now = datetime.now(UTC)
        ticket = Ticket(
            type="complaint", subject="Complaint", language="en", callback_number=number, created_at=now,
            queued_at=now, dedupe_key=f"killed/{victim}",
        )  # fmt: skip
        session.add(ticket)
        session.flush()
        tickets.claim(session, ticket.id, user, now)
    with house.database.transaction() as session:
        tickets.close(session, ticket.id, session.merge(user), "We have talked to the technician.", datetime.now(UTC))
    house.kill(victim)

    made = wait_for(lambda: [c for c in house.twilio.calls if c["To"] == number], 100, "the call-back")
    called, waiting = house.twilio.pick_up(made[0], persistent)
    assert "We have talked to the technician." in " ".join(waiting.heard)
    called.press("1")

    def closed() -> bool:
        return house.count(Ticket, Ticket.id == ticket.id, Ticket.stage == TicketStage.CLOSED) == 1

    wait_for(closed, 20, "closing")
    assert len([c for c in house.twilio.calls if c["To"] == number]) == 1
    assert house.count(OutboundAttempt) == len(house.twilio.calls)


def test_after_all_that_nothing_is_left_half_done(house: House) -> None:
    def settled() -> bool:
        status = house.hotline.ready()
        return status is not None and set(status["degraded"]) == {"recognizer zh-CN"}

    wait_for(settled, 60, "everything being back")
    time.sleep(4)  # two sweeps
    of_the_demo = 1
    assert house.count(Ticket) == of_the_demo + 1 + len(KILLABLE)
    assert len(house.twilio.calls) == len(KILLABLE)
    assert Path(house.hotline.home / "hotline.db").exists()
