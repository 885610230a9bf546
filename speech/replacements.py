"""What a correction changes: one run of digits for another, the digit at a place, or the digits at an end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """ "4, not 5": where `old` stands. `nth`: the second five (2), the last one (-1); 0 when it was not said."""

    new: str
    old: str
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """ "the third one is 8". `place`: 1 is the first, -1 the last. `old`, when said, must stand there."""

    place: int
    new: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """ "it ends in 73", "it starts with 139"."""

    new: str
    last: bool
    old: str = ""


Replacement = Exchange | Place | Edge
