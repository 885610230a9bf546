"""How a transcript is brought to a common form before it is compared: English to words, Mandarin to toneless syllables.

The one place for it: phrases of a wait (`speech.phrases`) and intents (`speech.intents`) both read what was said here.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CONTRACTIONS = (
    (re.compile(r"\b(?:let)['’]s\b"), "let us"),
    (re.compile(r"\bwon['’]?t\b"), "will not"),
    (re.compile(r"\b(ca)n['’]?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\b(do|does|did|is|was|are|were|has|have|had|would|could|should|ai)n['’]?t\b"), r"\1 not"),
    (re.compile(r"\b(it|that|there|what|he|she|who|where|when|how|here)['’]s\b"), r"\1 is"),
    (re.compile(r"\b(that|there|what)s\b"), r"\1 is"),
    (re.compile(r"\bi['’]?m\b"), "i am"),
    (re.compile(r"\b(i|we|they|you)['’]ve\b|\b(i)ve\b"), r"\1\2 have"),
    (re.compile(r"\b(i|we|they|you|he|she|it)['’]d\b"), r"\1 would"),
    (re.compile(r"\b(i|we|they|you|he|she|it|that)['’]ll\b"), r"\1 will"),
    (re.compile(r"\b(we|they|you)['’]re\b"), r"\1 are"),
    (re.compile(r"\bain not\b"), "is not"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgotta\b"), "have to"),
    (re.compile(r"\bgimme\b"), "give me"),
    (re.compile(r"\blemme\b"), "let me"),
    (re.compile(r"\bdunno\b"), "do not know"),
    (re.compile(r"\by['’]all\b"), "you"),
)
_WORDS = re.compile(r"[a-z0-9]+")
_HAN = re.compile(r"[㐀-䶿一-鿿〇]")
_LATIN = re.compile(r"[a-z]+|\d+")


def is_mandarin(language: str) -> bool:
    return language.lower().startswith("zh")


def english_words(text: str) -> tuple[str, ...]:
    """ "I can't pay; what's due?" -> i, can, not, pay, what, is, due; a possessive's s is dropped."""
    lowered = text.lower().replace("’", "'")
    for pattern, expanded in _CONTRACTIONS:
        lowered = pattern.sub(expanded, lowered)
    return tuple(_WORDS.findall(lowered.replace("'s", "").replace("'", "")))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its commonest endings: flickers, flickering -> flicker. Never under three letters."""
    if len(word) <= 3 or word.isdecimal():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("ing") and len(word) > 5:
        word = _single(word[:-3])
    elif word.endswith("ied") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ed") and len(word) > 4:
        word = _single(word[:-2])
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _single(word: str) -> str:
    """ "tripp" -> "trip"; but "bill", "pass" and "buzz" keep both."""
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" else word


def syllables(text: str) -> tuple[str, ...]:
    """停电 -> ting, dian; letters and figures stay as they are, everything else is passed over."""
    # Imported when Mandarin is first compared: a sixth of a second and 50 MB that many processes never need.
    from pypinyin import Style, lazy_pinyin

    read = lazy_pinyin("".join(c if c.isalnum() else " " for c in text.lower()), style=Style.NORMAL, errors=_others)  # type: ignore[arg-type]
    return tuple(read)


def is_han(character: str) -> bool:
    return bool(_HAN.match(character))


def _others(characters: str) -> list[str]:
    return _LATIN.findall(characters)


_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=2_000)
def folded(syllable: str) -> str:
    """What many speakers and most recognisers do not tell apart is written alike: zh z, ch c, sh s, -ng -n, n l."""
    for sound, alike in _FOLDED:
        syllable = syllable.replace(sound, alike)
    return "l" + syllable[1:] if syllable.startswith("n") and len(syllable) > 1 else syllable
