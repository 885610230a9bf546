"""Which packets came, and which were lost."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from media.rtp.arrivals import Arrivals, Place


def places(numbers: list[int], source: int = 1, arrivals: Arrivals | None = None) -> list[Place]:
    arrivals = Arrivals() if arrivals is None else arrivals
    return [arrivals.place(source, number % 65_536) for number in numbers]


def test_each_packet_has_its_place() -> None:
    assert places([65_534, 65_535, 65_537, 65_536, 65_537]) == [
        Place.NEWEST, Place.NEWEST, Place.NEWEST, Place.OVERTAKEN, Place.DOUBLED,
    ]  # fmt: skip


@settings(deadline=None)
@given(st.integers(0, 65_535), st.floats(0, 0.4), st.integers(0, 10_000))
def test_losses_are_counted_whatever_is_doubled_or_overtaken(first: int, share: float, seed: int) -> None:
    chance = random.Random(seed)
    sent = [first + number for number in range(400)]
    kept = [sent[0], *(number for number in sent[1:-1] if chance.random() > share), sent[-1]]
    came = sorted([*kept, *chance.choices(kept, k=50)], key=lambda number: number + chance.uniform(0, 5))
    came.remove(sent[0])
    arrivals = Arrivals()
    places([sent[0], *came], arrivals=arrivals)
    assert arrivals.received == len(kept)
    assert arrivals.lost == 400 - len(kept)
    assert arrivals.doubled == 50
    assert arrivals.highest - first == 399


def test_the_share_lost_is_that_since_it_was_asked_last() -> None:
    arrivals = Arrivals()
    places([*range(50), *range(100, 150)], arrivals=arrivals)
    assert arrivals.fraction_lost() == 50 * 256 // 150
    places(list(range(150, 250)), arrivals=arrivals)
    assert arrivals.fraction_lost() == 0
    places([251, 253], arrivals=arrivals)
    assert arrivals.fraction_lost() == 128, "250 and 252 of four"


def test_a_stray_packet_of_somebody_else_changes_nothing() -> None:
    arrivals = Arrivals()
    places([1, 2, 3], arrivals=arrivals)
    assert places([900], 2, arrivals) == [Place.UNPROVEN]
    assert places([4], 1, arrivals) == [Place.NEWEST]
    assert places([901], 2, arrivals) == [Place.UNPROVEN]
    assert (arrivals.source, arrivals.received, arrivals.unproven) == (1, 4, 2)


def test_who_sends_two_in_a_row_takes_over_and_what_was_lost_before_stays_counted() -> None:
    arrivals = Arrivals()
    places([1, 2, 5], arrivals=arrivals)
    assert places([900, 901, 903], 2, arrivals) == [Place.UNPROVEN, Place.NEWEST, Place.NEWEST]
    assert (arrivals.source, arrivals.lost, arrivals.received) == (2, 3, 5)


def test_a_sender_that_counts_anew_is_followed() -> None:
    arrivals = Arrivals()
    places([20_000, 20_001], arrivals=arrivals)
    assert places([5, 6, 7], arrivals=arrivals) == [Place.UNPROVEN, Place.NEWEST, Place.NEWEST]
    assert arrivals.lost == 0
