"""Which hour of 24 is meant by an hour as people say it and the part of the day."""

from __future__ import annotations

from typing import Final

# Part of the day -> the hours of 24 that it can be said of. An hour of 1 to 12 fits at most one of a part.
PARTS: Final[dict[str, frozenset[int]]] = {
    "am": frozenset(range(12)),
    "pm": frozenset(range(12, 24)),
    "small hours": frozenset(range(7)),
    "morning": frozenset(range(1, 12)),
    "noon": frozenset({11, 12, 13, 14}),
    "afternoon": frozenset(range(12, 20)),
    "evening": frozenset(range(16, 24)),
    "night": frozenset({0, 1, 2, 3, 4, *range(18, 24)}),
    "晚上": frozenset(
        {0, 1, 2, 3, 4, *range(17, 24)}
    ),  # of dark winter evenings as well as of the hours after midnight
    "": frozenset(range(7, 19)),
}


def hour_of_day(hour: int, part: str) -> int | None:
    """0 to 23, or None where there is no such hour in that part of the day ("three in the evening")."""
    if hour > 12 or (hour == 0 and part in ("", "am", "small hours", "night", "晚上")):
        return hour % 24 if hour <= 24 and (part == "" or hour % 24 in PARTS[part]) else None
    fitting = [one for one in (hour % 12, hour % 12 + 12) if one in PARTS[part]]
    return fitting[0] if len(fitting) == 1 and hour else None


def clock(hour: int, minute: int, part: str, *, exact: bool = False) -> str | None:
    """ "HH:MM". `exact`: said as on a 24-hour clock. `minute` -59 to 59: below 0 it is so many to the hour."""
    if minute < 0:
        # The part of the day is that of the time itself: "quarter to one in the afternoon" is 12:45.
        hour, minute = (hour - 1 or 12) if 1 <= hour <= 12 and not exact else (hour - 1) % 24, minute + 60
    whole = hour if exact and part == "" and 0 <= hour <= 23 else hour_of_day(hour, part)
    return None if whole is None or not 0 <= minute <= 59 else f"{whole:02d}:{minute:02d}"
