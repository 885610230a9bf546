"""People who phone in by SIP: they hear the hotline, are heard, and everybody's end is told to the rows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from media import texts
from media.sip_calls.line import SipLine
from models import CallStatus, Channel, Direction
from setting_sections import SipTrunk
from tests.media.sip_calls.house import EMMA, SHORT, Speech, house, sip_settings
from tests.scenarios import run
from tests.telephones import sipp
from tests.telephones.baresip import baresip
from tests.telephones.speech import spoken

DESK = "+8657188880000"


def test_a_caller_of_the_other_law_hears_the_welcome_and_hangs_up(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with (
            house(sip_settings(home), spoken_and_heard) as hotline,
            baresip(tmp_path, user=EMMA, codec="PCMA") as caller,
        ):
            await caller.dial(hotline.address)
            await caller.until("CALL_ESTABLISHED")
            first = await hotline.when(hotline.said, "the first words")
            await caller.hears(hotline.sound(first[0]))
            await caller.hears(hotline.sound(await hotline.to_say("Say outage or bill")))
            call = hotline.calls()[0]
            assert (call.channel, call.direction, call.from_number) == (Channel.SIP, Direction.INBOUND, EMMA)
            assert (call.status, call.to_number) == (CallStatus.IN_PROGRESS, "95598")
            await caller.hang_up()
            assert (await hotline.ended(CallStatus.COMPLETED)).end_reason == "caller hung up"

    run(scenario())


def test_speech_stops_a_prompt_and_the_menu_goes_where_it_says(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        settings = sip_settings(home)
        menu_text = "Say outage or bill, or press a key."
        longer = f"{menu_text} You may say so at any time, and you need not wait until all of this was said to you."
        (home / "flows" / "main.yaml").write_text(SHORT.replace(menu_text, longer))
        async with house(settings, spoken_and_heard) as hotline, baresip(tmp_path, user=EMMA) as caller:
            await caller.dial(hotline.address)
            menu = hotline.sound(await hotline.to_say("Say outage or bill"))
            begun = await caller.hears(menu[:16_000])
            await caller.say("report an outage")
            await caller.hears(hotline.sound(await hotline.to_say("Your report is written down.")), after_s=begun)
            await caller.hears_not(menu[-16_000:])

    run(scenario())


def test_nobody_is_answered_by_a_name_and_a_stranger_without_a_number_is_anonymous(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline, baresip(tmp_path, user="alice") as caller:
            await caller.dial(f"sip:hotline@127.0.0.1:{hotline.port}")
            await caller.until("CALL_ESTABLISHED")
            call = hotline.calls()[0]
            assert (call.from_number, call.to_number) == ("anonymous", "95598")

    run(scenario())


def test_a_full_hotline_says_503_and_writes_nothing_down(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        settings = sip_settings(home, max_calls=1)
        async with house(settings, spoken_and_heard) as hotline, baresip(tmp_path, user=EMMA) as first:
            await first.dial(hotline.address)
            await first.until("CALL_ESTABLISHED")
            await hotline.when(lambda: hotline.service.switchboard.calls == 1, "the first call")
            second = await sipp.sipp(tmp_path / "second", hotline.port, sipp.refused(503), answered=False)
            assert second.code == 0, second.errors
            assert len(hotline.calls()) == 1

    run(scenario())


def test_who_hangs_up_while_it_rings_is_not_taken_for_a_caller_who_talked(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline, baresip(tmp_path, user=EMMA) as caller:
            begun = hotline.slow_to_begin()
            await caller.dial(hotline.address)
            await caller.until("CALL_RINGING")
            await caller.hang_up()
            await hotline.when(lambda: hotline.service.endpoint.calls == 0, "the end of the ringing")
            begun.set()
            assert (await hotline.ended(CallStatus.CANCELED)).end_reason == "cancelled by the caller"
            assert hotline.service.switchboard.calls == 0

    run(scenario())


def test_a_database_that_is_away_is_an_apology(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline, baresip(tmp_path, user=EMMA) as caller:
            hotline.break_the_rows()
            await caller.dial(hotline.address)
            await caller.until("CALL_CLOSED")
            await caller.hears(hotline.sound(texts.text("apology", "zh-CN"), "zh-CN"))
            assert not hotline.service.switchboard.full

    run(scenario())


@pytest.mark.parametrize("when", ["from the beginning", "in the midst of a call"])
def test_a_database_that_is_away_leads_to_a_person(
    when: str, home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with (
            baresip(tmp_path, user=EMMA) as caller,
            baresip(tmp_path, user=DESK, answers=True, says="this is the desk, what can i do for you") as desk,
        ):
            settings = sip_settings(home, trunk=SipTrunk(server=f"127.0.0.1:{desk.port}"))
            utility = settings.utility.model_copy(update={"transfer_number": DESK})
            async with house(settings.model_copy(update={"utility": utility}), spoken_and_heard) as hotline:
                language = "zh-CN"
                if when == "from the beginning":
                    hotline.break_the_rows()
                    await caller.dial(hotline.address)
                else:
                    await caller.dial(hotline.address)
                    await hotline.to_say("Say outage or bill")
                    hotline.break_the_rows()
                    await caller.press("1")
                    language = "en"
                await caller.hears(hotline.sound(texts.text("apology_transfer", language), language))
                await desk.until("CALL_ESTABLISHED")
                await caller.hears_talk(spoken("this is the desk, what can i do for you"))
                await caller.hang_up()
                await desk.until("CALL_CLOSED")
                await hotline.when(lambda: hotline.service.engine.streams == 0, "the end of every stream")

    run(scenario())


def test_on_hold_time_stands_still_and_the_call_goes_on_afterwards(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        settings = sip_settings(home)
        (home / "flows" / "main.yaml").write_text(SHORT.replace("first_input_s: 3", "first_input_s: 1"))
        async with house(settings, spoken_and_heard) as hotline, baresip(tmp_path, user=EMMA) as caller:
            await caller.dial(hotline.address)
            await caller.hears(hotline.sound(await hotline.to_say("Say outage or bill"))[:16_000])
            line = hotline.service.switchboard.all()[0].line
            assert isinstance(line, SipLine)
            await caller.hold()
            await hotline.when(lambda: line.held, "the hold")
            before = hotline.said()
            await asyncio.sleep(4)  # longer than the rest of the menu and its patience together
            assert hotline.said() == before
            await caller.resume()
            await hotline.when(lambda: not line.held, "the end of the hold")
            await caller.press("2")
            await hotline.to_say("You owe nothing at all.")

    run(scenario())


def test_twenty_callers_at_once_press_keys_and_are_all_served(
    home: Path, tmp_path: Path, spoken_and_heard: Speech
) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline:
            steps = [sipp.wait(0.5), sipp.press("1"), sipp.wait(1), sipp.press("2"), sipp.wait(1), sipp.press("3")]
            steps.append(sipp.hung_up_on())  # however long it takes to serve all of them
            callers = await sipp.sipp(tmp_path / "callers", hotline.port, steps, calls=20, per_second=20)
            assert callers.code == 0, callers.errors
            await hotline.when(lambda: hotline.service.switchboard.calls == 0, "the end of all calls")
            calls = hotline.calls()
            assert [call.status for call in calls] == [CallStatus.COMPLETED] * 20
            told = [hotline.said(index) for index in range(20)]
            answers = ("Your report is written down.", "You owe nothing at all.")
            assert all(answer in words for words in told for answer in answers), told

    run(scenario())


def test_sipp_says_it_in_words(home: Path, tmp_path: Path, spoken_and_heard: Speech) -> None:
    async def scenario() -> None:
        async with house(sip_settings(home), spoken_and_heard) as hotline:
            steps = [sipp.wait(0.5), sipp.say(spoken("report an outage")), sipp.hung_up_on()]
            calling = asyncio.create_task(sipp.sipp(tmp_path / "caller", hotline.port, steps, transport="t1"))
            await hotline.to_say("Your report is written down.")
            hotline.service.switchboard.all()[0].call.say_last("too_long", "time limit")
            caller = await calling
            assert caller.code == 0, caller.errors
            await hotline.ended(CallStatus.COMPLETED)

    run(scenario())
