"""The words that the recogniser of a language can hear, known without a call and, where it can be, without its model.

For whoever writes phrases: `hotline flow check` tells the words that are missing, and the nearest that are not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from speech.engines import open_recognizer
from speech.model_words import model_words
from speech.phrase_words import segmented, words_of_phrase
from speech.pronunciations import phones_of, words_of
from speech.recognizers import RecognizerChoice
from speech.transcripts import mandarin

_NEAR = 60.0  # per cent of a word that must be alike
_MOST_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`missing` gives the words of a phrase that cannot be heard. `words` are all that can; empty: not known."""

    language: str
    engine: str
    missing: Callable[[str], list[str]]
    words: frozenset[str] = frozenset()

    def nearest(self, word: str) -> str | None:
        """The word that can be heard and is most like `word`: by its letters, in Mandarin by its syllables."""
        from rapidfuzz import fuzz, process  # here: whoever checks no words need not load it

        if mandarin(self.language):
            return self._sounding_like(word)
        wanted = unicodedata.normalize("NFD", word.lower())
        found = process.extractOne(wanted, _in_letters(self.words), scorer=fuzz.ratio, score_cutoff=_NEAR)
        return None if found is None else unicodedata.normalize("NFC", found[0])

    def _sounding_like(self, word: str) -> str | None:
        from rapidfuzz import fuzz, process

        from speech.sounds import unlike  # brings pypinyin along

        like = process.extract(word, sorted(self.words), scorer=fuzz.ratio, limit=_MOST_CANDIDATES, score_cutoff=30)
        same_length = [known for known, _, _ in like if len(known) == len(word)]
        return min(same_length, key=lambda known: unlike(word, known, self.language), default=None)


@lru_cache(maxsize=2)
def _in_letters(words: frozenset[str]) -> list[str]:
    """Hangul is taken apart, so that it is compared by its sounds as well."""
    return [unicodedata.normalize("NFD", word) for word in sorted({word.lower() for word in words if word.isalpha()})]


def lexicon(language: str, choice: RecognizerChoice) -> Lexicon:
    """Of what is configured. Raises RecognizerUnavailable. Another engine than our own is loaded for it."""
    if choice.engine == "pocketsphinx":
        from speech.sounds import dictionary

        words = dictionary()

        def unpronounced(phrase: str) -> list[str]:
            found = words_of(phrase)
            return [word for word in found if phones_of(word, words.get) is None] if found else [phrase]

        return Lexicon(language, choice.engine, unpronounced, frozenset(words))
    if choice.engine == "vosk" and choice.model is not None:
        known = model_words(choice.model)

        def unsegmented(phrase: str) -> list[str]:
            return [word for word in words_of_phrase(phrase) if segmented(word, known.__contains__) is None]

        return Lexicon(language, choice.engine, unsegmented, known)
    recognizer = open_recognizer(language, choice)

    def unheard(phrase: str) -> list[str]:
        return recognizer.missing_words([phrase])

    return Lexicon(language, choice.engine, unheard)
