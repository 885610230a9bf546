"""How a call by SIP begins and ends, message by message."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from aiosipua import parse_sdp

from media.codec import Codec
from media.sip.config import EndpointConfig
from media.sip.listening import EndReason
from tests.media.sip.beginnings import house_and_phone, standing
from tests.media.sip.phone import SDP, House, Phone, scenario, until

HERE = EndpointConfig(port=0)


@scenario
async def test_a_call_is_answered_and_hung_up_by_the_caller() -> None:
    house, phone = await house_and_phone()
    answered = await phone.call()
    sdp = parse_sdp(answered.text)
    assert sdp.rtp_address == ("127.0.0.1", 4000)
    assert sdp.audio is not None
    assert sdp.audio.formats == ["0", "101"]  # of those offered the one that we like best
    call = house.calls[0]
    assert (call.from_number, call.to_number) == ("+8613800571001", "95598")
    assert call.remote is not None
    assert call.remote.codecs == (Codec.PCMA, Codec.PCMU)
    assert call.codec is Codec.PCMU
    await until(lambda: ("answered",) in house.notes[0].heard)
    await phone.hang_up()
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard == [("answered",), ("ended", EndReason.FAR_END)]
    await house.empty()


@scenario
async def test_it_rings_until_the_hotline_answers() -> None:
    house, phone = await house_and_phone()
    house.take = lambda call: call.ring()
    await phone.invite(180)
    house.calls[0].accept(("127.0.0.1", 4000))
    await phone.response(200)


@scenario
async def test_whoever_asks_twice_makes_one_call() -> None:
    house, phone = await house_and_phone()
    house.take = lambda call: None
    invite = phone.request("INVITE", SDP)
    for _ in range(5):
        phone.send(invite)
    for _ in range(5):
        await phone.response(100)
    house.calls[0].accept(("127.0.0.1", 4000))
    assert len(house.calls) == 1
    await phone.response(200)
    await phone.response(200)  # again, for the ACK has not come
    phone.send(phone.request("ACK"))
    bye = phone.request("BYE")
    for _ in range(3):
        phone.send(bye)
    for _ in range(3):
        await phone.response(200)
    await house.empty()
    assert house.notes[0].heard == [("answered",), ("ended", EndReason.FAR_END)]


@scenario
async def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    house, phone = await house_and_phone()
    await phone.invite(200)
    await phone.asked("BYE")
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard == [("ended", EndReason.NO_ACK)]
    await house.empty()


@scenario
async def test_a_refusal_is_repeated_until_it_is_acknowledged() -> None:
    house, phone = await house_and_phone()
    house.take = lambda call: call.reject(486)
    phone.send(phone.request("INVITE", SDP))
    for _ in range(3):
        await phone.response(486)
    phone.acknowledge_refusal()
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard == [("ended", EndReason.REFUSED)]
    await house.empty()


@scenario
async def test_a_caller_who_gives_up_early_is_told_487() -> None:
    house, phone = await house_and_phone()
    house.take = lambda call: call.ring()
    await phone.invite(180)
    phone.their_tag = ""
    phone.send(phone.request("CANCEL"))
    assert {(await phone.response()).status_code, (await phone.response()).status_code} == {200, 487}
    phone.acknowledge_refusal()
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard == [("ended", EndReason.CANCELLED)]
    house.calls[0].accept(("127.0.0.1", 4000))  # too late, and harmless
    await house.empty()


@scenario
async def test_giving_up_that_crosses_the_answer_leaves_the_call_standing() -> None:
    house, phone = await house_and_phone()
    invite = phone.request("INVITE", SDP)
    phone.send(invite)
    phone.send(phone.request("CANCEL"))
    said = [await phone.response(), await phone.response()]
    assert sorted(str(message.get_header("cseq")) for message in said) == ["1 CANCEL", "1 INVITE"]
    assert {message.status_code for message in said} == {200}
    phone.send(phone.request("ACK"))
    await until(lambda: ("answered",) in house.notes[0].heard)
    await phone.hang_up()


@scenario
async def test_an_invite_without_sdp_gets_our_offer_and_answers_in_the_ack() -> None:
    house, phone = await house_and_phone()
    phone.send(phone.request("INVITE"))
    offer = parse_sdp((await phone.response(200)).text)
    assert offer.audio is not None
    assert offer.audio.formats == ["0", "8", "101"]
    assert house.calls[0].remote is None
    phone.send(phone.request("ACK", SDP.replace("8 0 101", "8 101")))
    await until(lambda: ("answered",) in house.notes[0].heard)
    assert house.calls[0].remote is not None
    assert house.calls[0].codec is Codec.PCMA


@scenario
async def test_an_ack_without_the_answer_it_owes_ends_the_call() -> None:
    house, phone = await house_and_phone()
    phone.send(phone.request("INVITE"))
    await phone.response(200)
    phone.send(phone.request("ACK"))
    await phone.asked("BYE")
    await until(lambda: house.notes[0].over)
    assert house.notes[0].heard == [("ended", EndReason.NO_SOUND)]
    await house.empty()


@scenario
async def test_the_hotline_hangs_up() -> None:
    house, phone = await standing()
    house.calls[0].hang_up()
    house.calls[0].hang_up()
    await phone.asked("BYE")
    await house.empty()
    assert house.notes[0].heard == [("answered",), ("ended", EndReason.OURS)]


@scenario
async def test_a_goodbye_waits_for_the_ack() -> None:
    house, phone = await house_and_phone()
    await phone.invite(200)
    house.calls[0].hang_up()
    await until(lambda: house.notes[0].over)
    assert house.endpoint.calls == 1
    phone.send(phone.request("ACK"))
    await phone.asked("BYE")
    await house.empty()


@scenario
async def test_a_stop_tells_every_call() -> None:
    house = await House.open()
    talking, ringing = await Phone.open(house.port), await Phone.open(house.port)
    await talking.call()
    await until(lambda: ("answered",) in house.notes[0].heard)
    house.take = lambda call: call.ring()
    await ringing.invite(180)
    closing = asyncio.create_task(house.close())
    await talking.asked("BYE")
    await ringing.response(503)
    await closing
    assert house.notes[0].heard[-1] == ("ended", EndReason.CLOSING)
    assert house.notes[1].heard[-1] == ("ended", EndReason.CLOSING)
    counts = house.endpoint.counts
    assert (counts.calls, counts.timers, counts.connections) == (0, 0, 0)


@scenario
async def test_a_call_with_video_is_answered_with_sound_alone() -> None:
    _, phone = await house_and_phone()
    video = "m=video 6002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    answered = await phone.call(video.join(SDP.split("m=audio", 1)).replace(video, video + "m=audio", 1))
    lines = [line for line in answered.text.split("\r\n") if line.startswith("m=")]
    assert lines == ["m=video 0 RTP/AVP 96", "m=audio 4000 RTP/AVP 0 101"]


@scenario
async def test_a_request_that_comes_by_two_ways_makes_one_call() -> None:
    house, phone = await house_and_phone()
    invite = phone.request("INVITE", SDP)
    phone.send(invite)
    phone.send(invite.replace(phone.branch, phone.branch + "fork"))
    said = {(await phone.response()).status_code, (await phone.response()).status_code}
    assert said == {200, 482}
    assert len(house.calls) == 1


@scenario
async def test_two_callers_with_one_call_id_are_two_calls() -> None:
    house = await House.open()
    one, other = await Phone.open(house.port), await Phone.open(house.port)
    other.call_id, other.tag = one.call_id, "other"
    await one.call()
    await other.call()
    assert house.calls[0].id != house.calls[1].id
    await one.hang_up()
    await until(lambda: house.notes[0].over)
    assert house.calls[1].answered


@scenario
async def test_a_very_long_call_id_is_kept_short() -> None:
    house, phone = await house_and_phone()
    phone.call_id = "x" * 500
    await phone.call()
    assert len(house.calls[0].id) == 64
    await phone.hang_up()


@scenario
async def test_the_address_told_to_others_may_be_another_one() -> None:
    house, phone = await house_and_phone(replace(HERE, public_host="192.0.2.7"))
    answered = await phone.call()
    assert f"192.0.2.7:{house.port}" in (answered.get_header("contact") or "")
    assert "c=IN IP4 192.0.2.7" in answered.text
