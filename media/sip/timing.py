"""The timers of RFC 3261, table 4."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds."""

    t1: float = 0.5  # a round trip
    t2: float = 4.0  # the longest pause between two tries of a request other than INVITE, or of an answer
    t4: float = 5.0  # how long a message may stay in the network

    @property
    def giving_up(self) -> float:
        """Timers B, D, F, H, J, L and M."""
        return 64 * self.t1
