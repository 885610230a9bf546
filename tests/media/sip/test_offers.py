"""What SDP comes to, and what is told in SDP."""

from __future__ import annotations

import pytest

from media.codec import Codec
from media.sip.info import UnknownKind, key_in
from media.sip.offers import BadSdp, read_sdp, sdp_in
from media.sip.sound import Sound
from tests.media.sip.phone import SDP

V6 = SDP.replace("IP4 127.0.0.1", "IP6 2001:db8::7")


def test_an_offer_is_read() -> None:
    offer = read_sdp(SDP.encode()).offer
    assert offer.address == ("127.0.0.1", 6000)
    assert offer.codecs == (Codec.PCMA, Codec.PCMU)
    assert (offer.dtmf_type, offer.sends, offer.receives) == (101, True, True)


def test_static_payload_types_need_no_rtpmap() -> None:
    bare = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 5000/2 RTP/AVP 0\r\n"
    offer = read_sdp(bare.encode()).offer
    assert (offer.codecs, offer.dtmf_type) == ((Codec.PCMU,), None)


@pytest.mark.parametrize(
    ("change", "sends", "receives", "answered"),
    [
        (("sendrecv", "sendonly"), True, False, "recvonly"),
        (("sendrecv", "recvonly"), False, True, "sendonly"),
        (("sendrecv", "inactive"), False, False, "inactive"),
        (("IP4 127.0.0.1\r\nt", "IP4 0.0.0.0\r\nt"), True, False, "sendrecv"),
        (("t=0 0", "t=0 0\r\na=inactive"), True, True, "sendrecv"),  # the sound's own direction counts
    ],
)
def test_directions(change: tuple[str, str], sends: bool, receives: bool, answered: str) -> None:
    sound = Sound((Codec.PCMU, Codec.PCMA))
    sound.place("192.0.2.9", 4000)
    theirs = read_sdp(SDP.replace(*change).encode())
    assert (theirs.offer.sends, theirs.offer.receives) == (sends, receives)
    assert f"a={answered}\r\n" in sound.answer(theirs, sound.best(theirs)).decode()


def test_a_direction_of_the_whole_session_counts_where_the_sound_has_none() -> None:
    held = SDP.replace("a=sendrecv\r\n", "").replace("t=0 0", "t=0 0\r\na=sendonly")
    assert read_sdp(held.encode()).offer.receives is False


def test_ipv6() -> None:
    theirs = read_sdp(V6.encode())
    assert theirs.offer.address == ("2001:db8::7", 6000)
    sound = Sound((Codec.PCMA,))
    sound.place("2001:db8::1", 4000)
    told = sound.answer(theirs, sound.best(theirs)).decode()
    assert "c=IN IP6 2001:db8::1" in told
    assert read_sdp(told.encode()).offer.address == ("2001:db8::1", 4000)


def test_every_line_has_its_like_in_the_answer() -> None:
    offer = SDP + "m=video 6002 RTP/AVP 96 97\r\na=rtpmap:96 H264/90000\r\nm=audio 7000 RTP/AVP 0\r\n"
    offer += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nm=audio 0 RTP/AVP 0\r\n"
    sound = Sound((Codec.PCMU, Codec.PCMA))
    sound.place("192.0.2.9", 4000)
    theirs = read_sdp(offer.encode())
    lines = [line for line in sound.answer(theirs, Codec.PCMU).decode().split("\r\n") if line.startswith("m=")]
    assert lines == [
        "m=audio 4000 RTP/AVP 0 101",
        "m=video 0 RTP/AVP 96 97",
        "m=audio 0 RTP/AVP 0",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "m=audio 0 RTP/AVP 0",
    ]


def test_encrypted_sound_is_passed_over_for_the_plain_one_beside_it() -> None:
    secure = SDP.replace("m=audio 6000 RTP/AVP", "m=audio 6004 RTP/SAVP 8\r\nm=audio 6000 RTP/AVP")
    assert read_sdp(secure.encode()).offer.address[1] == 6000


