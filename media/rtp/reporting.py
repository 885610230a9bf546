"""The reports of one call (RTCP): when ours are due, what they say, and what the far end's have told."""

from __future__ import annotations

import random
from typing import Final

from media.rtp import reports
from media.rtp.outgoing import Outgoing
from media.rtp.reception import Reception

INTERVAL_S: Final = 5.0
_COMPENSATION: Final = 1.21828  # e - 3/2, RFC 3550 section 6.3.1


class Reporting:
    """`now` is monotonic, `unix_s` the time of day. Two members at most: the interval is always the shortest one."""

    def __init__(self, outgoing: Outgoing, reception: Reception) -> None:
        self.round_trip_ms: float | None = None
        self.lost_there: int | None = None
        self.jitter_there: int | None = None  # samples
        self._outgoing = outgoing
        self._reception = reception
        self._at: float | None = None
        self._their_report, self._their_report_at = 0, 0.0

    def due(self, now: float) -> bool:
        """Told once a time. The first comes after half an interval, all are spread (RFC 3550 section 6.3.1)."""
        if self._at is not None and now < self._at:
            return False
        first, interval_s = self._at is None, INTERVAL_S
        spread = random.uniform(0.5, 1.5) / _COMPENSATION  # noqa: S311 - so that calls do not report in step
        self._at = now + spread * (interval_s / 2 if first else interval_s)
        return not first

    def written(self, unix_s: float, *, goodbye: bool = False) -> bytes:
        arrivals, received, outgoing = self._reception.arrivals, None, self._outgoing
        if arrivals.source is not None:
            received = reports.Received(
                arrivals.source, arrivals.fraction_lost(), arrivals.lost, arrivals.highest,
                round(self._reception.jitter), self._their_report, max(0.0, unix_s - self._their_report_at),
            )  # fmt: skip
        sent = reports.Sent(outgoing.source, outgoing.packets, outgoing.octets, outgoing.timestamp)
        return reports.written(sent, received, unix_s, goodbye=goodbye)

    def came(self, datagram: bytes, unix_s: float) -> None:
        heard = reports.read(datagram, self._outgoing.source)
        if heard.report_time is not None:
            self._their_report, self._their_report_at = heard.report_time, unix_s
        if heard.lost is not None:
            self.lost_there, self.jitter_there = max(0, heard.lost), heard.jitter
        trip = reports.round_trip_ms(heard, unix_s)
        if trip is not None:
            self.round_trip_ms = trip
