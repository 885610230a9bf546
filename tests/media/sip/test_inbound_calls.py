"""What a caller by SIP meets with, message by message."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiosipua import parse_sdp

from media.codec import Codec
from media.sip.call import SipCall
from media.sip.config import EndpointConfig, Limits
from media.sip.listening import EndReason
from tests.media.sip.phone import SDP, House, Phone, run, until

HERE = EndpointConfig(port=0)


def test_a_call_is_answered_and_hung_up_by_the_caller() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
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
        phone.send(phone.request("BYE"))
        await phone.response(200)
        await until(lambda: house.notes[0].over)
        assert house.notes[0].heard == [("answered",), ("ended", EndReason.FAR_END)]
        await house.empty()

    run(scenario())


def test_it_rings_until_the_hotline_answers() -> None:
    async def scenario() -> None:
        house = await House.open()
        house.take = lambda call: call.ring()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(180)
        house.calls[0].accept(("127.0.0.1", 4000))
        await phone.response(200)

    run(scenario())


def test_whoever_asks_twice_makes_one_call() -> None:
    async def scenario() -> None:
        house = await House.open()
        house.take = lambda call: None
        phone = await Phone.open(house.port)
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

    run(scenario())


def test_an_answer_that_is_never_acknowledged_ends_the_call() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(200)
        await phone.asked("BYE")
        await until(lambda: house.notes[0].over)
        assert house.notes[0].heard == [("ended", EndReason.NO_ACK)]
        await house.empty()

    run(scenario())


def test_a_refusal_is_repeated_until_it_is_acknowledged() -> None:
    async def scenario() -> None:
        house = await House.open()
        house.take = lambda call: call.reject(486)
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        for _ in range(3):
            await phone.response(486)
        phone.send(phone.request("ACK", branch=phone.branch))
        await until(lambda: house.notes[0].over)
        assert house.notes[0].heard == [("ended", EndReason.REFUSED)]
        await house.empty()

    run(scenario())


def test_a_caller_who_gives_up_early_is_told_487() -> None:
    async def scenario() -> None:
        house = await House.open()
        house.take = lambda call: call.ring()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(180)
        phone.their_tag = ""
        phone.send(phone.request("CANCEL"))
        assert {(await phone.response()).status_code, (await phone.response()).status_code} == {200, 487}
        phone.send(phone.request("ACK", branch=phone.branch))
        await until(lambda: house.notes[0].over)
        assert house.notes[0].heard == [("ended", EndReason.CANCELLED)]
        house.calls[0].accept(("127.0.0.1", 4000))  # too late, and harmless
        await house.empty()

    run(scenario())


def test_giving_up_that_crosses_the_answer_leaves_the_call_standing() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        invite = phone.request("INVITE", SDP)
        phone.send(invite)
        phone.send(phone.request("CANCEL"))
        said = [await phone.response(), await phone.response()]
        assert sorted(str(message.get_header("cseq")) for message in said) == ["1 CANCEL", "1 INVITE"]
        assert {message.status_code for message in said} == {200}
        phone.send(phone.request("ACK"))
        await until(lambda: ("answered",) in house.notes[0].heard)
        phone.send(phone.request("BYE"))
        await phone.response(200)

    run(scenario())


def test_a_cancel_of_nothing_is_told_481() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("CANCEL", branch="z9hG4bKnothing", cseq=1))
        await phone.response(481)

    run(scenario())


def test_an_invite_without_sdp_gets_our_offer_and_answers_in_the_ack() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE"))
        offer = parse_sdp((await phone.response(200)).text)
        assert offer.audio is not None
        assert offer.audio.formats == ["0", "8", "101"]
        assert house.calls[0].remote is None
        phone.send(phone.request("ACK", SDP.replace("8 0 101", "8 101")))
        await until(lambda: ("answered",) in house.notes[0].heard)
        assert house.calls[0].remote is not None
        assert house.calls[0].codec is Codec.PCMA

    run(scenario())


def test_an_ack_without_the_answer_it_owes_ends_the_call() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE"))
        await phone.response(200)
        phone.send(phone.request("ACK"))
        await phone.asked("BYE")
        await until(lambda: house.notes[0].over)
        assert house.notes[0].heard == [("ended", EndReason.NO_SOUND)]
        await house.empty()

    run(scenario())


def test_the_hotline_hangs_up() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        await until(lambda: ("answered",) in house.notes[0].heard)
        house.calls[0].hang_up()
        house.calls[0].hang_up()
        await phone.asked("BYE")
        await house.empty()
        assert house.notes[0].heard == [("answered",), ("ended", EndReason.OURS)]

    run(scenario())


def test_a_goodbye_waits_for_the_ack() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(200)
        house.calls[0].hang_up()
        await until(lambda: house.notes[0].over)
        assert house.endpoint.calls == 1
        phone.send(phone.request("ACK"))
        await phone.asked("BYE")
        await house.empty()

    run(scenario())


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_hold_and_another_place_and_law_are_followed(method: str) -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
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
        phone.send(phone.request("BYE"))
        await phone.response(200)

    run(scenario())


def test_a_change_we_cannot_take_leaves_the_call_as_it_was() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        phone.send(phone.request("INVITE", SDP.replace("8 0 101", "18")))
        await phone.response(488)
        phone.send(phone.request("ACK", branch=phone.branch))
        phone.send(phone.request("INFO", "Signal=5\r\nDuration=160\r\n", headers=INFO))
        await phone.response(200)
        assert ("media_changed",) not in house.notes[0].heard
        assert house.calls[0].answered

    run(scenario())


def test_a_change_that_overtakes_an_ack_takes_its_place() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(200)
        for port in ("6002", "6004"):  # and no ACK but the last
            phone.send(phone.request("INVITE", SDP.replace("6000", port)))
            while (await phone.response(200)).get_header("cseq") != f"{phone.cseq} INVITE":
                pass
        phone.send(phone.request("ACK", cseq=phone.cseq))
        house.clock.hurry(20)  # past the half minute in which an ACK is waited for
        await until(lambda: house.endpoint.counts.server_transactions == 0)
        assert house.notes[0].heard == [("answered",), ("media_changed",), ("media_changed",)]
        assert house.calls[0].answered

    run(scenario())


def test_a_change_that_tells_no_place_to_answer_to_leaves_the_sound_where_it_was() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        moved = phone.request("INVITE", SDP.replace("6000", "7000"))
        phone.send(moved.replace(f"<sip:li@127.0.0.1:{phone.port}>", "<li, at home>"))
        await phone.response(400)
        phone.send(phone.request("ACK", branch=phone.branch))
        phone.send(phone.request("UPDATE"))
        await phone.response(200)
        call = house.calls[0]
        assert call.remote is not None
        assert call.remote.address == ("127.0.0.1", 6000)

    run(scenario())


INFO = "Content-Type: application/dtmf-relay\r\n"


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
def test_keys_come_by_info(kind: str, body: str, key: str) -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        info = phone.request("INFO", body, headers=f"Content-Type: {kind}\r\n")
        phone.send(info)
        phone.send(info)  # lost answer: the key counts once
        await phone.response(200)
        await phone.response(200)
        await until(lambda: ("key", key) in house.notes[0].heard)
        assert house.notes[0].heard.count(("key", key)) == 1

    run(scenario())


def test_an_info_of_another_kind_is_told_what_is_taken() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        phone.send(phone.request("INFO", "<x/>", headers="Content-Type: application/media_control+xml\r\n"))
        assert "application/dtmf-relay" in (await phone.response(415)).headers.get("accept")

    run(scenario())


def test_calls_beyond_the_cap_are_told_when_to_try_again() -> None:
    async def scenario() -> None:
        house = await House.open(replace(HERE, max_calls=1))
        first, second = await Phone.open(house.port), await Phone.open(house.port)
        await first.call()
        invite = second.request("INVITE", SDP)
        second.send(invite)
        refused = await second.response(503)
        assert refused.get_header("retry-after") == "10"
        assert len(house.calls) == 1
        assert house.endpoint.refusals["503: as many calls as may be"] == 1
        first.send(first.request("BYE"))
        await first.response(200)
        second.send(invite)  # the same, sent before the refusal was there: nobody waits for a call of it any more
        await second.response(503)
        second.send(second.request("ACK", branch=second.branch))
        assert len(house.calls) == 1
        second.send(second.request("INVITE", SDP))
        await second.response(200)
        assert len(house.calls) == 2

    run(scenario())


def test_a_stop_tells_every_call() -> None:
    async def scenario() -> None:
        house = await House.open()
        talking, ringing = await Phone.open(house.port), await Phone.open(house.port)
        await talking.call()
        await until(lambda: ("answered",) in house.notes[0].heard)
        house.take = lambda call: call.ring()
        ringing.send(ringing.request("INVITE", SDP))
        await ringing.response(180)
        closing = asyncio.create_task(house.close())
        await talking.asked("BYE")
        await ringing.response(503)
        await closing
        assert house.notes[0].heard[-1] == ("ended", EndReason.CLOSING)
        assert house.notes[1].heard[-1] == ("ended", EndReason.CLOSING)
        counts = house.endpoint.counts
        assert (counts.calls, counts.timers, counts.connections) == (0, 0, 0)

    run(scenario())


def test_a_call_nobody_takes_is_refused_in_time() -> None:
    async def scenario() -> None:
        house = await House.open(replace(HERE, limits=Limits(answer_within_s=0.1)))
        house.take = lambda call: None
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(480)
        phone.send(phone.request("ACK", branch=phone.branch))
        assert house.notes[0].heard == [("ended", EndReason.NOT_ANSWERED)]

    run(scenario())


def test_a_fault_in_taking_a_call_is_answered_500() -> None:
    async def scenario() -> None:
        def broken(call: SipCall) -> None:
            raise RuntimeError("no rows today")

        house = await House.open()
        house.take = broken
        phone = await Phone.open(house.port)
        phone.send(phone.request("INVITE", SDP))
        await phone.response(500)
        phone.send(phone.request("ACK", branch=phone.branch))

    run(scenario())


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
def test_what_cannot_be_taken_is_refused_with_its_reason(
    change: tuple[str, str], status: int, header: tuple[str, str] | None
) -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        invite = phone.request("INVITE", SDP).replace(*change, 1)
        head, _, body = invite.partition("\r\n\r\n")
        head = head.rpartition("Content-Length")[0] + f"Content-Length: {len(body)}"
        phone.send(f"{head}\r\n\r\n{body}")
        refused = await phone.response(status)
        if header is not None:
            assert refused.get_header(header[0]) == header[1]
        phone.send(phone.request("ACK", branch=phone.branch))
        assert not house.calls

    run(scenario())


def test_a_call_with_video_is_answered_with_sound_alone() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        video = "m=video 6002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        answered = await phone.call(video.join(SDP.split("m=audio", 1)).replace(video, video + "m=audio", 1))
        lines = [line for line in answered.text.split("\r\n") if line.startswith("m=")]
        assert lines == ["m=video 0 RTP/AVP 96", "m=audio 4000 RTP/AVP 0 101"]

    run(scenario())


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *((method, 405) for method in ("MESSAGE", "SUBSCRIBE", "REGISTER", "PUBLISH", "PRACK", "JUMP")),
        *((method, 481) for method in ("BYE", "UPDATE", "INFO", "NOTIFY")),
        ("REFER", 603),
    ],
)
def test_requests_outside_a_call_are_refused(method: str, status: int) -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request(method))
        refused = await phone.response(status)
        assert status != 405 or "INVITE" in (refused.get_header("allow") or "")

    run(scenario())


def test_a_call_unknown_here_is_told_481() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        right, phone.their_tag = phone.their_tag, "another"
        phone.send(phone.request("BYE"))
        await phone.response(481)
        phone.their_tag, phone.tag = right, "somebody-else"
        phone.send(phone.request("BYE"))
        await phone.response(481)
        assert house.calls[0].answered

    run(scenario())


def test_a_transfer_asked_of_us_is_declined() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        phone.send(phone.request("REFER", headers="Refer-To: <sip:190011@premium.example>\r\n"))
        await phone.response(603)
        assert house.calls[0].answered

    run(scenario())


def test_options_tell_what_we_take() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.send(phone.request("OPTIONS").replace("Max-Forwards: 70", "Max-Forwards: 0"))
        told = await phone.response(200)
        assert "INVITE" in told.headers.get("allow")
        assert "application/sdp" in told.headers.get("accept")

    run(scenario())


def test_a_request_that_comes_by_two_ways_makes_one_call() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        invite = phone.request("INVITE", SDP)
        phone.send(invite)
        phone.send(invite.replace(phone.branch, phone.branch + "fork"))
        said = {(await phone.response()).status_code, (await phone.response()).status_code}
        assert said == {200, 482}
        assert len(house.calls) == 1

    run(scenario())


def test_requests_out_of_order_are_not_acted_upon() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        await phone.call()
        phone.send(phone.request("BYE", cseq=1))
        await phone.response(500)
        assert house.calls[0].answered

    run(scenario())


def test_two_callers_with_one_call_id_are_two_calls() -> None:
    async def scenario() -> None:
        house = await House.open()
        one, other = await Phone.open(house.port), await Phone.open(house.port)
        other.call_id, other.tag = one.call_id, "other"
        await one.call()
        await other.call()
        assert house.calls[0].id != house.calls[1].id
        one.send(one.request("BYE"))
        await one.response(200)
        await until(lambda: house.notes[0].over)
        assert house.calls[1].answered

    run(scenario())


def test_a_very_long_call_id_is_kept_short() -> None:
    async def scenario() -> None:
        house = await House.open()
        phone = await Phone.open(house.port)
        phone.call_id = "x" * 500
        await phone.call()
        assert len(house.calls[0].id) == 64
        phone.send(phone.request("BYE"))
        await phone.response(200)

    run(scenario())


def test_strangers_are_refused_and_then_not_answered_any_more() -> None:
    async def scenario() -> None:
        limits = Limits(refusals_per_address=3)
        house = await House.open(replace(HERE, allow=(ip_network("10.0.0.0/8"),), limits=limits))
        phone = await Phone.open(house.port)
        for _ in range(3):
            phone.send(phone.request("INVITE", SDP))
            await phone.response(403)
        assert not house.calls
        for method in ("INVITE", "OPTIONS", "REGISTER", "CANCEL"):
            phone.send(phone.request(method))
        phone.their_tag = "as-if-within-a-call"
        phone.send(phone.request("OPTIONS"))
        phone.send(phone.request("BYE"))
        phone.send(b"\x00\xff nothing like SIP")
        await until(lambda: sum(house.endpoint.refusals.values()) == 10)
        assert phone.messages.empty()

    run(scenario())


def test_the_address_told_to_others_may_be_another_one() -> None:
    async def scenario() -> None:
        house = await House.open(replace(HERE, public_host="192.0.2.7"))
        phone = await Phone.open(house.port)
        answered = await phone.call()
        assert f"192.0.2.7:{house.port}" in (answered.get_header("contact") or "")
        assert "c=IN IP4 192.0.2.7" in answered.text

    run(scenario())