def test_the_payload_type_of_keys_is_theirs() -> None:
    theirs = read_sdp(SDP.replace("101", "97").encode())
    sound = Sound((Codec.PCMU,))
    sound.place("192.0.2.9", 4000)
    assert "m=audio 4000 RTP/AVP 0 97\r\n" in sound.answer(theirs, Codec.PCMU).decode()


def test_versions_grow_with_changes_alone() -> None:
    sound = Sound((Codec.PCMU, Codec.PCMA))
    sound.place("192.0.2.9", 4000)
    theirs = read_sdp(SDP.encode())
    first, again = sound.answer(theirs, Codec.PCMU), sound.answer(theirs, Codec.PCMU)
    assert first == again == sound.as_it_is()
    changed = sound.answer(theirs, Codec.PCMA)
    assert [int(text.decode().split()[3]) for text in (first, changed)] == [1, 2]
    assert sound.best(theirs) is Codec.PCMA  # what is in use stays in use


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("v=0", "v=x"), 400),
        (("m=audio 6000", "m=audio 70000"), 400),
        (("a=rtpmap:8 PCMA/8000", "a=rtpmap:8 PCMA/fast"), 400),
        (("c=IN IP4 127.0.0.1\r\n", ""), 400),
        (("IP4 127.0.0.1\r\nt", "IP4 phone.example\r\nt"), 488),
        (("IP4 127.0.0.1\r\nt", "IP4 224.0.1.7\r\nt"), 488),
        (("m=audio", "m=text"), 488),
        (("m=audio 6000", "m=audio 0"), 488),
        (("RTP/AVP", "UDP/TLS/RTP/SAVPF"), 488),
        (("8 0 101", "9 18 101"), 488),
        (("a=rtpmap:8 PCMA/8000", "a=x\r\n" * 500), 400),
    ],
)
def test_what_cannot_be_taken(change: tuple[str, str], status: int) -> None:
    with pytest.raises(BadSdp) as caught:
        read_sdp(SDP.replace(*change).encode())
    assert caught.value.status == status


def test_sdp_is_found_beside_isup() -> None:
    isup = "Content-Type: application/isup\r\n\r\n\x01\x02\r\n"
    body = f"--b1\r\n{isup}--b1\r\ncontent-type:application/sdp\r\n\r\n{SDP}\r\n--b1--"
    assert sdp_in('multipart/mixed; boundary="b1"', body.encode()) == SDP.encode()
    assert sdp_in("Application/SDP; charset=utf-8", SDP.encode()) == SDP.encode()
    assert sdp_in("application/sdp", b"") is None
    for kind in ("multipart/mixed", "text/plain", None, 'multipart/mixed; boundary="other"'):
        with pytest.raises(BadSdp):
            sdp_in(kind, body.encode())


def test_an_answer_without_our_laws_is_not_agreed_to() -> None:
    sound = Sound((Codec.PCMU,))
    sound.place("192.0.2.9", 4000)
    sound.offer()
    with pytest.raises(BadSdp):
        sound.agreed(read_sdp(SDP.replace("8 0 101", "8").encode()))


def test_sound_without_a_place_is_a_fault_of_ours() -> None:
    with pytest.raises(RuntimeError, match="no place"):
        Sound((Codec.PCMU,)).offer()


def test_keys() -> None:
    assert key_in("application/dtmf-relay", b"Signal=16\r\n") is None
    assert key_in("application/dtmf-relay", b"") is None
    assert key_in(None, b"") is None
    assert key_in("application/dtmf", b"55") is None
    with pytest.raises(UnknownKind):
        key_in("text/plain", b"5")


def test_an_answer_names_one_law_alone() -> None:
    sound = Sound((Codec.PCMU, Codec.PCMA))
    sound.place("192.0.2.9", 4000)
    local = sound.answer(read_sdp(SDP.encode()), Codec.PCMA)
    assert read_sdp(local).offer.codecs == (Codec.PCMA,)
