"""Which of a wait's options a transcript means, by its words in English and by its sound in Mandarin.

English is compared word by word, Mandarin by toneless syllables, so that a recogniser's homophone (保修 for 报修) still
routes. The longest phrase that fits wins; what fits two options equally well, or none well enough, is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from speech.transcripts import mandarin
from speech.wording import english_words, syllables

Tokens = tuple[str, ...]

_FILLERS = {"please", "um", "uh", "er", "well", "hello", "hi", "so", "just", "like", "a", "an", "the"}
_NEGATIONS = {"not", "no", "never", "nothing"}
_MANDARIN_FILLERS = re.compile(r"[嗯呃啊哦呢吧呀]|请问|你好|您好|那个|麻烦")
_MANDARIN_NEGATIONS = {"没", "不", "别", "未"}
_MANDARIN_DENIALS = {"mei", "bu", "bie"}  # as syllables
_DENIED_WITHIN = 3  # words, or syllables, before it
_TOO_CLOSE = 0.04
_ALIKE = 50  # of 100, between two words


@dataclass(frozen=True, slots=True)
class Match:
    option: str
    confidence: float  # 0..1
    phrase: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    tokens: Tokens
    joined: str
    negated: bool
    by_sound: bool


def match(
    transcript: str, options: Mapping[str, Sequence[str]], language: str, *, threshold: float = 0.75
) -> Match | None:
    """`options`: name -> phrases in `language`. None when nothing fits, or two options do equally."""
    said = _prepare(transcript, language)
    if not said.tokens:
        return None
    best: dict[str, tuple[float, int, str]] = {}
    for option, phrases in options.items():
        for text in phrases:
            phrase = _prepare(text, language)
            score = _score(said, phrase)
            if score >= threshold:
                candidate = (score, len(phrase.tokens), text)
                best[option] = max(best.get(option, candidate), candidate)
    if not best:
        return None
    ranked = sorted(best.items(), key=lambda item: item[1][:2], reverse=True)
    option, (score, length, text) = ranked[0]
    if len(ranked) > 1:
        other_score, other_length, _ = ranked[1][1]
        if score - other_score < _TOO_CLOSE and length == other_length:
            return None
    return Match(option, round(score, 3), text)


def said_within(transcript: str, phrases: Sequence[str], language: str) -> str | None:
    """The longest of `phrases` that stands in `transcript` as it is, however much is said around it.

    Not one that is denied just before: "oh my god there is a fire here" holds "fire", "there is no fire" does not.
    """
    said = _prepare(transcript, language)
    denials = _MANDARIN_DENIALS if said.by_sound else _NEGATIONS
    for text in sorted(phrases, key=len, reverse=True):
        tokens = _prepare(text, language).tokens
        for at in range(len(said.tokens) - len(tokens) + 1 if tokens else 0):
            before = said.tokens[max(0, at - _DENIED_WITHIN) : at]
            if said.tokens[at : at + len(tokens)] == tokens and not denials & set(before):
                return text
    return None


def _score(said: _Phrase, phrase: _Phrase) -> float:
    """1 for the same words; less the more was said around them, or the less alike they are."""
    if not phrase.tokens:
        return 0.0
    if said.tokens == phrase.tokens:
        return 1.0
    if said.negated != phrase.negated:
        return 0.0
    size, length = len(phrase.tokens), len(said.tokens)
    if phrase.by_sound and phrase.negated and size != length and not _contains(said.tokens, phrase.tokens):
        return 0.0  # one syllable more and a negation is about something else: 没有电, 没有停电
    coverage = size / length if length >= size else 1.0
    if _contains(said.tokens, phrase.tokens):
        return 0.8 + 0.2 * coverage if size > 1 or coverage >= 0.3 else 0.7 * coverage
    words = Levenshtein.normalized_similarity(said.tokens, phrase.tokens)
    sound = fuzz.ratio(said.joined, phrase.joined) / 100
    if size == length > 1 and any(fuzz.ratio(*pair) < _ALIKE for pair in zip(said.tokens, phrase.tokens, strict=True)):
        sound = 0.0  # one word the same does not make the other one alike: "best office", "south office"
    whole = max(words, sound if min(size, length) > 1 else sound - 0.1)
    if size >= 3 and length > size:
        windows = (said.tokens[i : i + size] for i in range(length - size + 1))
        part = max(Levenshtein.normalized_similarity(window, phrase.tokens) for window in windows)
        whole = max(whole, part * (0.85 + 0.15 * coverage))
    return 0.98 * whole


def _contains(tokens: Tokens, part: Tokens) -> bool:
    return any(tokens[i : i + len(part)] == part for i in range(len(tokens) - len(part) + 1))


@lru_cache(maxsize=20_000)
def _prepare(text: str, language: str) -> _Phrase:
    if mandarin(language):
        return _mandarin(text)
    words = english_words(text)
    tokens = tuple(word for word in words if word not in _FILLERS) or tuple(words)
    return _Phrase(text, tokens, " ".join(tokens), bool(_NEGATIONS & set(tokens)), by_sound=False)


def _mandarin(text: str) -> _Phrase:
    kept = (_MANDARIN_FILLERS.sub("", text) or text).replace("没有", "没")  # the same to a caller
    tokens = syllables(kept)
    return _Phrase(text, tokens, " ".join(tokens), bool(_MANDARIN_NEGATIONS & set(kept)), by_sound=True)
