"""The far end is asked to call somebody else itself, and tells how that goes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from media.sip.config import EndpointConfig, Limits, Trunk
from media.sip.listening import EndReason, ReferOutcome
from tests.media.sip.beginnings import house_and_phone, standing
from tests.media.sip.phone import Phone, scenario, until


async def told(phone: Phone, status: str, state: str = "active;expires=60") -> None:
    headers = f"Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n"
    phone.send(phone.request("NOTIFY", f"SIP/2.0 {status}\r\n", headers=headers))
    await phone.response(200)


@pytest.mark.parametrize(
    ("last", "outcome"),
    [("200 OK", ReferOutcome(True, 200, "OK")), ("486 Busy Here", ReferOutcome(False, 486, "Busy Here"))],
)
@scenario
async def test_its_end_is_told(last: str, outcome: ReferOutcome) -> None:
    house, phone = await standing()
    asking = asyncio.create_task(house.calls[0].refer("+8613800571009"))
    refer = await phone.asked("REFER")
    assert "sip:+8613800571009@127.0.0.1" in (refer.get_header("refer-to") or "")
    phone.reply(refer, 202)
    await told(phone, "100 Trying")
    await told(phone, "180 Ringing")
    assert not asking.done()
    await told(phone, last, "terminated;reason=noresource")
    assert await asking == outcome
    assert house.calls[0].answered
    house.calls[0].hang_up()
    await phone.asked("BYE")


@pytest.mark.parametrize(
    ("trunk", "place"),
    [
        (Trunk("127.0.0.1:5090"), "127.0.0.1:5090"),
        (Trunk("127.0.0.1"), "127.0.0.1"),
        (Trunk("127.0.0.1:5090", domain="trunk.example"), "trunk.example"),
    ],
)
@scenario
async def test_a_number_is_called_where_the_trunk_is(trunk: Trunk, place: str) -> None:
    house, phone = await standing(EndpointConfig(port=0, trunk=trunk))
    asking = asyncio.create_task(house.calls[0].refer("+8613800571009"))
    refer = await phone.asked("REFER")
    assert refer.get_header("refer-to") == f"<sip:+8613800571009@{place}>"
    phone.reply(refer, 603)
    assert not (await asking).done


@scenario
async def test_who_does_not_transfer_says_so() -> None:
    house, phone = await standing()
    asking = asyncio.create_task(house.calls[0].refer("sip:desk@pbx.example"))
    phone.reply(await phone.asked("REFER"), 405)
    outcome = await asking
    assert (outcome.done, outcome.status) == (False, 405)
    assert house.calls[0].answered


@scenario
async def test_a_far_end_that_takes_it_and_goes_has_been_transferred() -> None:
    house, phone = await standing()
    asking = asyncio.create_task(house.calls[0].refer("+8613800571009"))
    phone.reply(await phone.asked("REFER"), 202)
    await told(phone, "100 Trying")
    await phone.hang_up()
    assert (await asking).done
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard[-1] == ("ended", EndReason.TRANSFERRED)


@scenario
async def test_a_far_end_that_just_goes_has_not() -> None:
    house, phone = await standing()
    asking = asyncio.create_task(house.calls[0].refer("+8613800571009"))
    await phone.asked("REFER")
    await phone.hang_up()
    assert not (await asking).done
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard[-1] == ("ended", EndReason.FAR_END)


@scenario
async def test_one_of_which_nothing_is_told_is_given_up() -> None:
    house, phone = await standing(EndpointConfig(port=0, limits=replace(Limits(), transfer_s=0.1)))
    asking = asyncio.create_task(house.calls[0].refer("+8613800571009"))
    phone.reply(await phone.asked("REFER"), 202)
    outcome = await asking
    assert (outcome.done, outcome.status) == (False, 408)


@scenario
async def test_a_notify_that_nobody_asked_for_is_refused() -> None:
    _, phone = await standing()
    phone.send(phone.request("NOTIFY", headers="Event: refer\r\n"))
    await phone.response(481)
    phone.send(phone.request("NOTIFY", headers="Event: message-summary\r\n"))
    await phone.response(489)


@scenario
async def test_a_call_that_does_not_stand_cannot_be_transferred() -> None:
    house, phone = await house_and_phone()
    house.take = lambda call: call.ring()
    phone.send(phone.request("INVITE"))
    await phone.response(180)
    assert not (await house.calls[0].refer("+8613800571009")).done
