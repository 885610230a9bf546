"""A caller and an agent over real sockets: talking, and losing each other."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from database import Database
from media.parts import GatewayParts
from media.rooms.desk_rows import DeskRows
from models import AgentLine, Call, CallLeg, CallStatus, LegMode
from settings import Settings
from tests.media.only_call import the_call
from tests.media.phone_client import gateway, phone
from tests.media.rooms.agent_client import TestAgent, agent, hears, hears_not, speaking
from tests.media.rooms.conftest import People
from tests.media.rooms.talks import (
    CALLER_HZ,
    MEI_HZ,
    TOM_HZ,
    left_by,
    legs,
    music,
    offered,
    talk,
    talking,
    until_row,
    waits,
)
from tests.scenarios import run


def test_caller_and_agent_hear_each_other_and_the_flow_goes_on_when_the_agent_leaves(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings, speed=1.0) as caller:
            await tom.ready()
            call = await waits(caller)
            told = await offered(tom, call)
            assert told["from"] == "+86 138 •••• •001", "the whole number is whose call it is"
            await music(caller)
            assert the_call(database).waiting_since is not None
            joined = await tom.answer(call)
            assert (joined["mode"], joined["muted"], joined["held"]) == ("talk", False, False)
            assert joined["from"] == "+8613800571001"
            await tom.until("line", state="talking", call=call)
            async with speaking(caller, CALLER_HZ), speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)
                await hears(tom, CALLER_HZ)
                await hears_not(caller, CALLER_HZ)
                await hears_not(tom, TOM_HZ)
            assert the_call(database).agent_id == people.tom.id
            await caller.press("5")
            await tom.until("key", digit="5")
            await tom.send("leave")
            await tom.until("left", reason="hung up")
            await tom.until("line", state="ready")
            await caller.caption("It was good to talk to you.")
            row = await until_row(database, lambda row: row.agent_id is None)
            assert (row.waiting_since, row.status) == (None, CallStatus.IN_PROGRESS)
            (leg,) = legs(database)
            assert (leg.user_id, leg.mode, leg.end_reason) == (people.tom.id, LegMode.TALK, "hung up")
            assert leg.left_at is not None

    run(scenario())


def test_the_caller_hangs_up_and_the_agent_is_told_and_free(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom, phone(settings) as caller:
            await talk(caller, tom)
            await caller.send("stop")
            await tom.until("left", reason="caller hung up")
            await tom.until("line", state="ready")
            row = await until_row(database, lambda row: row.status.final)
            assert (row.agent_id, row.waiting_since) == (None, None)
            await left_by(database, "caller hung up")

    run(scenario())


def test_a_lost_agent_leaves_the_caller_at_the_head_of_the_line_and_another_takes_them(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings, speed=1.0) as caller, phone(settings, speed=1.0, number="+8613800571002") as later,
        ):  # fmt: skip
            call = await talk(caller, tom, mei)
            second = await waits(later)
            await offered(mei, second)
            with database.reading() as db:
                since = db.get_one(Call, call).waiting_since
            await tom.vanish()
            await caller.caption("The connection to my colleague was lost. Please stay on the line, "
                                 "another colleague will be with you.")  # fmt: skip
            await music(caller)
            async with asyncio.timeout(30):
                while True:
                    told = await mei.until("waiting")
                    if len(told["calls"]) == 2:
                        break
            assert [waiting["call"] for waiting in told["calls"]] == [call, second]
            assert told["calls"][0]["again"]
            await mei.answer(call)
            async with speaking(mei, MEI_HZ):
                await hears(caller, MEI_HZ)
            with database.reading() as db:
                row = db.get_one(Call, call)
                assert (row.agent_id, row.waiting_since) == (people.mei.id, since)
            await left_by(database, "connection lost", "")

    run(scenario())


def test_an_agent_who_comes_back_soon_has_the_same_caller_again(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings, speed=1.0) as caller:
            async with agent(settings, people.tom) as tom:
                call = await talk(caller, tom)
                await tom.vanish()
            async with agent(settings, people.tom) as tom:
                await tom.until("line", state="away")
                await tom.send("ready")
                await tom.until("joined", call=call)
                async with speaking(tom, TOM_HZ):
                    await hears(caller, TOM_HZ)

    run(scenario())


def test_two_agents_take_one_call_and_one_has_it(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings) as caller,
        ):  # fmt: skip
            await tom.ready()
            await mei.ready()
            call = await waits(caller)
            await offered(tom, call)
            await asyncio.gather(tom.send("answer", call=call), mei.send("answer", call=call))

            async def outcome(who: TestAgent) -> str:
                async with asyncio.timeout(30):
                    while True:
                        for message in who.messages:
                            if message["event"] == "joined":
                                return "joined"
                            if message["event"] == "error":
                                return str(message["code"])
                        await asyncio.sleep(0.05)

            assert sorted([await outcome(tom), await outcome(mei)]) == ["joined", "taken"]
            assert len(legs(database)) == 1

    run(scenario())


def test_a_second_page_takes_the_line_over_with_the_call_on_it(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with talking(parts, people.tom) as (call, caller, first):
            async with agent(settings, people.tom) as second:
                assert (await first.close_reason())[0] == 4409
                await second.until("line", state="talking", call=call)
                await second.until("joined", call=call)
                async with speaking(second, TOM_HZ), speaking(caller, CALLER_HZ):
                    await hears(caller, TOM_HZ)
                    await hears(second, CALLER_HZ)
            with database.reading() as db:
                assert len(db.scalars(sa.select(CallLeg)).all()) == 1

    run(scenario())


def test_a_caller_whose_phone_is_lost_comes_back_to_the_same_agent(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom:
            await tom.ready()
            async with phone(settings, speed=1.0) as caller:
                up = await caller.start()
                await caller.press("1")
                await offered(tom, up["call"])
                await tom.answer(up["call"])
                await caller.vanish()
            await tom.until("room", caller="lost")
            async with phone(settings, speed=1.0) as caller:
                await caller.start(resume=up["token"])
                await tom.until("room", caller="here")
                async with speaking(tom, TOM_HZ), speaking(caller, CALLER_HZ):
                    await hears(caller, TOM_HZ)
                    await hears(tom, CALLER_HZ)

    run(scenario())


def test_muted_nobody_hears_the_agent_and_held_the_caller_hears_music(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with talking(parts, people.tom) as (_, caller, tom):
            async with speaking(tom, TOM_HZ), speaking(caller, CALLER_HZ):
                await hears(caller, TOM_HZ)
                await tom.send("mute", on=True)
                await tom.until("joined", muted=True)
                await hears_not(caller, TOM_HZ)
                await tom.send("mute", on=False)
                await tom.send("hold", on=True)
                await tom.until("joined", held=True)
                await tom.until("room", caller="held")
                await hears_not(caller, TOM_HZ)
                await hears_not(tom, CALLER_HZ)
                await music(caller)
                await tom.send("hold", on=False)
                await hears(caller, TOM_HZ)
                await hears(tom, CALLER_HZ)
            await tom.send("dtmf", dtmf={"digit": "5"})
            await hears(caller, 770.0)

    run(scenario())


def test_lines_are_rows_as_long_as_they_are_open(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    def states() -> list[str]:
        with database.reading() as db:
            return [line.state.value for line in db.scalars(sa.select(AgentLine))]

    async def scenario() -> None:
        async with gateway(parts):
            async with agent(settings, people.tom) as tom:
                await tom.ready()
                assert states() == ["ready"]
                await tom.send("away")
                await tom.until("line", state="away")
                assert states() == ["away"]
            async with asyncio.timeout(30):
                while states():
                    await asyncio.sleep(0.05)

    run(scenario())


def test_while_the_database_is_away_an_agent_is_told_and_keeps_their_line(
    parts: GatewayParts, settings: Settings, database: Database, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.tom) as tom:
            await tom.until("line", state="away")
            with monkeypatch.context() as broken:

                def away(*_: object) -> None:
                    raise sa.exc.OperationalError("UPDATE", {}, Exception("the database is away"))

                broken.setattr(DeskRows, "set_line", away)
                await tom.send("ready")
                await tom.until("error", code="failed")
            await tom.send("ready")
            await tom.until("line", state="ready")

    run(scenario())
