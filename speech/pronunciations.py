"""How the words of a phrase are sounded for PocketSphinx, also those its dictionary does not have."""

from __future__ import annotations

import re
from collections.abc import Callable

Lookup = Callable[[str], str | None]
"""A word to its phones, separated by blanks, or None: the dictionary."""

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_VOICELESS = {"P", "T", "K", "F", "TH"}
_HISSING = {"S", "Z", "SH", "ZH", "CH", "JH"}
# Words of the trade that the dictionary lacks. It spells as Americans do, and knows little of China.
_ADDED = {
    "alipay": "AE L IY P EY",
    "cheque": "CH EH K",
    "metre": "M IY T ER",
    "offence": "AH F EH N S",
    "putonghua": "P UW T AO NG HH W AA",
    "wechat": "W IY CH AE T",
}
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|\d")
_MIN_PART = 3  # a compound is made of words, not of letters


def words_of(phrase: str) -> list[str]:
    """The words of a phrase as a caller says them: lower case, no punctuation, figures one by one."""
    found = _WORD.findall(phrase.lower().replace("’", "'"))
    return [_DIGITS[int(word)] if word.isdigit() else word for word in found]


def phones_of(word: str, lookup: Lookup) -> str | None:
    """The phones of `word` (ARPABET): of the dictionary, of its stem, of its parts, or of its letters; else None.

    Letters are read out only where nobody could read the word as one: it has no vowel (SMS, KWH).
    """
    return (
        lookup(word)
        or _ADDED.get(word)
        or _inflected(word, lookup)
        or _compound(word, lookup)
        or _spelled(word, lookup)
    )


def _inflected(word: str, lookup: Lookup) -> str | None:
    for ending in ("'s", "s", "'"):
        stem = lookup(word[: -len(ending)]) if word.endswith(ending) and len(word) > len(ending) + 1 else None
        if stem:
            last = stem.split()[-1]
            if ending == "'":
                return stem
            return stem + (" IH Z" if last in _HISSING else " S" if last in _VOICELESS else " Z")
    return None


def _compound(word: str, lookup: Lookup) -> str | None:
    for cut in range(len(word) - _MIN_PART, _MIN_PART - 1, -1):
        first, second = lookup(word[:cut]), lookup(word[cut:])
        if first and second:
            return f"{first} {second}"
    return None


def _spelled(word: str, lookup: Lookup) -> str | None:
    if re.search("[aeiouy']", word) or len(word) > 5:
        return None
    letters = [lookup(f"{letter}.") or lookup(letter) for letter in word]
    return None if None in letters else " ".join(letter for letter in letters if letter)
