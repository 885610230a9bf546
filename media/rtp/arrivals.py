"""Which packet of a far end one is, and how many were lost: RFC 3550 sections 6.4.1 and A.1 to A.3, for one source at a
time."""

from __future__ import annotations

import enum
from typing import Final

from media.rtp.packets import ahead

MOST_STEP: Final = 3000  # packets; further ahead is a sender that began anew, and not a loss
REMEMBERED: Final = 128  # so far back a packet may have been overtaken
_MASK: Final = (1 << REMEMBERED) - 1


class Place(enum.Enum):
    NEWEST = enum.auto()
    OVERTAKEN = enum.auto()  # a later one came before it
    DOUBLED = enum.auto()
    UNPROVEN = enum.auto()  # of a new source, or of numbers set anew: believed when the next one follows it


class Arrivals:
    """`received` and `lost` count packets, each once, of all sources there have been."""

    def __init__(self) -> None:
        self.source: int | None = None
        self.highest = 0  # sequence number, extended by the times it wrapped
        self.received = self.doubled = self.unproven = 0
        self._base = 0
        self._seen = 0  # bit n: the packet n before the highest has come
        self._counted_before = self._lost_before = 0
        self._candidate: tuple[int, int] | None = None  # source and next number of who would take over
        self._told_expected = self._told_received = 0

    @property
    def expected(self) -> int:
        return 0 if self.source is None else self.highest - self._base + 1

    @property
    def lost(self) -> int:
        return self._lost_before + max(0, self.expected - (self.received - self._counted_before))

    def place(self, source: int, sequence: int) -> Place:
        if source != self.source:
            return self._unknown(source, sequence)
        step = ahead(sequence, self.highest & 0xFFFF, 16)
        if step > MOST_STEP or step <= -REMEMBERED:
            return self._unknown(source, sequence)
        self._candidate = None
        if step > 0:
            self.highest += step
            self._seen = (self._seen << step | 1) & _MASK
            self.received += 1
            return Place.NEWEST
        if self._seen >> -step & 1:
            self.doubled += 1
            return Place.DOUBLED
        self._seen |= 1 << -step
        self.received += 1
        return Place.OVERTAKEN

    def fraction_lost(self) -> int:
        """Of 256, since it was asked last."""
        received = self.received - self._counted_before
        expected, came = self.expected - self._told_expected, received - self._told_received
        self._told_expected, self._told_received = self.expected, received
        return min(255, (expected - came) * 256 // expected) if 0 < expected > came else 0

    def _unknown(self, source: int, sequence: int) -> Place:
        """The first source is believed at once. Another must send two in a row: a stray packet changes nothing."""
        if self.source is not None and self._candidate != (source, sequence):
            self._candidate = (source, (sequence + 1) & 0xFFFF)
            self.unproven += 1
            return Place.UNPROVEN
        self._lost_before = self.lost
        self._counted_before = self.received
        self._told_expected = self._told_received = 0
        self.source, self.highest, self._base, self._seen = source, sequence, sequence, 1
        self._candidate = None
        self.received += 1
        return Place.NEWEST
