"""Keys as telephone events."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from media.rtp.packets import Packet
from media.rtp.telephone_events import EVENTS, PressedKeys, press


def packets(keys: str, source: int = 3, first_timestamp: int = 2**32 - 2000) -> list[Packet]:
    found, sequence = [], 65_530
    for number, key in enumerate(keys):
        timestamp = (first_timestamp + 2400 * number) % 2**32
        for payload in press(key):
            if payload is not None:
                found.append(Packet(101, False, sequence % 2**16, timestamp, source, payload))
                sequence += 1
    return found


def told(found: list[Packet]) -> str:
    keys = PressedKeys()
    return "".join(key for packet in found if (key := keys.received(packet)))


def test_every_key_is_told_once_and_at_its_first_packet() -> None:
    keys = "1234567890*#ABCD"
    assert told(packets(keys)) == "".join(key for key in keys if key in "1234567890*#ABCD")
    assert told(packets("5")[:1]) == "5"
    assert told(packets("5555")) == "5555"


@settings(deadline=None)
@given(st.text(EVENTS[:12], min_size=1, max_size=8), st.integers(0, 1000))
def test_a_press_is_told_whatever_packets_of_it_are_lost_or_doubled(keys: str, seed: int) -> None:
    chance = random.Random(seed)
    sent = []
    for key_number in range(len(keys)):
        run = packets(keys)[key_number * 8 : key_number * 8 + 8]
        kept = [packet for packet in run if chance.random() > 0.4] or run[-1:]
        sent += [packet for packet in kept for _ in range(chance.choice((1, 1, 2)))]
    assert told(sent) == keys


def test_a_late_end_of_the_key_before_is_not_that_key_again() -> None:
    first, second = packets("12")[:8], packets("12")[8:]
    assert told([*first[:6], second[0], *first[6:], *second[1:]]) == "12"


def run_of(event: int, timestamps: list[int], durations: list[int]) -> list[Packet]:
    return [
        Packet(101, False, number, timestamp % 2**32, 3, bytes([event, 10]) + duration.to_bytes(2, "big"))
        for number, (timestamp, duration) in enumerate(zip(timestamps, durations, strict=True))
    ]


def test_a_key_held_for_long_is_one_press_though_its_packets_begin_anew() -> None:
    start = 2**32 - 1000
    first = run_of(5, [start] * 410, [min(160 * number, 0xFFFF) for number in range(1, 411)])
    again = run_of(5, [start + 0xFFFF] * 50, [160 * number for number in range(1, 51)])
    assert told([*first, *again]) == "5"


def test_a_telephone_whose_timestamps_run_on_within_a_press_presses_once() -> None:
    assert told(run_of(5, [160 * number for number in range(8)], [160] * 8)) == "5"
    twice = [*range(0, 1280, 160), *range(2400, 3680, 160)]
    assert told(run_of(5, twice, [160] * 16)) == "55"


def test_after_a_clock_was_set_anew_keys_are_told_still() -> None:
    assert told(run_of(5, [4_000_000_000, 1_000_000_000], [160, 160])) == "55"


def test_what_is_no_key_is_not_told() -> None:
    flash = Packet(101, False, 1, 1, 1, bytes([16, 0x0A, 0, 160]))
    assert told([flash, Packet(101, False, 2, 2, 1, b"\x05")]) == ""
