"""A call whose far end is gone without a word ends by itself (RFC 4028)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media.sip.config import EndpointConfig
from media.sip.listening import EndReason
from media.sip.session_timers import Session, Watch
from media.sip.timing import Timing
from tests.media.sip.beginnings import answer, dial_phone, house_and_phone
from tests.media.sip.clock import FakeClock
from tests.media.sip.phone import SDP, scenario, until

HERE = EndpointConfig(port=0, session_expires_s=100)
# Hundred times as fast; the retransmissions are slowed down by as much, so that they are FAST still.
SPEED = 100.0
TIMING = Timing(t1=2, t2=16, t4=10)


def test_who_refreshes_does_so_at_half_time_and_who_waits_ends_it_a_little_early() -> None:
    clock = FakeClock()
    told: list[tuple[str, float]] = []
    ours = Watch(clock, lambda: told.append(("refresh", clock.now)), lambda: told.append(("over", clock.now)))
    ours.start(Session(1800, we_refresh=True, they_support=True))
    clock.go_to(2000)
    assert told == [("refresh", 900), ("over", 1800)]
    theirs = Watch(clock, lambda: None, lambda: told.append(("dead", clock.now)))
    theirs.start(Session(1800, we_refresh=False, they_support=True))
    clock.go_to(3000)
    theirs.refreshed()
    clock.go_to(4767)
    assert len(told) == 2
    clock.go_to(4768)  # 32 seconds before it would run out
    assert told[2:] == [("dead", 4768)]
    theirs.stop()
    ours.stop()
    assert clock.pending == 0


@scenario
async def test_a_caller_who_keeps_time_refreshes_and_is_hung_up_when_it_stops() -> None:
    house, phone = await house_and_phone(HERE, TIMING, SPEED)
    answered = await phone.call(headers="Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n")
    assert answered.get_header("session-expires") == "90;refresher=uac"
    assert answered.headers.get("require") == ["timer"]
    phone.send(phone.request("UPDATE", headers="Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n"))
    assert (await phone.response(200)).get_header("session-expires") == "90;refresher=uac"
    await phone.asked("BYE")
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard[-1] == ("ended", EndReason.SESSION_EXPIRED)
    await house.empty()


@pytest.mark.parametrize("allow", ["", "Allow: INVITE, ACK, BYE, UPDATE\r\n"])
@scenario
async def test_a_caller_who_keeps_no_time_is_asked_whether_it_is_there_still(allow: str) -> None:
    house, phone = await house_and_phone(HERE, TIMING, SPEED)
    await phone.call(headers=allow)
    for _ in range(2):
        if allow:
            phone.reply(await phone.asked("UPDATE"), 200)
        else:
            again = await phone.asked("INVITE")
            assert "m=audio 4000" in again.text
            phone.reply(again, 200, SDP)
            await phone.asked("ACK")
    assert house.calls[0].answered
    await phone.asked("UPDATE" if allow else "INVITE")  # and now it is silent
    await phone.asked("BYE")
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard[-1][1] in (EndReason.LOST, EndReason.SESSION_EXPIRED)


@scenario
async def test_a_called_party_that_knows_the_call_no_more_ends_it() -> None:
    house, phone = await house_and_phone(HERE, TIMING, SPEED)
    _, notes = dial_phone(house, phone, ring_timeout_s=2000)
    await answer(phone, await phone.asked("INVITE"), headers="Session-Expires: 90;refresher=uac\r\n")
    phone.reply(await phone.asked("INVITE"), 481)
    await until(lambda: notes.over)
    assert notes.heard[-1] == ("ended", EndReason.LOST)


@scenario
async def test_when_both_ask_at_once_we_ask_again_later() -> None:
    house, phone = await house_and_phone(HERE, TIMING, SPEED)
    await phone.call()
    ours = await phone.asked("INVITE")
    phone.send(phone.request("INVITE", SDP))
    await phone.refused(491)
    phone.reply(ours, 491)
    await phone.asked("ACK")
    again = await phone.asked("INVITE")
    phone.reply(again, 200, SDP)
    await phone.asked("ACK")
    assert house.calls[0].answered


@scenario
async def test_an_update_that_is_not_taken_is_followed_by_a_re_invite() -> None:
    _, phone = await house_and_phone(HERE, TIMING, SPEED)
    await phone.call(headers="Allow: INVITE, UPDATE\r\n")
    phone.reply(await phone.asked("UPDATE"), 405)
    phone.reply(await phone.asked("INVITE"), 200, SDP)
    await phone.asked("ACK")


@scenario
async def test_a_far_end_that_takes_over_the_refreshing_is_left_to_it() -> None:
    house, phone = await house_and_phone(replace(HERE, session_expires_s=400), TIMING, SPEED)
    await phone.call(headers="Allow: INVITE, UPDATE\r\n")
    phone.reply(await phone.asked("UPDATE"), 200, headers="Session-Expires: 90;refresher=uas\r\n")
    await phone.asked("BYE")  # it did not: 60 seconds later, and without another UPDATE of ours
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard[-1] == ("ended", EndReason.SESSION_EXPIRED)


@scenario
async def test_a_refresh_changes_nothing_that_is_told() -> None:
    house, phone = await house_and_phone(replace(HERE, session_expires_s=90), TIMING, SPEED)
    answered = await phone.call()
    again = await phone.asked("INVITE")
    assert again.text == answered.text
    phone.reply(again, 200, SDP)
    await phone.asked("ACK")
    assert ("media_changed",) not in house.notes[0].heard
