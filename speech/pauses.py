"""Where a voice takes breath in Mandarin: espeak-ng reads over a Latin comma that has no space behind it."""

from __future__ import annotations

import re

_UNHEARD = re.compile(r"[,;:!?](?=[一-鿿〇])")
_HEARD = str.maketrans(",;:!?", "，；：！？")


def with_pauses(text: str) -> str:
    """The same text with full-width marks before Chinese characters: 请按9,人工请按0 -> 请按9，人工请按0."""
    return _UNHEARD.sub(lambda found: found[0].translate(_HEARD), text)
