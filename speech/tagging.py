"""A transcript as the concepts in it: "hello, the lights went out again" -> power, dead, repeat.

The concepts of a language are words of the field (`english_concepts`, `mandarin_concepts`), not intents: which of them
mean what is learnt from the examples of the intents. What no concept covers stays a word of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from speech import english_concepts, mandarin_concepts
from speech.transcripts import mandarin
from speech.wording import english_words, folded, is_han, sounded, stem

IDLE = "-"
UNKNOWN = "?"
LONGEST_TRANSCRIPT = 120  # words or syllables; a longer monologue is read from both its ends

_NUMBERS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand""".split()  # noqa: SIM905 - one word a line would be a page of quotes
)
_PASSED_OVER = frozenset(
    ("a", "an", "the", "um", "uh", "er", "erm", "ah", "like", "just", "really", "actually", "basically")
)
_MANDARIN_NUMBERS = frozenset("零一二两三四五六七八九十百千万亿幺〇")


@dataclass(frozen=True, slots=True)
class Tag:
    """`concept` is IDLE for courtesies and fillers, UNKNOWN for what the lexicon does not have."""

    concept: str
    word: str


@dataclass(frozen=True, slots=True)
class Token:
    """`sound` is what is compared: the stem in English, the folded syllable in Mandarin. `written` breaks ties."""

    sound: str
    written: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    concept: str
    written: str


class Tagger:
    """Longest words first, so that as much as possible is covered; of two as long, the one written like this."""

    def __init__(self, concepts: Mapping[str, Iterable[str]], idle: Iterable[str], language: str) -> None:
        self._mandarin = mandarin(language)
        self._entries: dict[tuple[str, ...], list[_Entry]] = {}
        for concept, phrases in concepts.items():
            self._add(concept, phrases)
        self._add(IDLE, idle)
        self._longest = max(map(len, self._entries))
        self._sounds = frozenset(sound for sounds in self._entries for sound in sounds)

    def tags(self, tokens: tuple[Token, ...]) -> list[Tag]:
        """The cover of the tokens that leaves the fewest to themselves."""
        count = len(tokens)
        best: list[tuple[float, int, Tag]] = [(0.0, 0, Tag(UNKNOWN, ""))] * (count + 1)
        for end in range(1, count + 1):
            last = tokens[end - 1]
            alone = Tag(IDLE if last.number else UNKNOWN, last.sound)
            best[end] = (best[end - 1][0], end - 1, alone)
            if last.sound not in self._sounds:
                continue
            for start in range(max(0, end - self._longest), end):
                found = self._found(tokens[start:end])
                if found is not None:
                    tag, worth = found
                    if best[start][0] + worth > best[end][0]:
                        best[end] = (best[start][0] + worth, start, tag)
        tags: list[Tag] = []
        end = count
        while end:
            _, start, tag = best[end]
            tags.append(tag)
            end = start
        return tags[::-1]

    def _add(self, concept: str, phrases: Iterable[str]) -> None:
        for phrase in phrases:
            tokens = tokens_of(phrase, "zh" if self._mandarin else "en")
            key = tuple(token.sound for token in tokens)
            if key:
                entries = self._entries.setdefault(key, [])
                entries.append(_Entry(concept, "".join(token.written for token in tokens)))

    def _found(self, tokens: tuple[Token, ...]) -> tuple[Tag, float] | None:
        entries = self._entries.get(tuple(token.sound for token in tokens))
        if entries is None:
            return None
        size = len(tokens)
        if not self._mandarin:
            return Tag(entries[0].concept, " ".join(token.sound for token in tokens)), size**1.5
        written = "".join(token.written for token in tokens)
        same = next((entry for entry in entries if entry.written == written), None)
        if same is None and size == 1 and is_han(written):
            return None  # a syllable alone sounds like a hundred words
        entry = same or entries[0]
        worth = size**1.5 + (0.3 if same else 0.0) + (0.05 if entry.concept == IDLE and size > 1 else 0.0)
        return Tag(entry.concept, "".join(token.sound for token in tokens)), worth


def tokens_of(text: str, language: str) -> tuple[Token, ...]:
    """The whole text, without its punctuation."""
    if not mandarin(language):
        words = english_words(text)
        kept = [word for word in words if word not in _PASSED_OVER]
        return tuple(Token(stem(word), word, word.isdecimal() or word in _NUMBERS) for word in kept)
    return tuple(
        Token(folded(sound), written, written.isdecimal() or written in _MANDARIN_NUMBERS)
        for written, sound in sounded(text)
    )


@lru_cache(maxsize=4)
def tagger(mandarin: bool) -> Tagger:
    """Made when a language is first routed."""
    if mandarin:
        lexicon = {concept: words.split() for concept, words in mandarin_concepts.CONCEPTS.items()}
        return Tagger(lexicon, mandarin_concepts.IDLE.split(), "zh")
    return Tagger(
        {concept: _phrases(text) for concept, text in english_concepts.CONCEPTS.items()},
        _phrases(english_concepts.IDLE),
        "en",
    )


def _phrases(text: str) -> Iterator[str]:
    return (" ".join(phrase.split()) for phrase in text.split(","))
