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
    (re.compile(r"\buh[ -]huh\b"), "uhhuh"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgotta\b"), "have to"),
    (re.compile(r"\bgimme\b"), "give me"),
    (re.compile(r"\blemme\b"), "let me"),
    (re.compile(r"\bdunno\b"), "do not know"),
    (re.compile(r"\by['’]all\b"), "you"),
)
_MAY_BE_CONTRACTED = re.compile(
    r"'|nt\b|\b(?:huh|cannot|im|ive|thats?|theres?|whats?|ain|gonna|wanna|gotta|gimme|lemme|dunno)\b"
)
_WORDS = re.compile(r"[a-z0-9]+")
_HAN = re.compile(r"[㐀-䶿一-鿿〇]")
_PARTS = re.compile(r"[㐀-䶿一-鿿〇]+|[a-z0-9]+")
# Where a recogniser has written another character of the same sound (着货 for 着火), the word that would tell which
# reading is meant is gone: these have one reading wherever they stand.
_ONE_READING = {
    "着": "zhao", "重": "chong", "还": "hai", "了": "le", "得": "de", "地": "di", "都": "dou", "行": "xing",
    "长": "chang", "调": "tiao", "没": "mei", "差": "cha", "数": "shu", "更": "geng", "单": "dan",
    "传": "chuan", "降": "jiang",
}  # fmt: skip
_BY_WORD = frozenset("便乐觉折系血强校率参弹称模卡会")  # read this way or that by the word they are in


_WHOLE = frozenset(
    ("fired", "news", "does", "his", "this", "always", "morning", "evening", "during", "nothing", "anything")
)


def english_words(text: str) -> tuple[str, ...]:
    """ "I can't pay; what's due?" -> i, can, not, pay, what, is, due; a possessive's s is dropped."""
    lowered = text.lower().replace("’", "'")
    if _MAY_BE_CONTRACTED.search(lowered):
        for pattern, expanded in _CONTRACTIONS:
            lowered = pattern.sub(expanded, lowered)
    return tuple(_WORDS.findall(lowered.replace("'s", "").replace("'", "")))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its commonest endings: flickers, flickering -> flicker. Never under three letters."""
    if len(word) <= 3 or word.isdecimal() or word in _WHOLE:
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
    return tuple(sound for _, sound in sounded(text))


def sounded(text: str) -> list[tuple[str, str]]:
    """Each character as written, with its toneless syllable; a word of letters or figures is its own sound."""
    found: list[tuple[str, str]] = []
    for part in _PARTS.findall(text.lower()):
        if is_han(part[0]):
            read = map(_read_alone, part) if _BY_WORD.isdisjoint(part) else _read(part)
            found += ((c, _ONE_READING.get(c, sound)) for c, sound in zip(part, read, strict=True))
        else:
            found.append((part, part))
    return found


@lru_cache(maxsize=10_000)
def _read_alone(character: str) -> str:
    """Looking words up takes ten times as long, and for most characters all words read them alike."""
    return _read(character)[0]


def _read(characters: str) -> list[str]:
    # Imported when Mandarin is first compared: a sixth of a second and 50 MB that many processes never need.
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(characters, style=Style.NORMAL, errors=list)  # type: ignore[arg-type]


def is_han(character: str) -> bool:
    return bool(_HAN.match(character))


_FOLDED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=2_000)
def folded(syllable: str) -> str:
    """What many speakers and most recognisers do not tell apart is written alike: zh z, ch c, sh s, -ng -n, n l."""
    for sound, alike in _FOLDED:
        syllable = syllable.replace(sound, alike)
    return "l" + syllable[1:] if syllable.startswith("n") and len(syllable) > 1 else syllable
