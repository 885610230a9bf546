"""Real calls of SIPp, in and out."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from media.sip.call import SipCall
from media.sip.config import EndpointConfig, Trunk
from media.sip.listening import EndReason
from media.sip.timing import Timing
from tests.media.sip.beginnings import dial
from tests.media.sip.phone import House, Notes, scenario, until
from tests.media.sip.sipp import Sipp, calls, needs_sipp
from tests.ports import free_port

pytestmark = needs_sipp

HERE = EndpointConfig(port=0)
STRANGERS_ALONE = replace(HERE, allow=(ip_network("192.0.2.0/24"),), accounts={"pbx": "a long password"})


@scenario
async def test_calls_are_answered_and_hung_up() -> None:
    house = await House.open()
    await calls(house.port, "quick", "-r", "50", calls=50)
    await until(lambda: sum(notes.over for notes in house.notes) == 50)
    assert all(notes.heard[-1] == ("ended", EndReason.FAR_END) for notes in house.notes)
    assert {call.from_number for call in house.calls} == {"+8613800571001"}
    await house.empty()


@scenario
async def test_calls_over_tcp() -> None:
    house = await House.open()
    await calls(house.port, "quick", "-t", "t1", "-r", "50", calls=20)
    await calls(house.port, "quick", "-t", "tn", "-max_socket", "50", "-r", "50", calls=20)
    assert len(house.calls) == 40
    await until(lambda: house.endpoint.counts.connections == 0)
    await house.empty()


@scenario
async def test_calls_get_through_where_every_seventh_message_is_lost() -> None:
    house = await House.open(timing=Timing())
    await calls(house.port, "call", "-lost", "15", "-r", "20", calls=8)
    await until(lambda: sum(notes.over for notes in house.notes) == len(house.calls))
    assert len(house.calls) == 8  # none was made twice
    # A caller whose every ACK was lost may hang up all the same.
    assert {notes.heard.count(("answered",)) for notes in house.notes} <= {0, 1}
    assert {notes.heard[-1] for notes in house.notes} == {("ended", EndReason.FAR_END)}


@scenario
async def test_callers_who_give_up() -> None:
    house = await House.open()
    house.take = lambda call: call.ring()
    await calls(house.port, "cancel", "-r", "20", calls=10)
    await until(lambda: sum(notes.over for notes in house.notes) == 10)
    assert {notes.heard[-1] for notes in house.notes} == {("ended", EndReason.CANCELLED)}
    await house.empty()


@scenario
async def test_hold_and_back() -> None:
    house = await House.open()
    seen: list[tuple[bool, bool]] = []

    class Watching(Notes):
        def media_changed(self, call: SipCall) -> None:
            super().media_changed(call)
            assert call.remote is not None
            seen.append((call.remote.sends, call.remote.receives))

    def take(call: SipCall) -> None:
        house.notes[-1] = Watching()
        call.listener = house.notes[-1]
        call.accept(("127.0.0.1", 4000))

    house.take = take
    await calls(house.port, "hold")
    await until(lambda: house.notes[0].over)
    assert seen == [(True, False), (False, False), (True, True)]


@scenario
async def test_keys_by_info() -> None:
    house = await House.open()
    await calls(house.port, "keys")
    await until(lambda: house.notes[0].over)
    assert [event for event in house.notes[0].heard if event[0] == "key"] == [("key", "5"), ("key", "#")]


@scenario
async def test_a_caller_with_a_password_is_let_in() -> None:
    house = await House.open(STRANGERS_ALONE)
    await calls(house.port, "digest", "-au", "pbx", "-ap", "a long password", calls=3)
    assert len(house.calls) == 3


@scenario
async def test_a_caller_with_a_wrong_password_is_not() -> None:
    house = await House.open(STRANGERS_ALONE)
    await calls(house.port, "wrong_password", "-au", "pbx", "-ap", "guessed", calls=2)
    await calls(house.port, "wrong_password", "-au", "nobody", "-ap", "guessed", calls=2)
    assert not house.calls
    assert house.endpoint.refusals["a wrong user name or password"] == 4


@scenario
async def test_options_as_a_keepalive() -> None:
    house = await House.open()
    await calls(house.port, "options", "-r", "50", calls=20)
    assert not house.calls


@scenario
async def test_beyond_the_cap_they_are_told_to_come_again() -> None:
    house = await House.open(replace(HERE, max_calls=0))
    await calls(house.port, "refused", "-r", "50", calls=20)
    assert not house.calls
    assert house.endpoint.refusals["503: as many calls as may be"] == 20


async def dialled(scenario: str, said: str = "", ring_timeout_s: float = 20) -> tuple[House, Notes, Sipp, SipCall]:
    port = free_port()
    house = await House.open(replace(HERE, trunk=Trunk(f"127.0.0.1:{port}")), timing=Timing())
    sipp = await Sipp.start(scenario, "-p", str(port), said=said)
    call, notes = dial(house, "+8613800571001", ring_timeout_s)
    return house, notes, sipp, call


@pytest.mark.parametrize("said", ["486 Busy Here", "603 Decline", "404 Not Found", "480 Temporarily Unavailable"])
@scenario
async def test_the_called_party_refuses(said: str) -> None:
    _, notes, sipp, _ = await dialled("called_refuses", said)
    await sipp.finished()
    await until(lambda: notes.over)
    assert notes.heard == [("refused", int(said[:3]))]


@scenario
async def test_the_called_party_does_not_answer() -> None:
    _, notes, sipp, _ = await dialled("called_silent", ring_timeout_s=2)
    await sipp.finished()
    await until(lambda: notes.over)
    assert notes.heard == [("rings",), ("refused", 408)]


@scenario
async def test_sound_before_the_answer_is_no_answer() -> None:
    _, notes, sipp, call = await dialled("called_early_media")
    await until(lambda: ("answered",) in notes.heard)
    call.hang_up()
    await sipp.finished()
    await until(lambda: notes.over)
    assert notes.heard == [("rings",), ("answered",), ("ended", EndReason.OURS)]
