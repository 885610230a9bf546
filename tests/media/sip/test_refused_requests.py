"""What does not become a call, and what whoever asked is told."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from media.sip.call import SipCall
from media.sip.config import EndpointConfig, Limits
from media.sip.listening import EndReason
from tests.media.sip.beginnings import house_and_phone
from tests.media.sip.phone import SDP, House, Phone, scenario, until

HERE = EndpointConfig(port=0)


@scenario
async def test_a_cancel_of_nothing_is_told_481() -> None:
    _, phone = await house_and_phone()
    phone.send(phone.request("CANCEL", branch="z9hG4bKnothing", cseq=1))
    await phone.response(481)


@scenario
async def test_calls_beyond_the_cap_are_told_when_to_try_again() -> None:
    house = await House.open(replace(HERE, max_calls=1))
    first, second = await Phone.open(house.port), await Phone.open(house.port)
    await first.call()
    invite = second.request("INVITE", SDP)
    second.send(invite)
    refused = await second.response(503)
    assert refused.get_header("retry-after") == "10"
    assert len(house.calls) == 1
    assert house.endpoint.refusals["503: as many calls as may be"] == 1
    await first.hang_up()
    second.send(invite)  # the same, sent before the refusal was there: nobody waits for a call of it any more
    await second.refused(503)
    assert len(house.calls) == 1
    await second.invite(200)
    assert len(house.calls) == 2


@scenario
async def test_a_call_nobody_takes_is_refused_in_time() -> None:
    house, phone = await house_and_phone(replace(HERE, limits=Limits(answer_within_s=0.1)))
    house.take = lambda call: None
    phone.send(phone.request("INVITE", SDP))
    await phone.refused(480)
    assert house.notes[0].heard == [("ended", EndReason.NOT_ANSWERED)]


@scenario
async def test_a_fault_in_taking_a_call_is_answered_500() -> None:
    def broken(call: SipCall) -> None:
        raise RuntimeError("no rows today")

    house, phone = await house_and_phone()
    house.take = broken
    phone.send(phone.request("INVITE", SDP))
    await phone.refused(500)


@pytest.mark.parametrize(
    ("change", "status", "header"),
    [
        (("Max-Forwards: 70", "Max-Forwards: 0"), 483, None),
        (("Max-Forwards: 70", "Max-Forwards: 70\r\nRequire: 100rel, timer"), 420, ("unsupported", "100rel")),
        (("application/sdp", "application/isup"), 415, ("accept", "application/sdp")),
        (("m=audio", "m=video"), 488, None),
        (("RTP/AVP", "RTP/SAVP"), 488, None),
        (("8 0 101", "18 101"), 488, None),
        (("m=audio 6000", "m=audio zero"), 400, None),
        (("Contact:", "X-Contact:"), 400, None),
        (("Max-Forwards: 70", "Max-Forwards: 70\r\nSession-Expires: 30\r\nSupported: timer"), 422, ("min-se", "90")),
        (("Max-Forwards: 70", "Max-Forwards: 70\r\nAccept: text/plain"), 406, None),
        (("sip:95598@127.0.0.1:", "mms:95598@127.0.0.1:"), 416, None),
    ],
)
@scenario
async def test_what_cannot_be_taken_is_refused_with_its_reason(
    change: tuple[str, str], status: int, header: tuple[str, str] | None
) -> None:
    house, phone = await house_and_phone()
    invite = phone.request("INVITE", SDP).replace(*change, 1)
    head, _, body = invite.partition("\r\n\r\n")
    head = head.rpartition("Content-Length")[0] + f"Content-Length: {len(body)}"
    phone.send(f"{head}\r\n\r\n{body}")
    refusal = await phone.refused(status)
    if header is not None:
        assert refusal.get_header(header[0]) == header[1]
    assert not house.calls


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *((method, 405) for method in ("MESSAGE", "SUBSCRIBE", "REGISTER", "PUBLISH", "PRACK", "JUMP")),
        *((method, 481) for method in ("BYE", "UPDATE", "INFO", "NOTIFY")),
        ("REFER", 603),
    ],
)
@scenario
async def test_requests_outside_a_call_are_refused(method: str, status: int) -> None:
    _, phone = await house_and_phone()
    phone.send(phone.request(method))
    refused = await phone.response(status)
    assert status != 405 or "INVITE" in (refused.get_header("allow") or "")


@scenario
async def test_options_tell_what_we_take() -> None:
    _, phone = await house_and_phone()
    phone.send(phone.request("OPTIONS").replace("Max-Forwards: 70", "Max-Forwards: 0"))
    told = await phone.response(200)
    assert "INVITE" in told.headers.get("allow")
    assert "application/sdp" in told.headers.get("accept")


@scenario
async def test_strangers_are_refused_and_then_not_answered_any_more() -> None:
    limits = Limits(refusals_per_address=3)
    house, phone = await house_and_phone(replace(HERE, allow=(ip_network("10.0.0.0/8"),), limits=limits))
    for _ in range(3):
        await phone.invite(403)
    assert not house.calls
    for method in ("INVITE", "OPTIONS", "REGISTER", "CANCEL"):
        phone.send(phone.request(method))
    phone.their_tag = "as-if-within-a-call"
    phone.send(phone.request("OPTIONS"))
    phone.send(phone.request("BYE"))
    phone.send(b"\x00\xff nothing like SIP")
    await until(lambda: sum(house.endpoint.refusals.values()) == 10)
    assert phone.messages.empty()
