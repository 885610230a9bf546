"""What the caller asks within a call that stands."""

from __future__ import annotations

import pytest

from media.codec import Codec
from tests.media.sip.beginnings import house_and_phone, standing
from tests.media.sip.phone import SDP, scenario, until

INFO = "Content-Type: application/dtmf-relay\r\n"


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@scenario
async def test_hold_and_another_place_and_law_are_followed(method: str) -> None:
    house, phone = await standing()
    call = house.calls[0]

    async def change(sdp: str) -> str:
        phone.send(phone.request(method, sdp))
        answer = await phone.response(200)
        if method == "INVITE":
            phone.send(phone.request("ACK"))
        return answer.text

    answer = await change(SDP.replace("sendrecv", "sendonly").replace("6000", "7000"))
    assert "a=recvonly" in answer
    assert call.remote is not None
    assert (call.remote.address, call.remote.sends, call.remote.receives) == (("127.0.0.1", 7000), True, False)
    await until(lambda: house.notes[0].heard.count(("media_changed",)) == 1)
    await change(SDP.replace("IP4 127.0.0.1\r\nt=", "IP4 0.0.0.0\r\nt="))
    assert call.remote.receives is False
    answer = await change(SDP.replace("8 0 101", "8"))
    assert call.codec is Codec.PCMA
    assert "m=audio 4000 RTP/AVP 8\r\n" in answer
    assert call.remote.dtmf_type is None
    versions = answer.split("o=- ")[1].split()[1]
    assert int(versions) > 1
    await phone.hang_up()


@scenario
async def test_a_change_we_cannot_take_leaves_the_call_as_it_was() -> None:
    house, phone = await standing()
    phone.send(phone.request("INVITE", SDP.replace("8 0 101", "18")))
    await phone.refused(488)
    phone.send(phone.request("INFO", "Signal=5\r\nDuration=160\r\n", headers=INFO))
    await phone.response(200)
    assert ("media_changed",) not in house.notes[0].heard
    assert house.calls[0].answered


@scenario
async def test_a_change_that_overtakes_an_ack_takes_its_place() -> None:
    house, phone = await house_and_phone()
    await phone.invite(200)
    for port in ("6002", "6004"):  # and no ACK but the last
        phone.send(phone.request("INVITE", SDP.replace("6000", port)))
        while (await phone.response(200)).get_header("cseq") != f"{phone.cseq} INVITE":
            pass
    phone.send(phone.request("ACK", cseq=phone.cseq))
    house.clock.hurry(20)  # past the half minute in which an ACK is waited for
    await until(lambda: house.endpoint.counts.server_transactions == 0)
    assert house.notes[0].heard == [("answered",), ("media_changed",), ("media_changed",)]
    assert house.calls[0].answered


@scenario
async def test_a_change_that_tells_no_place_to_answer_to_leaves_the_sound_where_it_was() -> None:
    house, phone = await standing()
    moved = phone.request("INVITE", SDP.replace("6000", "7000"))
    phone.send(moved.replace(f"<sip:li@127.0.0.1:{phone.port}>", "<li, at home>"))
    await phone.refused(400)
    phone.send(phone.request("UPDATE"))
    await phone.response(200)
    call = house.calls[0]
    assert call.remote is not None
    assert call.remote.address == ("127.0.0.1", 6000)


@pytest.mark.parametrize(
    ("kind", "body", "key"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"),
        ("application/dtmf-relay", "signal = *\r\n", "*"),
        ("application/dtmf-relay", "Signal=11\r\n", "#"),
        ("application/dtmf", "7", "7"),
        ("application/dtmf; charset=x", " d ", "D"),
    ],
)
@scenario
async def test_keys_come_by_info(kind: str, body: str, key: str) -> None:
    house, phone = await standing()
    info = phone.request("INFO", body, headers=f"Content-Type: {kind}\r\n")
    phone.send(info)
    phone.send(info)  # lost answer: the key counts once
    await phone.response(200)
    await phone.response(200)
    await until(lambda: ("key", key) in house.notes[0].heard)
    assert house.notes[0].heard.count(("key", key)) == 1


@scenario
async def test_an_info_of_another_kind_is_told_what_is_taken() -> None:
    _, phone = await standing()
    phone.send(phone.request("INFO", "<x/>", headers="Content-Type: application/media_control+xml\r\n"))
    assert "application/dtmf-relay" in (await phone.response(415)).headers.get("accept")


@scenario
async def test_a_call_unknown_here_is_told_481() -> None:
    house, phone = await standing()
    right, phone.their_tag = phone.their_tag, "another"
    phone.send(phone.request("BYE"))
    await phone.response(481)
    phone.their_tag, phone.tag = right, "somebody-else"
    phone.send(phone.request("BYE"))
    await phone.response(481)
    assert house.calls[0].answered


@scenario
async def test_a_transfer_asked_of_us_is_declined() -> None:
    house, phone = await standing()
    phone.send(phone.request("REFER", headers="Refer-To: <sip:190011@premium.example>\r\n"))
    await phone.response(603)
    assert house.calls[0].answered


@scenario
async def test_requests_out_of_order_are_not_acted_upon() -> None:
    house, phone = await standing()
    phone.send(phone.request("BYE", cseq=1))
    await phone.response(500)
    assert house.calls[0].answered
