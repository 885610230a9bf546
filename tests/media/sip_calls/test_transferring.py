"""A flow puts a caller through to another telephone: both really hear each other, and every end goes on in the flow."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from media.sip_calls.transferring import _ring_tone
from models import CallStatus, CallTurn
from setting_sections import SipTrunk
from speech.audio import mulaw_to_pcm
from tests.media.sip_calls.beside import beside
from tests.media.sip_calls.house import EMMA, House, Speech, house, sip_settings
from tests.scenarios import run
from tests.telephones.baresip import Baresip, baresip
from tests.telephones.network import Network, network
from tests.telephones.speech import spoken

DESK = "+8657188880000"


async def asks_for_it(caller: Baresip, hotline: House) -> None:
    await caller.dial(hotline.address)
    await caller.until("CALL_ESTABLISHED")
    await caller.press("4")
    await caller.hears(hotline.sound(await hotline.to_say("One moment please.")))


def dial_ended(hotline: House) -> dict[str, Any]:
    with hotline.hotline.database.reading() as session:
        events = [turn.event for turn in session.query(CallTurn).order_by(CallTurn.number)]
    return next(event for event in events if event["kind"] == "dial_ended")


async def hear_each_other(home: Path, folder: Path, speech: Speech) -> None:
    async with baresip(folder, user=EMMA) as caller, baresip(folder, user=DESK) as desk:
        settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{desk.port}"))
        async with house(settings, speech) as hotline:
            await asks_for_it(caller, hotline)
            await desk.until("CALL_INCOMING")
            await caller.hears(mulaw_to_pcm(_ring_tone()))
            now = asyncio.get_running_loop().time
            picked_up = now()
            await desk.accept()
            await desk.until("CALL_ESTABLISHED")
            await desk.say("this is the desk, what can i do for you")
            await caller.hears_talk(spoken("this is the desk, what can i do for you"))
            talking = now()
            await caller.say("my power is out again", voice="slt")
            await desk.hears_talk(spoken("my power is out again", "slt"))
            await caller.press("5")
            await desk.until("CALL_DTMF_START", param="5")
            talked_s = now() - talking
            await desk.hang_up()
            await caller.hears(hotline.sound(await hotline.to_say("Your talk is over.")))
            await caller.until("CALL_CLOSED")
            ended = dial_ended(hotline)
            assert ended["status"] == "answered"
            assert talked_s - 0.1 < ended["seconds"] < now() - picked_up, "as long as they could hear each other"
            await hotline.ended(CallStatus.COMPLETED)


test_both_hear_each_other_and_the_flow_goes_on_with_the_caller = beside(hear_each_other)


def test_an_engaged_line_brings_the_caller_back(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user=EMMA) as caller, network(Network.refuse(486)) as far:
            settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{far.endpoint.port}"))
            async with house(settings, spoken_and_heard) as hotline:
                await asks_for_it(caller, hotline)
                await caller.hears(hotline.sound(await hotline.to_say("The line is engaged.")))
                assert far.called[0].to_number == DESK

    run(scenario())


def test_a_caller_who_does_not_wait_stops_the_ringing(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user=EMMA) as caller, network("ring") as far:
            settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{far.endpoint.port}"))
            async with house(settings, spoken_and_heard) as hotline:
                await asks_for_it(caller, hotline)
                await hotline.when(lambda: far.called, "the ringing")
                await caller.hang_up()
                assert (await hotline.ended(CallStatus.COMPLETED)).end_reason == "caller hung up"
                await hotline.when(lambda: far.listening[0].ended_by, "the end of the ringing")
                await hotline.when(lambda: hotline.service.engine.streams == 0, "the end of every stream")

    run(scenario())


def test_the_callers_own_network_puts_them_through(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with baresip(tmp_path, user=EMMA) as caller, baresip(tmp_path, user=DESK, answers=True) as desk:
            trunk = SipTrunk(server=f"127.0.0.1:{desk.port}")
            async with house(sip_settings(home, trunk=trunk, transfer_by="refer"), spoken_and_heard) as hotline:
                await asks_for_it(caller, hotline)
                assert EMMA in (await desk.until("CALL_ESTABLISHED"))["peeruri"]
                await hotline.ended(CallStatus.COMPLETED)
                assert dial_ended(hotline)["status"] == "answered"

    run(scenario())
