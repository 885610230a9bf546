"""An agent passes their caller on: to another agent, with and without staying, and to a telephone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from database import Database
from ivr.events import DialEnded
from media import exchange
from media.browser_line import BrowserLine
from media.parts import GatewayParts
from media.rooms import offering
from models import Call, CallTurn
from settings import Settings
from tests.media.only_call import the_call
from tests.media.phone_client import gateway, phone
from tests.media.rooms.agent_client import agent, hears, speaking
from tests.media.rooms.conftest import People
from tests.media.rooms.talks import MEI_HZ, TOM_HZ, left_by, music, offered, talk, talking, until_row, waits
from tests.scenarios import run


def test_a_call_is_passed_on_to_another_agent(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with talking(parts, people.tom, people.mei) as (call, caller, tom, mei):
            await tom.send("hold", on=True)
            await tom.until("joined", held=True)
            await tom.send("transfer", to="agent:mei")
            await tom.until("transfer", state="ringing")
            rings = await mei.until("ringing", call=call)
            assert (rings["by"], rings["name"], rings["from"]) == ("tom", "Tom", "+86 138 •••• •001")
            await tom.send("transfer", to="agent:mei")
            await tom.until("error", code="already_ringing")
            async with agent(settings, people.mei) as again:  # another page of hers takes the line over: it rings there
                rings = await again.until("ringing", call=call)
                await again.send("answer", call=call)
                await again.until("joined", call=call, mode="talk", held=False)
                await tom.until("transfer", state="answered")
                await tom.until("left", reason="transferred")
                async with speaking(again, MEI_HZ):
                    await hears(caller, MEI_HZ)
                await until_row(database, lambda row: row.agent_id == people.mei.id)
                await again.send("leave")
                await caller.caption("It was good to talk to you.")
                await left_by(database, "transferred", "hung up")

    run(scenario())


def test_an_agent_who_stays_makes_three_until_they_leave(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with talking(parts, people.tom, people.mei) as (call, caller, tom, mei):
            await tom.send("transfer", to="agent:mei", stay=True)
            await mei.until("ringing", call=call)
            await mei.answer(call)
            async with speaking(mei, MEI_HZ), speaking(tom, TOM_HZ):
                await hears(caller, MEI_HZ)
                await hears(caller, TOM_HZ)
                await hears(tom, MEI_HZ)
                await hears(mei, TOM_HZ)
            await tom.send("leave")
            await tom.until("left", reason="hung up")
            async with speaking(mei, MEI_HZ):
                await hears(caller, MEI_HZ)
            await until_row(database, lambda row: row.agent_id == people.mei.id)

    run(scenario())


def test_an_offer_that_is_declined_or_cannot_be_made_leaves_the_caller_where_they_are(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            call = await talk(caller, tom)
            await tom.send("transfer", to="agent:mei")
            await tom.until("error", code="busy")
            await tom.send("transfer", to="agent:nobody")
            await tom.until("error", code="not_at_work")
            await tom.send("transfer", to="somewhere")
            await tom.until("error", code="bad_number")
            await tom.send("transfer", to="+8657188888888")
            await tom.until("error", code="cannot_transfer")
            await mei.ready()
            await tom.send("transfer", to="agent:mei")
            await mei.until("ringing", call=call)
            await mei.send("decline", call=call)
            await mei.until("ring_stopped", reason="declined")
            await tom.until("transfer", state="declined")
            assert the_call(database).agent_id == people.tom.id
            await tom.send("transfer", to="agent:mei")
            await mei.until("ringing", call=call)
            await caller.send("stop")
            await mei.until("ring_stopped", reason="gone")
            await mei.send("answer", call=call)
            await mei.until("error")

    run(scenario())


def test_danger_goes_first_in_the_line(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    from models import Ticket, TicketType

    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, phone(settings) as first,
            phone(settings, number="+8613800571002") as second,
        ):  # fmt: skip
            await tom.ready()
            earlier = await waits(first)
            await offered(tom, earlier)
            later = await waits(second)
            await offered(tom, later)
            now = parts.clock()
            with database.transaction() as db:
                db.add(
                    Ticket(type=TicketType.FAULT, subject="Danger", danger=True, language="en", call_id=later,
                           callback_number="+8613800571002", dedupe_key="d", created_at=now, queued_at=now)
                )  # fmt: skip
            async with asyncio.timeout(30):
                while True:
                    told = await tom.until("waiting")
                    if [waiting["call"] for waiting in told["calls"]] == [later, earlier]:
                        break
            assert (told["calls"][0]["danger"], told["calls"][0]["subject"]) == (True, "Danger")
            with database.reading() as db:
                assert db.scalar(sa.select(sa.func.count()).select_from(Call)) == 2

    run(scenario())


def can_be_put_through(monkeypatch: pytest.MonkeyPatch, transfer: Callable[..., Awaitable[DialEnded]]) -> None:
    """Browser phones, as telephones can. By a class of their own: what `isinstance` has found of one it remembers."""
    monkeypatch.setattr(
        exchange, "BrowserLine", type("PuttingThrough", (BrowserLine,), {"transfer": transfer, "carrier_dials": False})
    )


def test_a_telephone_that_is_engaged_leaves_the_caller_with_the_agent_and_one_that_answers_frees_them(
    parts: GatewayParts, settings: Settings, database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs_up = asyncio.Event()

    async def transfer(
        line: BrowserLine, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None
    ) -> DialEnded:
        """What a line of a telephone does, with a far end of our own."""
        if to == "+8657188880001":
            return DialEnded("busy")
        assert answered is not None
        answered()
        await hangs_up.wait()
        return DialEnded("answered", 12.0)

    can_be_put_through(monkeypatch, transfer)

    async def scenario() -> None:
        async with talking(parts, people.tom) as (_, caller, tom):
            await tom.send("transfer", to="+8657188880001")
            await tom.until("transfer", state="busy")
            async with speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)
            await tom.send("transfer", to="+8657188880002")
            await tom.until("transfer", state="answered")
            await tom.until("left", reason="transferred")
            await tom.until("line", state="ready")
            hangs_up.set()
            await caller.caption("It was good to talk to you.")
            row = await until_row(database, lambda row: row.agent_id is None)
            assert row.waiting_since is None
            with database.reading() as db:
                turn = db.scalars(sa.select(CallTurn).order_by(CallTurn.number.desc())).first()
                assert turn is not None
                assert (turn.event["kind"], turn.event["status"], turn.event["seconds"]) == (
                    "dial_ended", "answered", 12.0,
                )  # fmt: skip

    run(scenario())


@pytest.fixture
def ringing(monkeypatch: pytest.MonkeyPatch) -> Telephone:
    """Browser phones can be put through, to a telephone of ours."""
    telephone = Telephone()
    can_be_put_through(monkeypatch, telephone.transfer)
    return telephone


class Telephone:
    """Rings until it is picked up or nobody wants it to any more."""

    def __init__(self) -> None:
        self.rings = asyncio.Event()
        self.picked_up = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.let_be = asyncio.Event()

    async def transfer(self, to: str, timeout_s: float, *, answered: Callable[[], None] | None = None) -> DialEnded:
        assert answered is not None
        self.rings.set()
        try:
            await self.picked_up.wait()
        except asyncio.CancelledError:
            self.let_be.set()
            raise
        answered()
        await self.hung_up.wait()
        return DialEnded("answered", 3.0)


def test_a_telephone_rings_no_more_when_the_agent_hangs_up_or_is_lost_meanwhile(
    parts: GatewayParts, settings: Settings, database: Database, people: People, ringing: Telephone
) -> None:
    async def scenario() -> None:
        async with talking(parts, people.tom, people.mei) as (call, caller, tom, mei):
            await tom.send("transfer", to="+8657188880002")
            await tom.until("transfer", state="ringing")
            await tom.send("transfer", to="agent:mei")
            await tom.until("error", code="already_ringing")
            await tom.vanish()
            await asyncio.wait_for(ringing.let_be.wait(), 30)
            while not (await offered(mei, call))["again"]:
                pass
            await music(caller)  # not the silence in which another telephone rings
            await mei.answer(call)
            ringing.let_be.clear()
            await mei.send("transfer", to="+8657188880002")
            await mei.until("transfer", state="ringing")
            await mei.send("leave")
            await asyncio.wait_for(ringing.let_be.wait(), 30)
            await caller.caption("It was good to talk to you.")
            await left_by(database, "connection lost", "hung up")

    run(scenario())


def test_an_agent_may_stay_with_a_telephone_and_has_the_caller_when_that_hangs_up(
    parts: GatewayParts, settings: Settings, database: Database, people: People, ringing: Telephone
) -> None:
    async def scenario() -> None:
        async with talking(parts, people.tom) as (_, caller, tom):
            await tom.send("transfer", to="+8657188880002", stay=True)
            await tom.until("transfer", state="ringing")
            ringing.picked_up.set()
            await tom.until("transfer", state="answered")
            async with speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)
            ringing.hung_up.set()
            await tom.until("transfer", state="ended")
            async with speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)
            await tom.send("leave")
            await caller.caption("It was good to talk to you.")
            await left_by(database, "hung up")

    run(scenario())


def test_an_offer_that_nobody_answers_stops_ringing(
    parts: GatewayParts, settings: Settings, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offering, "RINGS_S", 0.8)

    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings) as caller,
        ):  # fmt: skip
            call = await talk(caller, tom, mei)
            await tom.send("transfer", to="agent:mei")
            await mei.until("ringing", call=call)
            await tom.until("transfer", state="no-answer")
            await mei.until("ring_stopped", reason="gone")

    run(scenario())
