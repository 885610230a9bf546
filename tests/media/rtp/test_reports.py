"""RTCP, as it is written and as it is read."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from media.codec import Codec
from media.rtp.outgoing import Outgoing
from media.rtp.packets import Packet
from media.rtp.reception import Reception
from media.rtp.reporting import INTERVAL_S, Reporting
from media.rtp.reports import GOODBYE, RECEIVER_REPORT, SENDER_REPORT, read

UNIX_S = 1_790_000_000.25


class Side:
    def __init__(self) -> None:
        self.outgoing = Outgoing(lambda mark: None)
        self.reception = Reception()
        self.reporting = Reporting(self.outgoing, self.reception)

    def hears(self, numbers: list[int], source: int) -> None:
        for number in numbers:
            packet = Packet(0, False, number, number * 160, source, bytes(160))
            if self.reception.counted(packet):
                self.reception.received(packet, packet.payload, number * 0.02)


def kinds(report: bytes) -> list[int]:
    found, at = [], 0
    while at < len(report):
        found.append(report[at + 1])
        at += 4 * (int.from_bytes(report[at + 2 : at + 4], "big") + 1)
    assert at == len(report)
    return found


def test_two_sides_learn_from_each_other_what_was_lost_and_how_long_the_way_is() -> None:
    here, there = Side(), Side()
    for _ in range(20):
        here.outgoing.packet(Codec.PCMU, None)
    there.hears([*range(5), *range(10, 20)], here.outgoing.source)
    there.reporting.came(here.reporting.written(UNIX_S), UNIX_S + 0.03)
    here.reporting.came(there.reporting.written(UNIX_S + 1.03), UNIX_S + 1.06)
    assert here.reporting.lost_there == 5
    assert here.reporting.round_trip_ms is not None
    assert abs(here.reporting.round_trip_ms - 60) < 1
    assert there.reporting.round_trip_ms is None


def test_who_has_sent_nothing_reports_as_a_receiver_and_the_last_report_says_goodbye() -> None:
    side = Side()
    assert kinds(side.reporting.written(UNIX_S))[0] == RECEIVER_REPORT
    side.outgoing.packet(Codec.PCMU, None)
    assert kinds(side.reporting.written(UNIX_S))[0] == SENDER_REPORT
    last = side.reporting.written(UNIX_S, goodbye=True)
    assert kinds(last)[-1] == GOODBYE
    assert read(last, 1).goodbye


def test_reports_are_due_every_five_seconds_or_so() -> None:
    side = Side()
    times = [now / 50 for now in range(50 * 600) if side.reporting.due(now / 50)]
    assert 100 <= len(times) <= 180
    assert times[0] <= INTERVAL_S
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert min(gaps) > 1.9
    assert max(gaps) - min(gaps) > 2, "they are spread"


def test_a_report_about_somebody_elses_sound_is_not_taken_for_ours() -> None:
    here, there = Side(), Side()
    there.hears([1, 5], source=99)
    here.reporting.came(there.reporting.written(UNIX_S), UNIX_S)
    assert here.reporting.lost_there is None


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 31), st.sampled_from([200, 201, 202, 203, 204]))
def test_whatever_comes_is_read_as_far_as_it_goes(rest: bytes, count: int, kind: int) -> None:
    side = Side()
    side.reporting.came(bytes([0x80 | count, kind]) + rest, UNIX_S)
    side.reporting.written(UNIX_S)


def test_the_share_that_was_lost_is_told() -> None:
    side = Side()
    side.hears([0, 1, 2, 7, 8, 9], source=5)
    report = side.reporting.written(UNIX_S)
    assert report[12] == 4 * 256 // 10
    assert int.from_bytes(report[13:16], "big") == 4
