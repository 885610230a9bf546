"""A caller by telephone and an agent in a browser, by way of two processes; and on to another telephone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from callqueue.numbers import masked
from models import CallLeg, User
from setting_sections import SipTrunk
from speech.audio import audioop, mulaw_to_pcm
from tests.media.phone_client import TestPhone, gateway, phone
from tests.media.rooms.agent_client import TestAgent, agent, speaking
from tests.media.rooms.conftest import FLOW
from tests.media.sip_calls.conftest import demo, home, spoken_and_heard
from tests.media.sip_calls.house import EMMA, House, Speech, house, sip_settings
from tests.media.tones import tone_frames
from tests.scenarios import run
from tests.telephones.baresip import baresip
from tests.telephones.speech import spoken

__all__ = ["demo", "home", "spoken_and_heard"]

DESK = "+8657188880000"
AGENT_HZ = 1500.0


def tom(hotline: House) -> User:
    with hotline.hotline.database.reading() as db:
        return db.scalars(sa.select(User).where(User.username == "tom")).one()


async def waiting(line: TestAgent) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            told = await line.until("waiting", 60)
            if told["calls"]:
                return dict(told["calls"][0])


async def loud(line: TestPhone) -> None:
    """Somebody is heard to speak."""
    async with asyncio.timeout(30):
        while not _speech(line.heard[-800:]):
            await asyncio.sleep(0.05)


async def quiet(line: TestPhone) -> None:
    """They are done with it: who still talks interrupts the hotline's next prompt."""
    async with asyncio.timeout(30):
        while _speech(line.heard[-6400:]):
            await asyncio.sleep(0.05)


def _speech(mulaw: bytes | bytearray) -> bool:
    return audioop.max(mulaw_to_pcm(bytes(mulaw)), 2) > 1000


def test_a_telephone_caller_talks_with_an_agent_who_passes_them_on_to_another_telephone(
    home: Path,
    tmp_path: Path,
    spoken_and_heard: Speech,
) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user=EMMA) as caller, baresip(tmp_path, user=DESK) as desk:
            settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{desk.port}"))
            (home / "flows" / "main.yaml").write_text(FLOW)
            async with (
                house(settings, spoken_and_heard) as hotline, gateway(hotline.service.parts),
                agent(settings, tom(hotline)) as line,
            ):  # fmt: skip
                await line.ready()
                await caller.dial(hotline.address)
                await caller.until("CALL_ESTABLISHED")
                await caller.press("1")
                call = await waiting(line)
                assert call["from"] == masked(EMMA)
                await line.answer(call["call"])
                async with speaking(line, AGENT_HZ):
                    await caller.hears(mulaw_to_pcm(b"".join(tone_frames(AGENT_HZ, 40))))
                await caller.say("my power is out again", voice="slt")
                await loud(line)
                await quiet(line)
                await line.send("transfer", to=DESK)
                await line.until("transfer", state="ringing")
                await desk.until("CALL_INCOMING")
                await desk.accept()
                await desk.until("CALL_ESTABLISHED")
                await line.until("transfer", state="answered")
                await line.until("left", reason="transferred")
                await line.until("line", state="ready")
                await desk.say("this is the desk, what can i do for you")
                await caller.hears_talk(spoken("this is the desk, what can i do for you"))
                await desk.hang_up()
                await caller.hears_talk(hotline.sound(await hotline.to_say("It was good to talk to you.")))
                with hotline.hotline.database.reading() as db:
                    (leg,) = db.scalars(sa.select(CallLeg)).all()
                    assert (leg.end_reason, leg.left_at is not None) == ("transferred", True)

    run(scenario())


def test_an_agent_talks_by_the_telephone_on_their_desk_and_hangs_up_there(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user="tom") as desk:
            settings = sip_settings(home)
            (home / "flows" / "main.yaml").write_text(FLOW)
            async with (
                house(settings, spoken_and_heard) as hotline,
                gateway(hotline.service.parts),
            ):
                with hotline.hotline.database.transaction() as db:
                    db.execute(
                        sa.update(User)
                        .where(User.username == "tom")
                        .values(sip_address=f"sip:tom@127.0.0.1:{desk.port}")
                    )
                async with (
                    agent(hotline.settings, tom(hotline)) as line,
                    phone(hotline.settings, speed=1.0, number=EMMA) as caller,
                ):
                    await line.until("line", state="away")
                    await line.send("ready", by="sip")
                    await line.until("line", state="ready", by="sip")
                    await caller.start()
                    await caller.press("1")
                    call = await waiting(line)
                    await line.send("answer", call=call["call"])
                    await line.until("telephone", state="ringing")
                    await desk.until("CALL_INCOMING")
                    await desk.accept()
                    await desk.until("CALL_ESTABLISHED")
                    await line.until("joined", call=call["call"])
                    await line.vanish()  # a page that is only shown the talk may go and come
                    async with speaking(caller, AGENT_HZ):
                        await desk.hears(mulaw_to_pcm(b"".join(tone_frames(AGENT_HZ, 40))))
                    await desk.say("this is the desk, what can i do for you")
                    await loud(caller)
                    async with agent(hotline.settings, tom(hotline)) as again:
                        await again.until("line", state="talking", call=call["call"], by="sip")
                        await again.until("telephone", state="answered")
                        await desk.hang_up()
                        await again.until("left", reason="hung up")
                        await again.until("line", state="ready")
                        await caller.caption("It was good to talk to you.")

    run(scenario())
