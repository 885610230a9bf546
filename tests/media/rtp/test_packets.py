"""What is an RTP packet and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.rtp.packets import BadPacket, ahead, built, is_rtcp, parse


@settings(deadline=None)
@given(
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 2**16 - 1),
    timestamp=st.integers(0, 2**32 - 1),
    source=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=400),
    marker=st.booleans(),
)
def test_a_packet_of_ours_is_read_as_it_was_written(payload_type, sequence, timestamp, source, payload, marker) -> None:
    packet = parse(built(payload_type, sequence, timestamp, source, payload, marker=marker))
    assert (packet.payload_type, packet.sequence, packet.timestamp, packet.source) == (
        payload_type, sequence, timestamp, source,
    )  # fmt: skip
    assert (packet.payload, packet.marker) == (payload, marker)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_anything_is_a_packet_or_refused(datagram: bytes) -> None:
    try:
        packet = parse(datagram)
    except BadPacket:
        return
    assert len(packet.payload) <= len(datagram) - 12


def test_sources_extension_and_padding_are_read_over() -> None:
    plain = built(0, 7, 160, 1, b"sound")
    dressed = bytes([plain[0] | 0x20 | 0x10 | 2]) + plain[1:12] + bytes(8) + b"\xbe\xde\x00\x01" + bytes(4)
    assert parse(dressed + b"sound" + b"\x00\x00\x03").payload == b"sound"


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (b"short", "shorter than a header"),
        (bytes(12), "not version 2"),
        (b"\x90" + bytes(11), "ends within its extension"),
        (b"\xa0" + bytes(12), "more padding than packet"),
        (b"\x8f" + bytes(20), "ends within its header"),
    ],
)
def test_what_is_none_says_why(datagram: bytes, why: str) -> None:
    with pytest.raises(BadPacket, match=why):
        parse(datagram)


def test_reports_that_share_the_port_are_told_from_sound() -> None:
    assert is_rtcp(b"\x80\xc8\x00\x01\x00\x00\x00\x01")
    assert not is_rtcp(built(0, 1, 1, 1, b"x" * 20, marker=True))


@settings(deadline=None)
@given(st.integers(0, 2**16 - 1), st.integers(-1000, 1000))
def test_numbers_are_compared_round_their_end(at: int, by: int) -> None:
    assert ahead((at + by) % 2**16, at, 16) == by
