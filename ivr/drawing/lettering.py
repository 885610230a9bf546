"""How wide text is and where it is broken, near enough for boxes: nothing here may ask a font."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_NARROW = set("iljtfrI.,:;'|!()[]{} ")
_WIDE = set("mwMW@%—…→")


def width(text: str, size: float) -> float:
    """In the unit of `size`, for a usual sans-serif; Chinese characters are square."""
    return sum(_ems(sign) for sign in text) * size


@lru_cache(maxsize=5000)
def _ems(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if sign in _NARROW:
        return 0.36
    return 0.9 if sign in _WIDE else 0.72 if sign.isupper() else 0.6


def shortened(text: str, size: float, longest: float) -> str:
    if width(text, size) <= longest:
        return text
    while text and width(text + "…", size) > longest:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, size: float, longest: float, lines: int) -> list[str]:
    """At most `lines` lines no longer than `longest`; the last says with … that there was more."""
    found: list[str] = []
    rest = " ".join(text.split())
    while rest and len(found) < lines - 1 and width(rest, size) > longest:
        end = 1
        while width(rest[: end + 1], size) <= longest:
            end += 1
        brace = rest.rfind("{", 1, end)
        space = rest.rfind(" ", 0, end + 1)
        if brace > rest.rfind("}", 0, end):  # a value stays in one piece
            end = brace
        elif space > end // 2 and unicodedata.east_asian_width(rest[end]) not in "WF":
            end = space
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*found, shortened(rest, size, longest)] if rest else found
