"""What every reading of a transcript begins with: one way to write it, and which language it is in."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans("’‘`", "'''")
_BETWEEN_CHINESE = re.compile(r"(?<=[一-鿿〇]) (?=[一-鿿〇])")  # Vosk writes a space between words
_HESITATION = re.compile(r"(?<![\w'-])(?:u+m+|u+h+|e+r+m*|hm+)(?![\w'-]| huh)[,.]?", re.IGNORECASE)


def mandarin(language: str) -> bool:
    """Whether `language` ("zh-CN", "zh") is Mandarin; what is not is read as English is."""
    return language.lower().startswith("zh")


def narrow(text: str) -> str:
    """Full-width forms made narrow, one kind of apostrophe, single spaces, none between Chinese characters."""
    return _BETWEEN_CHINESE.sub("", " ".join(unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).split()))


def plain(text: str) -> str:
    """As `narrow`, in small letters."""
    return narrow(text).lower()


def without_hesitation(text: str) -> str:
    """English without "um", "uh", "er"."""
    return " ".join(_HESITATION.sub(" ", text).split())
