"""The words of a phrase as a recogniser's vocabulary has them, and phrases found in a row of words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

Knows = Callable[[str], bool]
"""Whether a word is in the vocabulary."""


def words_of_phrase(phrase: str) -> list[str]:
    return [word for word in re.split(r"[^\w']+", phrase.lower()) if word.strip("'_")]


def in_vocabulary(phrase: str, knows: Knows) -> str | None:
    """The phrase in words of the vocabulary, with spaces between them; None if there are none for it."""
    pieces = [segmented(word, knows) for word in words_of_phrase(phrase)]
    return None if not pieces or None in pieces else " ".join(piece for piece in pieces if piece)


def segmented(word: str, knows: Knows) -> str | None:
    """`word` as the fewest words of the vocabulary: Chinese is written without the spaces that its models expect."""
    best: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end) if _is_cjk(word) else (0,):
            before = best[start]
            if before is None or (best[end] is not None and len(before) + 1 >= len(best[end] or ())):
                continue
            if knows(word[start:end]):
                best[end] = (*before, word[start:end])
    found = best[len(word)]
    return None if found is None else " ".join(found)


def row_of_phrases(words: Sequence[str], phrases: Mapping[tuple[str, ...], str]) -> str | None:
    """The phrases that `words` are, one after the other, as they are written; None if they are anything else.

    Two readings may differ; the longest phrase goes first.
    """
    longest = max(map(len, phrases), default=0)
    written: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            phrase = phrases.get(tuple(words[at : at + length]))
            if phrase is not None:
                written.append(phrase)
                at += length
                break
        else:
            return None
    return " ".join(written) or None


def _is_cjk(word: str) -> bool:
    return any("\u3400" <= sign <= "\u9fff" for sign in word)
