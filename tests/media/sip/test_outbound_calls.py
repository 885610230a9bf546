"""What becomes of a call of ours, by what the called telephone says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiosipua import SipRequest, SipResponse, parse_sdp

from media.codec import Codec
from media.sip.config import EndpointConfig, Trunk
from media.sip.endpoint import NoTrunk, Unavailable
from media.sip.listening import EndReason
from tests.media.sip.beginnings import answer, dial, dial_phone, dialled, house_and_phone, house_and_trunk, standing
from tests.media.sip.phone import SDP, House, Notes, scenario, until

HERE = EndpointConfig(port=0)


@scenario
async def test_it_rings_and_is_answered_and_we_hang_up() -> None:
    house, phone, call, notes = await dialled(headers={"User-to-User": "ticket-7"})
    invite = await phone.asked("INVITE")
    assert parse_sdp(invite.text).rtp_address == ("127.0.0.1", 4000)
    assert invite.get_header("user-to-user") == "ticket-7"
    phone.reply(invite, 180)
    phone.reply(invite, 183, SDP)
    await answer(phone, invite, SDP)
    await until(lambda: ("answered",) in notes.heard)
    assert notes.heard == [("rings",), ("answered",)]
    assert call.remote is not None
    assert call.remote.address == ("127.0.0.1", 6000)
    assert call.codec is Codec.PCMA  # the first they name
    call.hang_up()
    await phone.asked("BYE")
    await until(lambda: notes.over)
    assert notes.heard[-1] == ("ended", EndReason.OURS)
    await house.empty()


@scenario
async def test_they_hang_up() -> None:
    _, phone, _, notes = await dialled()
    await answer(phone, await phone.asked("INVITE"))
    bye = phone.request("BYE")
    phone.send(bye.replace('"Li" <sip:013800571001@127.0.0.1>', "<sip:13800571001@127.0.0.1>"))  # whom we have called
    await phone.response(200)
    await until(lambda: notes.over)
    assert notes.heard == [("answered",), ("ended", EndReason.FAR_END)]


@pytest.mark.parametrize("status", [486, 600, 480, 603, 404, 403, 500, 503, 302])
@scenario
async def test_a_refusal_is_told_by_its_status_and_acknowledged(status: int) -> None:
    house, phone, call, notes = await dialled()
    phone.reply(await phone.asked("INVITE"), status)
    await phone.asked("ACK")
    await until(lambda: notes.over)
    assert notes.heard == [("refused", status)]
    assert (call.over, call.unreachable) == (True, False)
    assert house.endpoint.calls == 0


@scenario
async def test_nobody_comes_in_time_and_it_is_cancelled() -> None:
    house, phone, call, notes = await dialled(ring_timeout_s=0.2)
    invite = await phone.asked("INVITE")
    phone.reply(invite, 180)
    cancel = await phone.asked("CANCEL")
    assert cancel.headers.get("via") == invite.headers.get("via")
    phone.reply(cancel, 200)
    phone.reply(invite, 487)
    await phone.asked("ACK")
    await until(lambda: notes.over)
    assert notes.heard == [("rings",), ("refused", 408)]
    assert not call.unreachable
    await house.empty()


@scenario
async def test_a_far_end_that_goes_on_ringing_is_cancelled_once() -> None:
    house, phone, call, notes = await dialled()
    invite = await phone.asked("INVITE")
    phone.reply(invite, 180)
    await until(lambda: notes.heard == [("rings",)])
    call.hang_up()
    phone.reply(await phone.asked("CANCEL"), 200)
    for _ in range(5):
        phone.reply(invite, 180)
    phone.send(phone.request("OPTIONS"))
    while not isinstance(await phone.messages.get(), SipResponse):  # all that was said before has been heard
        pass
    assert house.endpoint.counts.client_transactions <= 2  # the INVITE's and the CANCEL's
    assert house.endpoint.counts.timers <= 4
    await house.empty()


@scenario
async def test_where_nothing_answers_it_is_unreachable() -> None:
    house, phone, call, notes = await dialled()
    for _ in range(5):
        await phone.asked("INVITE", again=True)
    await until(lambda: notes.over)
    assert notes.heard == [("refused", 503)]
    assert call.unreachable
    await house.empty()


@scenario
async def test_a_host_that_is_not_there_is_unreachable() -> None:
    house = await House.open()
    notes = Notes()
    call = house.endpoint.dial(
        "sip:li@nowhere.invalid", from_number="", rtp=("127.0.0.1", 4000), ring_timeout_s=9, listener=notes
    )
    await until(lambda: notes.over)
    assert notes.heard == [("refused", 503)]
    assert call.unreachable


@scenario
async def test_a_closed_tcp_port_is_unreachable_at_once() -> None:
    house, phone = await house_and_phone()
    _, notes = dial(house, f"sip:li@127.0.0.1:{phone.port};transport=tcp", ring_timeout_s=60)
    await until(lambda: notes.over)
    assert notes.heard == [("refused", 503)]


@scenario
async def test_giving_up_before_anything_was_heard_waits_with_the_cancel() -> None:
    house, phone, call, notes = await dialled()
    invite = await phone.asked("INVITE")
    call.hang_up()
    await until(lambda: notes.over)
    assert notes.heard == [("refused", 487)]
    assert all(isinstance(one, SipRequest) and one.method == "INVITE" for one in list(phone.messages._queue))  # type: ignore[attr-defined]
    phone.reply(invite, 100)
    phone.reply(await phone.asked("CANCEL"), 200)
    phone.reply(invite, 487)
    await phone.asked("ACK")
    await house.empty()


@scenario
async def test_an_answer_that_crosses_our_cancel_is_acknowledged_and_hung_up() -> None:
    house, phone, call, notes = await dialled()
    invite = await phone.asked("INVITE")
    phone.reply(invite, 180)
    await until(lambda: ("rings",) in notes.heard)
    call.hang_up()
    cancel = await phone.asked("CANCEL")
    phone.reply(invite, 200, SDP)
    await phone.asked("ACK")
    await phone.asked("BYE")
    phone.reply(cancel, 481)
    assert notes.heard == [("rings",), ("refused", 487)]
    await house.empty()


@scenario
async def test_of_two_telephones_that_answer_the_second_is_hung_up() -> None:
    _, phone, call, notes = await dialled()
    invite = await phone.asked("INVITE")
    phone.reply(invite, 180, tag="desk")
    phone.reply(invite, 180, tag="mobile")
    await answer(phone, invite, tag="desk")
    phone.reply(invite, 200, SDP, tag="mobile")
    ack, bye = await phone.asked("ACK"), await phone.asked("BYE")
    assert all("tag=mobile" in (request.get_header("to") or "") for request in (ack, bye))
    assert notes.heard == [("rings",), ("answered",)]
    assert call.answered
    phone.reply(invite, 200, SDP, tag="desk")  # our ACK was lost
    ack = await phone.asked("ACK")
    assert "tag=desk" in (ack.get_header("to") or "")


@pytest.mark.parametrize("sdp", ["", SDP.replace("8 0 101", "18"), "nonsense"])
@scenario
async def test_an_answer_without_sound_we_can_take_is_hung_up(sdp: str) -> None:
    house, phone, _, notes = await dialled()
    await answer(phone, await phone.asked("INVITE"), sdp)
    await phone.asked("BYE")
    await until(lambda: notes.over)
    assert notes.heard == [("refused", 488)]
    assert house.endpoint.calls == 0


@scenario
async def test_a_longer_session_timer_is_agreed_to() -> None:
    _, phone, _, notes = await dialled(replace(HERE, session_expires_s=90))
    phone.reply(await phone.asked("INVITE"), 422, headers="Min-SE: 600\r\n")
    invite = await phone.asked("INVITE")
    assert (invite.get_header("session-expires"), invite.get_header("min-se")) == ("600", "600")
    assert invite.cseq is not None
    assert invite.cseq.seq == 2
    await answer(phone, invite)
    await until(lambda: ("answered",) in notes.heard)


@scenario
async def test_a_trunk_on_another_port_needs_no_domain() -> None:
    house, phone = await house_and_trunk()
    dial(house, "+8613800571001")
    invite = await phone.asked("INVITE")
    assert invite.uri == f"sip:+8613800571001@127.0.0.1:{phone.port}"
    assert "<sip:95598@127.0.0.1>" in (invite.get_header("from") or "")


@scenario
async def test_through_the_trunk_with_digest_credentials() -> None:
    house, phone = await house_and_trunk(username="hotline", password="correct horse", domain="trunk.example")
    _, notes = dial(house, "+8613800571001")
    invite = await phone.asked("INVITE")
    assert invite.uri == "sip:+8613800571001@trunk.example"
    assert "sip:95598@trunk.example" in (invite.get_header("from") or "")
    phone.reply(
        invite,
        407,
        headers='Proxy-Authenticate: Digest realm="t", nonce="n1", qop="auth", algorithm=MD5\r\n'
        'Proxy-Authenticate: Digest realm="t", nonce="n2", qop="auth", algorithm=SHA-256\r\n',
    )
    await phone.asked("ACK")
    again = await phone.asked("INVITE")
    proof = again.get_header("proxy-authorization") or ""
    assert 'nonce="n2"' in proof
    assert "correct horse" not in proof
    phone.reply(again, 407, headers='Proxy-Authenticate: Digest realm="t", nonce="n3", qop="auth"\r\n')
    await until(lambda: notes.over)  # once refused it is not tried again
    assert notes.heard == [("refused", 407)]


@scenario
async def test_credentials_are_shown_to_nobody_but_the_trunk() -> None:
    trunk = Trunk("192.0.2.1", username="hotline", password="correct horse")
    house, stranger = await standing(replace(HERE, trunk=trunk))
    stranger.says_goodbye = False
    house.calls[0].hang_up()
    bye = await stranger.asked("BYE")
    stranger.reply(bye, 401, headers='WWW-Authenticate: Digest realm="t", nonce="n"\r\n')
    await until(lambda: house.endpoint.counts.calls == 0)
    stranger.send(stranger.request("OPTIONS"))
    await stranger.response(481)  # and no second BYE before it
    assert stranger.messages.empty()


@scenario
async def test_no_call_without_a_trunk_over_the_cap_or_with_headers_that_smuggle() -> None:
    house, phone = await house_and_phone(replace(HERE, max_calls=1))
    common = {"from_number": "95598", "rtp": ("127.0.0.1", 4000), "ring_timeout_s": 5.0, "listener": Notes()}
    with pytest.raises(NoTrunk, match=r"sip\.trunk\.server"):
        house.endpoint.dial("+8613800571001", **common)  # type: ignore[arg-type]
    for headers in ({"X": "a\r\nVia: b"}, {"Via": "b"}, {"X\r\nY": "b"}, {"X Y": "b"}):
        with pytest.raises(ValueError, match="header"):
            house.endpoint.dial("sip:li@127.0.0.1", headers=headers, **common)  # type: ignore[arg-type]
    for uri in ("sip:li@127.0.0.1\r\nX: y", "sip:a@b@c", "sip:", "sip:li@host:99999"):
        with pytest.raises(ValueError, match="cannot be called"):
            house.endpoint.dial(uri, **common)  # type: ignore[arg-type]
    dial_phone(house, phone)
    with pytest.raises(Unavailable, match=r"sip\.max_calls"):
        dial_phone(house, phone)
    assert house.endpoint.calls == 1


@scenario
async def test_a_call_of_ours_that_comes_back_to_us_is_a_loop() -> None:
    house, phone, _, _ = await dialled()
    invite = await phone.asked("INVITE")
    via = f"SIP/2.0/UDP 127.0.0.1:{phone.port};branch=z9hG4bKproxy"
    phone.send(bytes(invite).replace(b"Via: ", f"Via: {via}\r\nVia: ".encode(), 1))
    await phone.response(482)
    assert not house.calls
