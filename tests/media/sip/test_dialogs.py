"""By which way the requests of a call go."""

from __future__ import annotations

import pytest
import uvloop

from media.sip.config import EndpointConfig
from media.sip.dialogs import Dialog
from media.sip.grammar import BadValue, read_uri
from media.sip.messages import Source
from media.sip.ways import answerable_at, read_server
from tests.media.sip.beginnings import answer, dial, dialled, house_and_phone
from tests.media.sip.phone import SDP, House, Phone, run, scenario, until

HERE = Source("UDP", "192.0.2.1", 5060)


def dialog(*routes: str) -> Dialog:
    return Dialog("c", "<sip:us>;tag=1", "1", "<sip:them>;tag=2", "2", "sip:them@10.0.0.9", routes, HERE)


def test_loose_routers_stand_in_route_and_the_target_in_the_request_line() -> None:
    request = dialog("<sip:p1;lr>", "<sip:p2;lr>").request("BYE")
    assert (request.uri, request.headers.get("route")) == ("sip:them@10.0.0.9", ["<sip:p1;lr>", "<sip:p2;lr>"])
    assert dialog("<sip:p1;lr>").next_hop().host == "p1"


def test_a_strict_router_stands_in_the_request_line_and_the_target_last() -> None:
    request = dialog("<sip:p1>", "<sip:p2;lr>").request("BYE")
    assert (request.uri, request.headers.get("route")) == ("sip:p1", ["<sip:p2;lr>", "<sip:them@10.0.0.9>"])


def test_numbers_of_requests_grow_and_an_ack_bears_the_one_it_is_for() -> None:
    one = dialog()
    assert [one.request(method).get_header("cseq") for method in ("INFO", "BYE")] == ["1 INFO", "2 BYE"]
    assert one.request("ACK", 7).get_header("cseq") == "7 ACK"


@pytest.mark.parametrize(
    ("contact", "source", "there"),
    [
        ("sip:a@198.51.100.7", "192.0.2.1", True),
        ("sip:a@10.0.0.9", "8.8.8.8", False),  # behind NAT
        ("sip:a@10.0.0.9", "10.0.0.1", True),
        ("sip:a@0.0.0.0", "8.8.8.8", False),
        ("sip:a@phone.example", "8.8.8.8", True),
    ],
)
def test_a_private_contact_seen_from_outside_is_not_believed(contact: str, source: str, there: bool) -> None:
    assert answerable_at(read_uri(contact), Source("UDP", source, 5060)) is there


def test_how_a_server_is_written() -> None:
    assert read_server("sip.example") == ("sip.example", 5060)
    assert read_server("[2001:db8::1]:5080") == ("2001:db8::1", 5080)
    for wrong in ("", "a b", "host:99999", "2001:db8::1"):
        with pytest.raises(ValueError, match=r"sip\.trunk\.server"):
            read_server(wrong)


def test_a_contact_that_is_no_uri_changes_nothing() -> None:
    one = dialog()
    with pytest.raises(BadValue):
        one.refresh_target("nowhere", HERE)
    assert one.target == "sip:them@10.0.0.9"


@scenario
async def test_a_call_that_came_through_a_proxy_goes_back_through_it() -> None:
    house = await House.open()
    phone, proxy = await Phone.open(house.port), await Phone.open(house.port)
    way = f"Record-Route: <sip:127.0.0.1:{proxy.port};lr>\r\n"
    answered = await phone.call(headers=way)
    assert answered.headers.get("record-route") == [f"<sip:127.0.0.1:{proxy.port};lr>"]
    await until(lambda: ("answered",) in house.notes[0].heard)
    house.calls[0].hang_up()
    bye = await proxy.asked("BYE")
    assert bye.headers.get("route") == [f"<sip:127.0.0.1:{proxy.port};lr>"]
    assert bye.uri == f"sip:li@127.0.0.1:{phone.port}"


@pytest.mark.parametrize("way", ["<sip:no way there>", "<sip:127.0.0.1;lr>, nowhere", "<mailto>"])
@scenario
async def test_a_way_back_that_cannot_be_read_is_refused_and_leaves_no_call(way: str) -> None:
    house, phone = await house_and_phone()
    phone.send(phone.request("INVITE", SDP, headers=f"Record-Route: {way}\r\n"))
    await phone.refused(400)
    assert not house.calls
    await house.empty()


@scenario
async def test_a_call_of_ours_ends_though_the_way_they_tell_cannot_be_read() -> None:
    house, phone, call, _ = await dialled()
    await answer(phone, await phone.asked("INVITE"), headers="Record-Route: <sip:no way there>\r\n")
    call.hang_up()
    await phone.asked("BYE")
    await house.empty()


@scenario
async def test_a_telephone_that_moves_within_a_call_is_found() -> None:
    house = await House.open()
    phone, elsewhere = await Phone.open(house.port), await Phone.open(house.port)
    await phone.call()
    moved = phone.request("UPDATE").replace(f"sip:li@127.0.0.1:{phone.port}", f"sip:li@127.0.0.1:{elsewhere.port}")
    phone.send(moved)
    await phone.response(200)
    house.calls[0].hang_up()
    await elsewhere.asked("BYE")


def test_it_runs_on_uvloop() -> None:
    async def calls() -> None:
        house, other = await House.open(), await House.open()
        for transport in ("", ";transport=tcp"):
            call, notes = dial(other, f"sip:95598@127.0.0.1:{house.port}{transport}")
            await until(lambda heard=notes.heard: ("answered",) in heard)  # type: ignore[misc]
            call.hang_up()
            await until(lambda one=notes: one.over)  # type: ignore[misc]
        phone = await Phone.open(house.port)
        await phone.invite(200)

    run(calls(), uvloop.new_event_loop)


@scenario
async def test_a_port_that_is_taken_is_told_at_the_start() -> None:
    house = await House.open()
    with pytest.raises(OSError, match=r"in use"):
        await House.open(EndpointConfig(port=house.port))
