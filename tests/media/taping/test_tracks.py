"""Sound is lined up by the time at which it was heard or spoken."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from media.taping.spans import Spans
from media.taping.tracks import JOINED, MOST_AHEAD, HeardTrack, SpokenTrack

FRAME = 160


def frame(number: int) -> bytes:
    return bytes([number % 200]) * FRAME


def placed(block: bytes) -> list[tuple[int, int]]:
    """(start, value) of each run of equal samples that is no silence."""
    runs: list[tuple[int, int]] = []
    for at, sample in enumerate(block):
        if sample != 0xFF and (at == 0 or block[at - 1] != sample):
            runs.append((at, sample))
    return runs


# --- what the caller hears


def test_what_is_sent_ahead_is_heard_after_what_was_sent_before() -> None:
    track = HeardTrack()
    for number in range(3):
        track.add(frame(number), 100)
    track.add(frame(3), 2000)
    assert placed(track.take(0, 3000)) == [(100, 0), (260, 1), (420, 2), (2000, 3)]


def test_what_was_cleared_is_never_heard() -> None:
    track = HeardTrack()
    for number in range(10):
        track.add(frame(number), 0)
    track.cut(250)
    track.add(frame(20), 400)
    block = track.take(0, 1000)
    assert placed(block) == [(0, 0), (160, 1), (400, 20)]
    assert block[249] == 1
    assert block[250] == 0xFF


def test_a_piece_is_taken_in_parts() -> None:
    track = HeardTrack()
    track.add(bytes([7]) * 1000, 0)
    assert track.take(0, 300) + track.take(300, 900) + track.take(900, 1000) == bytes([7]) * 1000
    assert track.take(1000, 1100) == b"\xff" * 100


# --- what the caller says


def spoken(frames: list[tuple[int, bytes]], until: int) -> bytes:
    track = SpokenTrack()
    for at, sound in frames:
        track.add(sound, at)
    track.settle(until)
    return track.take(0, until)


def test_a_steady_stream_lies_before_its_arrival() -> None:
    block = spoken([(FRAME * (number + 1), frame(number)) for number in range(10)], 3000)
    assert placed(block) == [(FRAME * number, number) for number in range(10)]


def test_a_burst_after_a_hold_up_lies_where_it_was_spoken() -> None:
    """Ten frames come at once at the end of the time they were spoken in, then the stream goes on."""
    frames = [(FRAME * 20, frame(number)) for number in range(10, 20)]
    frames += [(FRAME * (number + 1), frame(number)) for number in range(20, 25)]
    assert placed(spoken(frames, 6000)) == [(FRAME * number, number) for number in range(10, 25)]


def test_a_pause_stays_a_pause() -> None:
    frames = [(FRAME, frame(1)), (4000 + FRAME, frame(2))]
    assert placed(spoken(frames, 6000)) == [(0, 1), (4000, 2)]


def test_jitter_makes_no_holes() -> None:
    frames = [(FRAME * (number + 1) + (number % 3) * 100, frame(number)) for number in range(50)]
    block = spoken(frames, 9000)
    assert block[: FRAME * 50].count(0xFF) == 0


def test_more_than_a_telephone_sends_is_left_out() -> None:
    frames = [(FRAME * (number // 10 + 1), frame(number)) for number in range(1000)]
    track = SpokenTrack()
    for at, sound in frames:
        track.add(sound, at)
    track.settle(FRAME * 100)
    assert track.end <= FRAME * 100 + MOST_AHEAD + FRAME


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 400)), max_size=40),
    st.lists(st.integers(1, 4000), min_size=1, max_size=10),
)
def test_whatever_comes_lies_in_order_and_in_bounds(arrivals: list[tuple[int, int]], rounds: list[int]) -> None:
    track, heard = SpokenTrack(), HeardTrack()
    now = at = 0
    waiting = list(arrivals)
    for step in rounds:
        start, now = now, now + step
        while waiting and at + waiting[0][0] <= now:
            gap, length = waiting.pop(0)
            at += gap
            track.add(bytes([length % 250]) * length, at)
            first, last = heard.add(bytes([length % 250]) * length, at)
            assert first >= at
            assert last - first == length
        track.settle(now)
        assert len(track.take(start, now)) == len(heard.take(start, now)) == step
    assert track.end <= max(now, at) + MOST_AHEAD + 400 + JOINED


# --- spans


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), max_size=12))
def test_spans_hold_what_was_added_and_nothing_else(added: list[tuple[int, int]]) -> None:
    spans, inside = Spans(), set()
    for start, length in added:
        spans.add(start, start + length)
        inside |= set(range(start, start + length))
    parts = list(spans.within(0, 1000))
    assert {sample for first, last in parts for sample in range(first, last)} == inside
    assert all(one[1] < two[0] for one, two in pairwise(parts))


def test_spans_are_kept_in_milliseconds() -> None:
    spans = Spans([[100, 250]])
    spans.add(8000, 16_000)
    spans.add(40_000, 48_000)
    assert spans.milliseconds(12_000) == [[100, 250], [1000, 1500]]
    spans.add(49_001, 50_999)
    assert spans.milliseconds(60_000)[-1] == [6126, 6374]
