"""What a listener gets of sound that a network has shaken."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from media.rtp.packets import Packet
from media.rtp.reception import FRAME_S, LONGEST_WAIT_S, MOST_LEAD_S, SHORTEST_WAIT_S, Reception
from speech.audio import audioop

SILENCE = b"\xff" * 160


def frame(number: int) -> bytes:
    """Different from every other, from silence, and from any of them made softer."""
    return bytes([number, 17, 90, number ^ 0x55]) * 40


FRAMES = {frame(number): number for number in range(200)}


@dataclass
class Far:
    """Sends frames from a sequence and a timestamp near the end of their numbers, so that both wrap."""

    source: int = 7
    first_sequence: int = 65_530
    first_timestamp: int = 2**32 - 800
    now: float = 100.0
    reception: Reception = field(default_factory=Reception)
    heard: bytes = b""

    def packet(self, number: int, mulaw: bytes) -> Packet:
        sequence, timestamp = (self.first_sequence + number) % 2**16, (self.first_timestamp + 160 * number) % 2**32
        return Packet(0, False, sequence, timestamp, self.source, mulaw)

    def sends(self, number: int, mulaw: bytes | None = None) -> None:
        sound = frame(number) if mulaw is None else mulaw
        packet = self.packet(number, sound)
        if self.reception.counted(packet):
            self.heard += b"".join(self.reception.received(packet, sound, self.now))

    def wait(self, seconds: float = FRAME_S) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            self.heard += b"".join(self.reception.due(self.now))

    @property
    def frames(self) -> list[int | None]:
        """Which frame each heard one is; None for silence and what was filled in."""
        pieces = [self.heard[at : at + 160] for at in range(0, len(self.heard), 160)]
        return [FRAMES.get(piece) for piece in pieces]


def test_sound_that_comes_as_it_should_passes_at_once() -> None:
    far = Far()
    for number in range(20):
        far.sends(number)
        assert len(far.heard) == 160 * (number + 1)
        far.wait()
    assert far.frames == list(range(20))


def test_what_overtakes_waits_for_what_it_has_overtaken() -> None:
    far = Far()
    for number in (0, 1, 3, 2, 4, 6, 5, 7):
        far.sends(number)
        far.wait()
    assert far.frames == list(range(8))


def test_a_packet_that_comes_twice_is_heard_once() -> None:
    far = Far()
    for number in (0, 1, 1, 2, 0, 3, 5, 5, 4):
        far.sends(number)
    assert far.frames == list(range(6))
    assert far.reception.arrivals.doubled == 3


def test_a_lost_packet_is_filled_with_what_was_heard_last_only_softer() -> None:
    far = Far()
    for number in range(10):
        if number != 4:
            far.sends(number)
        far.wait()
    far.wait(0.1)
    assert len(far.heard) >= 160 * 10
    assert far.frames[:4] == [0, 1, 2, 3]
    assert far.frames[5:10] == [5, 6, 7, 8, 9]
    assert far.heard[4 * 160 : 5 * 160] not in (frame(4), SILENCE)
    assert far.reception.arrivals.lost == 1


def test_while_nothing_comes_silence_does_in_real_time() -> None:
    far = Far()
    far.sends(0)
    far.wait(2.0)
    assert 1.8 <= len(far.heard) / 8000 <= 2.0
    assert far.heard.endswith(SILENCE * 50)


def test_what_comes_after_its_place_was_filled_is_too_late_and_makes_us_more_patient() -> None:
    far = Far()
    far.sends(0)
    far.wait(0.12)
    before = far.heard
    far.sends(1)
    assert far.heard == before
    assert far.reception.late == 1


def test_after_silence_that_was_not_sent_the_first_word_is_heard_at_once() -> None:
    far = Far()
    for number in range(5):
        far.sends(number)
        far.wait()
    far.wait(0.8)
    far.sends(45 + 3)  # 860 ms later, by its clock
    far.wait(LONGEST_WAIT_S)
    assert 48 in far.frames


def test_a_new_source_and_a_clock_set_anew_are_followed() -> None:
    far = Far()
    far.sends(0)
    far.source, far.first_timestamp = 8, 5_000_000
    far.sends(1)  # might be a stray packet
    far.sends(2)
    far.first_timestamp = 77_000_000
    far.sends(3)
    assert far.frames == [0, 2, 3]
    assert far.reception.resets == 1


def test_packets_of_any_length_are_heard_whole() -> None:
    far = Far()
    now = 100.0
    heard = b""
    timestamp = 0
    for number, length in enumerate((80, 240, 480, 160, 80)):
        sound = bytes([number]) * length
        packet = Packet(0, False, number, timestamp, 1, sound)
        assert far.reception.counted(packet)
        heard += b"".join(far.reception.received(packet, sound, now))
        timestamp += length
        now += length / 8000
    assert len(heard) == 1040


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 60])
def test_a_lost_packet_of_any_length_costs_its_own_length_and_no_more(milliseconds: int) -> None:
    reception, size, heard = Reception(), 8 * milliseconds, b""
    for number in range(20):
        sound = bytes([number + 1]) * size
        packet = Packet(0, False, number, number * size, 1, sound)
        if number != 7 and reception.counted(packet):
            heard += b"".join(reception.received(packet, sound, 5 + number * milliseconds / 1000))
        heard += b"".join(reception.due(5 + number * milliseconds / 1000))
    assert len(heard) == 20 * size
    for number in {*range(20)} - {7}:
        assert heard[number * size : (number + 1) * size] == bytes([number + 1]) * size


def test_a_long_packet_that_is_late_is_heard_from_where_it_is_not() -> None:
    reception = Reception()
    for number in range(2):
        sound = bytes([number + 1]) * 480
        packet = Packet(0, False, number, number * 480, 1, sound)
        assert reception.counted(packet)
        if number == 1:
            while not reception.due(now := 5 + 0.06 + SHORTEST_WAIT_S):
                pass
            assert reception.received(packet, sound, now) == [b"\x02" * 320]
        else:
            assert reception.received(packet, sound, 5) == [sound]


def test_timestamps_that_stood_still_while_ours_went_on_do_not_make_a_caller_deaf() -> None:
    far = Far()
    for number in range(5):
        far.sends(number)
        far.wait()
    far.wait(0.6)  # muted, and its clock with it
    for number in range(5, 30):
        far.sends(number)
        far.wait()
    assert far.frames[-20:] == list(range(10, 30))


def test_who_sends_ten_times_too_fast_is_heard_as_fast_as_one_can_speak() -> None:
    far = Far()
    far.first_timestamp = 0
    for number in range(1500):
        far.sends(number, b"\x42" * 160)
        if number % 10 == 9:
            far.wait()
    assert len(far.heard) / 8000 <= 3.0 * 1.03 + MOST_LEAD_S
    assert far.reception.excess > 1000


def test_a_clock_a_little_fast_is_heard_whole() -> None:
    far = Far()
    for number in range(3000):
        far.sends(number, b"\x42" * 160)
        far.now += FRAME_S * 0.999
        far.heard += b"".join(far.reception.due(far.now))
    assert len(far.heard) == 3000 * 160
    assert far.reception.excess == far.reception.late == 0


def test_after_a_pause_of_this_machine_all_that_was_said_is_heard() -> None:
    far = Far()
    for number in range(10):
        far.sends(number)
        far.wait()
    far.now += 0.6
    for number in range(10, 40):  # all waits in the socket, and is received before anything is filled
        far.sends(number)
    far.wait()
    assert far.frames == list(range(40))


def test_where_nobody_speaks_the_noise_of_the_line_is_heard_instead_of_silence() -> None:
    far = Far()
    far.sends(0)
    far.reception.quieted(50)
    far.wait(0.5)
    noise = far.heard[160:]
    level_db = 20 * math.log10(audioop.rms(audioop.ulaw2lin(noise, 2), 2) / 32768)
    assert -53 < level_db < -47
    far.sends(25)
    far.wait(0.3)
    far.sends(40)
    far.wait(0.5)
    assert far.heard.endswith(SILENCE * 10), "it has spoken since, and then stopped without a word"


def test_gaps_that_come_faster_than_time_passes_are_not_filled() -> None:
    far = Far()
    for number in range(25):  # in 9 s; each packet says that 0.9 s have passed since the one before
        packet = Packet(0, False, number, number * 7200, 1, bytes(160))
        if far.reception.counted(packet):
            far.heard += b"".join(far.reception.received(packet, packet.payload, far.now))
        far.wait(0.36)
    assert len(far.heard) / 8000 < 9 * 1.02 + MOST_LEAD_S + 1


def test_a_packet_that_was_overtaken_cannot_be_of_a_time_to_come() -> None:
    far = Far()
    far.sends(100)
    stray = replace(far.packet(90, bytes(160)), timestamp=far.packet(160, b"").timestamp)
    assert far.reception.counted(stray)
    far.reception.received(stray, stray.payload, far.now)
    far.wait(0.2)
    assert len(far.heard) / 8000 < 0.25


@example([(0, 0, 1, 0), (65_409, 9617, 1, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)])
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1), st.integers(0, 400), st.integers(0, 1))))
def test_whatever_a_far_end_makes_of_its_numbers_costs_little(packets) -> None:
    far, heard = Far(), 0
    for sequence, timestamp, length, source in packets:
        packet = Packet(0, False, sequence, timestamp, source, bytes(length))
        if far.reception.counted(packet):
            heard += len(b"".join(far.reception.received(packet, packet.payload, far.now)))
        far.now += FRAME_S
        heard += len(b"".join(far.reception.due(far.now)))
    assert heard / 8000 <= len(packets) * FRAME_S * 1.02 + MOST_LEAD_S + 2 * LONGEST_WAIT_S


def test_jitter_is_measured_as_the_norm_says() -> None:
    even, uneven = Far(), Far()
    chance = random.Random(1)
    for number in range(200):
        even.sends(number)
        even.wait()
        uneven.now += chance.uniform(0, 0.015)
        uneven.sends(number)
        uneven.now = 100.0 + (number + 1) * FRAME_S
    assert even.reception.jitter_ms < 0.5
    assert 2 < uneven.reception.jitter_ms < 12


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), lost=st.floats(0, 0.3), doubled=st.floats(0, 0.3), swapped=st.floats(0, 0.3))
def test_whatever_a_network_does_what_is_heard_is_in_order_and_in_time(seed, lost, doubled, swapped) -> None:
    chance = random.Random(seed)
    order = list(range(150))
    for at in range(len(order) - 1):
        if chance.random() < swapped:
            order[at], order[at + 1] = order[at + 1], order[at]
    far = Far()
    began: float | None = None
    for number in order:
        if chance.random() >= lost:
            began = far.now if began is None else began
            far.sends(number)
            if chance.random() < doubled:
                far.sends(number)
        far.wait()
    real = [one for one in far.frames if one is not None]
    assert real == sorted(set(real))
    assert began is not None
    far.wait(2 * LONGEST_WAIT_S)
    passed_s = far.now - began
    assert passed_s - LONGEST_WAIT_S - 0.1 <= len(far.heard) / 8000 <= passed_s + 12 * FRAME_S
