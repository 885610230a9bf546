"""What every reading of a transcript begins with: one way to write it, and which language it is in."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans("’‘`", "'''")
_HESITATION = re.compile(r"\b(?:u+m+|u+h+(?! huh)|e+r+m*|hm+)\b[,.]?")


def mandarin(language: str) -> bool:
    return language.lower().startswith("zh")


def plain(text: str) -> str:
    """Full-width forms made narrow, small letters, one kind of apostrophe, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower().split())


def without_hesitation(text: str) -> str:
    """English without "um", "uh", "er"."""
    return " ".join(_HESITATION.sub(" ", text).split())
