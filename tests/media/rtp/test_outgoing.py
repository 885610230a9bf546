"""What the far end is sent, a packet every 20 ms."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.codec import Codec
from media.rtp.outgoing import MOST_KEYS, Outgoing
from media.rtp.packets import Packet, parse

SILENCE = b"\xff" * 160
EVENT = 101


def outgoing() -> tuple[Outgoing, list[str]]:
    marks: list[str] = []
    return Outgoing(marks.append), marks


def packets(of: Outgoing, count: int, codec: Codec = Codec.PCMU, dtmf_type: int | None = EVENT) -> list[Packet]:
    return [parse(bytes(of.packet(codec, dtmf_type))) for _ in range(count)]


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=1000), max_size=12))
def test_pieces_of_any_length_are_heard_whole_and_in_order(pieces: list[bytes]) -> None:
    made, marks = outgoing()
    for number, piece in enumerate(pieces):
        made.play(piece)
        made.mark(str(number))
    whole = b"".join(pieces)
    heard = b"".join(packet.payload for packet in packets(made, len(whole) // 160 + len(pieces) + 2))
    assert marks == [str(number) for number in range(len(pieces))]
    assert heard.replace(b"\xff", b"").startswith(whole.replace(b"\xff", b""))
    assert made.waiting_s == 0


def test_a_mark_is_told_when_the_sound_before_it_has_had_its_time() -> None:
    made, marks = outgoing()
    made.play(bytes(320))
    made.mark("end")
    packets(made, 2)
    assert marks == []
    packets(made, 1)
    assert marks == ["end"]


def test_numbers_go_on_and_the_first_packet_alone_is_marked() -> None:
    made, _ = outgoing()
    sent = packets(made, 3)
    made.play(bytes(160))
    sent += packets(made, 2)
    assert [packet.marker for packet in sent] == [True, False, False, False, False]
    assert {(b.sequence - a.sequence) % 65_536 for a, b in itertools.pairwise(sent)} == {1}
    assert {(b.timestamp - a.timestamp) % 2**32 for a, b in itertools.pairwise(sent)} == {160}
    assert sent[0].payload == SILENCE


def test_while_the_far_end_wants_nothing_time_goes_on_and_marks_come_back() -> None:
    made, marks = outgoing()
    first = packets(made, 1)[0]
    made.play(bytes(480))
    made.mark("unheard")
    for _ in range(4):
        made.unheard()
    made.skip(10)
    then = packets(made, 1)[0]
    assert marks == ["unheard"]
    assert then.payload == SILENCE
    assert then.marker
    assert (then.sequence - first.sequence) % 65_536 == 1
    assert (then.timestamp - first.timestamp) % 2**32 == 15 * 160


def test_what_is_cleared_is_not_heard_to_the_last_sample() -> None:
    made, marks = outgoing()
    made.play(bytes(8000))
    made.mark("never")
    packets(made, 2)
    made.clear()
    made.play(b"\x33" * 160)
    assert [packet.payload for packet in packets(made, 2)] == [b"\x33" * 160, SILENCE]
    assert marks == []


def test_keys_are_events_and_sound_waits_for_them() -> None:
    made, _ = outgoing()
    made.play(b"\x22" * 320)
    made.press("5#", as_tones=False)
    sent = packets(made, 30)
    keys = [packet for packet in sent if packet.payload_type == EVENT]
    assert [packet.payload[0] for packet in keys] == [5] * 8 + [11] * 8
    assert [packet.marker for packet in keys] == ([True] + [False] * 7) * 2
    assert len({packet.timestamp for packet in keys}) == 2
    assert [packet.payload[1] >> 7 for packet in keys[:8]] == [0] * 5 + [1] * 3
    assert b"".join(packet.payload for packet in sent if packet.payload_type == 0).count(b"\x22" * 320) == 1
    assert {(b.sequence - a.sequence) % 65_536 for a, b in itertools.pairwise(sent)} == {1}


def test_what_is_no_key_is_refused_and_keys_are_bounded() -> None:
    made, _ = outgoing()
    with pytest.raises(ValueError, match="is not a key"):
        made.press("12x", as_tones=False)
    made.press("1" * 500, as_tones=False)
    sent = packets(made, 500 * 11)
    assert len({packet.timestamp for packet in sent if packet.payload_type == EVENT}) == MOST_KEYS


def test_the_far_ends_law_is_spoken() -> None:
    made, _ = outgoing()
    packet = packets(made, 1, Codec.PCMA)[0]
    assert (packet.payload_type, packet.payload) == (8, b"\xd5" * 160)
