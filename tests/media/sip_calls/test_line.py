"""The far end of one call: lost without a word, and keys that come twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from media.rtp import RtpEngine, stream
from media.sip_calls import line
from media.sip_calls.line import SipLine, reached
from models import CallStatus
from speech.audio import pcm_to_mulaw, tone
from tests.media.sip.phone import SDP, Phone
from tests.media.sip_calls.house import EMMA, House, Speech, house, sip_settings
from tests.ports import free_port
from tests.telephones.baresip import baresip
from tests.telephones.network import caller


async def line_of(hotline: House) -> SipLine:
    """Once its call is carried, which is a moment after its row was begun."""
    found = (await hotline.when(hotline.service.switchboard.all, "the call"))[0].line
    assert isinstance(found, SipLine)
    return found


def test_a_far_end_that_sends_nothing_any_more_is_hung_up_on(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline, caller(hotline.port) as made:
            await made.dial("95598")
            far = await line_of(hotline)
            far.silent(20.0)
            assert hotline.calls()[0].status is CallStatus.IN_PROGRESS, "it may be silence that is not sent"
            far.silent(30.0)
            assert (await hotline.ended(CallStatus.COMPLETED)).end_reason == "connection lost"
            await asyncio.wait_for(made.heard.over.wait(), 10)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_telephone_that_vanishes_without_a_word_is_noticed(
    home: Path, tmp_path: Path, spoken_and_heard: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SILENT_STEP_S", 1.0)
    monkeypatch.setattr(line, "LOST_AFTER_S", 3.0)

    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline:
            async with baresip(tmp_path, user=EMMA) as phone:
                await phone.dial(hotline.address)
                await phone.until("CALL_ESTABLISHED")
                await hotline.when(lambda: phone.heard(), "the first sound")
                assert hotline.calls()[0].status is CallStatus.IN_PROGRESS
            # it was killed: no BYE, no more sound, and nobody who answers ours
            assert (await hotline.ended(CallStatus.COMPLETED)).end_reason == "connection lost"
            await hotline.when(lambda: hotline.service.engine.streams == 0, "the end of its sound")
            assert hotline.service.switchboard.calls == 0

    asyncio.run(asyncio.wait_for(scenario(), 90))


def test_a_key_that_comes_in_the_sound_and_by_info_is_one_press(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline, caller(hotline.port) as made:
            await made.dial("95598")
            await hotline.to_say("Say outage or bill")
            far = await line_of(hotline)
            far.key("1")
            far.pressed("1", "info")
            await hotline.to_say("Your report is written down.")
            await asyncio.sleep(1)
            assert hotline.said().count("Your report is written down.") == 1

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_key_pressed_the_moment_we_answered_counts(home: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline:
            phone = await Phone.open(hotline.port)
            phone.send(phone.request("INVITE", SDP))
            await phone.response(200)
            kind = "Content-Type: application/dtmf\r\n"
            phone.send(phone.request("INFO", "1", headers=kind))  # their ACK is still under way
            while "INFO" not in ((await phone.response(200)).get_header("cseq") or ""):
                pass
            phone.send(phone.request("ACK", cseq=1))
            await hotline.to_say("Your report is written down.")
            phone.send(phone.request("BYE"))
            await hotline.ended(CallStatus.COMPLETED)
            phone.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_who_talks_on_while_the_machine_stands_still_is_heard_and_pauses_catch_up() -> None:
    async def scenario() -> None:
        port = free_port(2)
        engine = RtpEngine("127.0.0.1", port, port + 1, asyncio.get_running_loop())  # sends nothing: not started
        made = SipLine(engine, measured=lambda _report: None)
        said, pause = pcm_to_mulaw(tone((400.0,), 20)), b"\xff" * 160
        for _ in range(15):  # 0.3 s of a partner's voice at once
            made.hears(said)
        assert made.stream.waiting_s == pytest.approx(0.3)
        for _ in range(10):
            made.hears(pause)
        assert made.stream.waiting_s == pytest.approx(0.3), "a pause need not be heard in full"
        for _ in range(100):
            made.hears(said)
        assert made.stream.waiting_s < 0.55, "what is older than that nobody wants to talk into"
        for _ in range(10):
            made.play(pause)
        assert made.stream.waiting_s < 0.55, "nor does the hotline's own voice stay behind"
        for _ in range(10):
            made.play(said)
        assert made.stream.waiting_s > 0.65, "of which nothing said is ever left out"
        made.hang_up("over")
        engine.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("announced", "source", "goes_to"),
    [
        ("192.168.1.20", "8.8.4.4", "8.8.4.4"),  # a telephone behind a router at home
        ("8.8.8.8", "8.8.4.4", "8.8.8.8"),  # a provider whose sound comes from another machine
        ("10.0.0.5", "10.0.0.9", "10.0.0.5"),  # a PBX and its media server
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("192.168.1.20", "", "192.168.1.20"),
    ],
)
def test_sound_goes_to_where_the_telephone_can_be_reached(announced: str, source: str, goes_to: str) -> None:
    assert reached((announced, 4000), source) == (goes_to, 4000)
