"""An agent whose line another process holds than the one that carries their caller."""

from __future__ import annotations

from database import Database
from media.parts import GatewayParts
from settings import Settings
from tests.media.phone_client import gateway, phone
from tests.media.rooms.agent_client import agent, hears, hears_not, speaking
from tests.media.rooms.conftest import People, Second, both
from tests.media.rooms.talks import CALLER_HZ, MEI_HZ, SUN_HZ, TOM_HZ, left_by, offered, talk, until_row, waits
from tests.scenarios import run


def test_caller_and_agent_of_two_processes_hear_each_other(
    parts: GatewayParts, second: Second, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            both(parts, second), agent(second.settings, people.tom) as tom, agent(second.settings, people.sun) as sun,
            phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            await tom.ready()
            call = await waits(caller)
            await offered(tom, call)
            joined = await tom.answer(call)
            assert joined["from"] == "+8613800571001"
            await sun.send("join", call=call, mode="whisper")
            await sun.until("joined", mode="whisper")
            async with speaking(caller, CALLER_HZ), speaking(tom, TOM_HZ), speaking(sun, SUN_HZ):
                await hears(caller, TOM_HZ)
                await hears(tom, CALLER_HZ)
                await hears(tom, SUN_HZ)
                await hears_not(caller, SUN_HZ)
                await tom.send("hold", on=True)
                await tom.until("joined", held=True)
                await hears_not(tom, CALLER_HZ)
                await tom.send("hold", on=False)
                await tom.until("joined", held=False)
            await tom.send("leave")
            await tom.until("left", reason="hung up")
            await caller.caption("It was good to talk to you.")
            await sun.send("leave")
            await sun.until("left", reason="hung up")

    run(scenario())


def test_a_page_lost_elsewhere_brings_the_caller_back_and_a_caller_lost_here_ends_the_leg_there(
    parts: GatewayParts, second: Second, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with (
            both(parts, second), agent(second.settings, people.tom) as tom, agent(second.settings, people.mei) as mei,
            phone(settings, speed=1.0) as caller,
        ):  # fmt: skip
            call = await talk(caller, tom, mei)
            await tom.vanish()
            await until_row(database, lambda row: row.agent_id is None)
            await left_by(database, "connection lost")
            await offered(mei, call)
            await mei.answer(call)
            async with speaking(mei, MEI_HZ):
                await hears(caller, MEI_HZ)
            await caller.send("stop")
            await mei.until("left", reason="caller hung up")
            await mei.until("line", state="ready")

    run(scenario())


def test_a_process_that_goes_takes_its_agents_with_it_and_the_caller_waits_on(
    parts: GatewayParts, second: Second, settings: Settings, database: Database, people: People
) -> None:
    async def scenario() -> None:
        async with gateway(parts), agent(settings, people.mei) as mei, phone(settings, speed=1.0) as caller:
            await mei.ready()
            async with gateway(second.parts):
                async with agent(second.settings, people.tom) as tom:
                    call = await talk(caller, tom)
                    await mei.until("waiting", calls=[])
            await offered(mei, call)
            await mei.answer(call)
            async with speaking(mei, MEI_HZ):
                await hears(caller, MEI_HZ)

    run(scenario())


def test_a_line_opened_at_another_process_is_closed_here(
    parts: GatewayParts, second: Second, settings: Settings, people: People
) -> None:
    async def scenario() -> None:
        async with both(parts, second), agent(settings, people.tom) as here:
            await here.ready()
            async with agent(second.settings, people.tom) as there:
                await there.ready()
                assert (await here.close_reason())[0] == 4409

    run(scenario())
