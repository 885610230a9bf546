"""What time it is for a turn, and what else outside it depends on. Passed in: the engine reads no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time


@dataclass(frozen=True, slots=True)
class Moment:
    """`now` is aware and in the utility's zone. `storm`: storm mode is on, so flows are swapped.

    `too_long`: the call has passed its length limit and goes to the flow for that at this turn.
    """

    now: datetime
    storm: bool = False
    too_long: bool = False

    @staticmethod
    def noon_of(today: str) -> Moment:
        """Midday of an ISO date, without a storm: for tools that play a call and have no clock. "" is an early day."""
        day = date.fromisoformat(today) if today else date(2000, 1, 1)
        return Moment(datetime.combine(day, time(12), UTC))
