"""Who listens in, whispers or speaks on the calls of others, and who may not."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from database import Database
from ivr.channels import tokens
from media.parts import GatewayParts
from models import AuditEvent, LegMode, Role, User
from settings import Settings
from tests.media.phone_client import gateway, phone
from tests.media.rooms.agent_client import agent, hears, hears_not, speaking
from tests.media.rooms.conftest import People
from tests.media.rooms.talks import CALLER_HZ, SUN_HZ, TOM_HZ, left_by, legs, music, offered, talk, waits
from tests.scenarios import run

PROMPT_HZ = 300.0  # what the scripted voice hums


def audited(database: Database) -> list[tuple[str, str]]:
    with database.reading() as db:
        return [(event.action, event.details["mode"]) for event in db.scalars(sa.select(AuditEvent))]


def test_a_supervisor_listens_whispers_and_speaks_and_it_is_written_down(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.sun) as sun,
            phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            call = await talk(caller, tom)
            await tom.until("room", caller="here")
            await sun.send("join", call=call, mode="listen")
            await sun.until("joined", mode="listen")
            room = await sun.until("room")
            assert [person["user"] for person in room["people"]] == ["tom", "sun"]
            alone = await tom.until("room")
            assert [person["user"] for person in alone["people"]] == ["tom"], "nobody tells who only listens"
            async with speaking(tom, TOM_HZ), speaking(caller, CALLER_HZ), speaking(sun, SUN_HZ):
                await hears(sun, TOM_HZ)
                await hears(sun, CALLER_HZ)
                await hears_not(caller, SUN_HZ)
                await hears_not(tom, SUN_HZ)
                await sun.send("mode", mode="whisper")
                await hears(tom, SUN_HZ)
                await hears_not(caller, SUN_HZ)
                await sun.send("mode", mode="barge")
                await hears(caller, SUN_HZ)
                await hears(tom, SUN_HZ)
            await sun.send("leave")
            await sun.until("left", reason="hung up")
            await sun.until("line", state="away")
            async with asyncio.timeout(30):
                while legs(database)[-1].left_at is None or legs(database)[-1].mode is not LegMode.BARGE:
                    await asyncio.sleep(0.05)
            assert [(leg.mode, leg.end_reason) for leg in legs(database)] == [
                (LegMode.TALK, ""),
                (LegMode.LISTEN, "changed to whisper"),
                (LegMode.WHISPER, "changed to barge"),
                (LegMode.BARGE, "hung up"),
            ]
            assert audited(database) == [("call.listened", mode) for mode in ("listen", "whisper", "barge")]

    run(scenario())


def test_a_supervisor_hears_prompts_and_caller_while_the_caller_is_with_the_menus(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.sun) as sun, phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            up = await caller.start()
            await caller.caption("Press 1 for an agent, 2 for nothing, 4 for a telephone.")
            await sun.send("join", call=up["call"], mode="listen")
            await sun.until("joined")
            await caller.press("2")
            await sun.until("key", digit="2")
            await sun.until("caption", who="hotline")
            await hears(sun, PROMPT_HZ)
            await hears(caller, PROMPT_HZ)
            async with speaking(caller, CALLER_HZ), speaking(sun, SUN_HZ):
                await hears(sun, CALLER_HZ)
                await sun.send("mode", mode="barge")
                await hears(caller, SUN_HZ)
            await sun.send("leave")
            await sun.until("left")
            await caller.press("2")
            await caller.caption("Press 1 for an agent, 2 for nothing, 4 for a telephone.")
            await caller.send("stop")

    run(scenario())


def test_what_is_keyed_for_a_private_question_is_not_shown_to_who_listens_in(
    parts: GatewayParts, settings: Settings, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.sun) as sun, phone(settings, speed=1.0) as caller:
            up = await caller.start()
            await caller.caption("Press 1 for an agent, 2 for nothing, 4 for a telephone.")
            await sun.send("join", call=up["call"], mode="listen")
            await sun.until("joined")
            await caller.press("5")
            await caller.caption("Your PIN?")
            await caller.press("7", "8", "9", "#")
            pressed = [(await sun.until("key"))["digit"] for _ in range(5)]
            assert pressed == ["5", "•", "•", "•", "•"]
            await caller.send("stop")

    run(scenario())


def test_a_supervisor_on_the_line_is_no_agent_at_work(parts: GatewayParts, settings: Settings, people: People) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.sun) as sun, phone(settings) as caller:
            up = await caller.start()
            await sun.send("join", call=up["call"], mode="listen")
            await sun.until("joined")
            await caller.press("1")
            await caller.caption("Nobody is there.")

    run(scenario())


def test_a_supervisor_sees_whole_numbers_of_who_waits(parts: GatewayParts, settings: Settings, people: People) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.sun) as sun,
            phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            await tom.ready()
            told = await offered(sun, await waits(caller))
            assert told["from"] == "+8613800571001"

    run(scenario())


def test_an_agent_cannot_listen_in(parts: GatewayParts, settings: Settings, database: Database, people: People) -> None:
    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            phone(settings) as caller,
        ):  # fmt: skip
            call = await talk(caller, tom)
            await mei.send("join", call=call, mode="listen")
            await mei.until("error", code="not_allowed")
            await mei.send("answer", call=call)
            await mei.until("error", code="taken")
            await mei.send("hold", on=True)
            await mei.until("error", code="no_call")
            await tom.send("mode", mode="whisper")
            await tom.until("error", code="not_allowed")
            assert len(legs(database)) == 1
            assert audited(database) == []

    run(scenario())


def test_whose_rights_are_withdrawn_is_off_the_line_and_leaves_no_caller_behind(
    parts: GatewayParts, settings: Settings, database: Database, people: People
) -> None:
    def becomes(user: User, **values: object) -> None:
        with database.transaction() as db:
            db.execute(sa.update(User).where(User.id == user.id).values(values))

    async def scenario() -> None:
        async with (
            gateway(parts), agent(settings, people.tom) as tom, agent(settings, people.mei) as mei,
            agent(settings, people.sun) as sun, phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            call = await talk(caller, tom, mei)
            await sun.send("join", call=call, mode="listen")
            await sun.until("joined", call=call)
            becomes(people.sun, role=Role.AGENT)
            assert (await sun.close_reason())[0] == 4401
            await left_by(database, "", "not at work any more")
            async with speaking(tom, TOM_HZ):
                await hears(caller, TOM_HZ)
            becomes(people.tom, active=False)
            assert (await tom.close_reason())[0] == 4401
            await music(caller)
            await left_by(database, "not at work any more", "not at work any more")
            while not (await offered(mei, call))["again"]:
                pass

    run(scenario())


@pytest.mark.parametrize("role", ["supervisor", "caller", None])
def test_a_role_that_is_not_theirs_opens_nothing(
    parts: GatewayParts, settings: Settings, people: People, role: str | None
) -> None:
    async def scenario() -> None:
        from websockets.asyncio.client import connect

        token = tokens.issue(settings, "agent", user=people.tom.id, **({"role": role} if role else {}))
        async with gateway(parts), connect(f"ws://127.0.0.1:{settings.media_port}/agent?token={token}") as socket:
            await asyncio.wait_for(socket.wait_closed(), 30)
            assert socket.close_code == 4401

    run(scenario())


def test_a_token_of_another_purpose_opens_no_line_and_no_leg(
    parts: GatewayParts, settings: Settings, people: People
) -> None:
    async def scenario() -> None:
        from websockets.asyncio.client import connect

        async with gateway(parts):
            token = tokens.issue(settings, "agent", user=people.sun.id, role=Role.SUPERVISOR.value)
            for path, forged in (("agent", "nonsense"), ("leg", token), ("phone", token)):
                url = f"ws://127.0.0.1:{settings.media_port}/{path}?token={forged}"
                async with connect(url) as socket:
                    await asyncio.wait_for(socket.wait_closed(), 30)
                    assert socket.close_code == 4401

    run(scenario())
