"""How alike two phrases sound on a telephone: Mandarin by syllables, English by the phones of the CMU dictionary.

The dictionary is the one that PocketSphinx brings, so what is compared is what is listened for. A word it does not have
is compared letter by letter. Pure but for reading that file once.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from speech.pronunciations import phones_of, words_of
from speech.transcripts import mandarin

Sound = tuple[tuple[str, ...], ...]
"""The syllables (initial, final) or the words (phones) of a phrase."""

ALIKE = 0.2  # mean difference per syllable or word, below which a recogniser or a listener may take one for the other
_ONE = 0.34  # most that any one syllable or word may differ

# Mandarin. Pairs that dialects do not tell apart, and pairs that differ by a breath only, which 8 kHz hardly carries.
_SAME_TO_MANY = 0.2
_BY_A_BREATH = 0.4
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_INITIAL_PAIRS = {
    frozenset(pair): cost
    for cost, pairs in (
        (_SAME_TO_MANY, ("n l", "zh z", "ch c", "sh s", "f h", "r l")),
        (_BY_A_BREATH, ("b p", "d t", "g k", "j q", "zh ch", "z c")),
    )
    for pair in (text.split() for text in pairs)
}
_FINAL_PAIRS = frozenset(
    frozenset(pair.split())
    for pair in ("in ing", "en eng", "an ang", "ian iang", "uan uang", "un ong", "o uo", "ou uo")
)
_PARTICLES = re.compile(r"(?<=.)[了的吗呢啊呀吧哦]+$")
_SAID_ALIKE = (("没有", "没"),)

# English: phones that a telephone or a listener mixes up.
_PHONE_PAIRS = {
    frozenset(pair.split()): 0.3
    for pair in (
        "M N", "N NG", "F TH", "F S", "S TH", "S Z", "SH CH", "CH JH", "B P", "D T", "G K", "B V", "V DH", "B D", "P T",
        "IH IY", "IH EH", "EH AE", "AH AA", "AA AO", "AH EH", "AH IH", "UH UW", "ER AH", "AH AE", "AO OW",
    )
}  # fmt: skip
_WEAK = frozenset({"AH", "IH", "HH"})


def sound_of(phrase: str, language: str) -> Sound:
    """() where nothing in `phrase` is said."""
    return _mandarin(phrase) if mandarin(language) else _english(phrase)


def difference(one: Sound, other: Sound, language: str) -> float:
    """0 sounds the same, 1 (or near it) nothing alike. Phrases of unlike length are not compared: 1, or 0 when they
    only are cut into words in another way (power line, powerline)."""
    if not one or not other:
        return 1.0
    if len(one) != len(other):
        return 0.0 if not mandarin(language) and sum(one, ()) == sum(other, ()) else 1.0
    part = _syllables if mandarin(language) else _words
    parts = [part(a, b) for a, b in zip(one, other, strict=True)]
    return 1.0 if max(parts) > _ONE else sum(parts) / len(parts)


@lru_cache(maxsize=100_000)
def unlike(one: str, other: str, language: str) -> float:
    """`difference` of two phrases."""
    return difference(sound_of(one, language), sound_of(other, language), language)


# --- Mandarin


@lru_cache(maxsize=20_000)
def _mandarin(phrase: str) -> Sound:
    kept = "".join(c for c in phrase.lower() if c.isalnum() or c == " ").strip()
    for long, short in _SAID_ALIKE:
        kept = kept.replace(long, short)
    kept = _PARTICLES.sub("", kept)
    # Imported when Mandarin is first compared: half a second and 70 MB that most processes never need.
    from pypinyin import Style, lazy_pinyin

    syllables = [s for part in kept.split() for s in lazy_pinyin(part, style=Style.NORMAL, v_to_u=False)]
    return tuple(_cut(syllable) for syllable in syllables)


def _cut(syllable: str) -> tuple[str, str]:
    initial = next((i for i in _INITIALS if syllable.startswith(i)), "")
    return initial, syllable[len(initial) :]


@lru_cache(maxsize=100_000)
def _syllables(one: tuple[str, str], other: tuple[str, str]) -> float:
    initial = 0.0 if one[0] == other[0] else _INITIAL_PAIRS.get(frozenset((one[0], other[0])), 1.0)
    same_final = frozenset((one[1], other[1])) in _FINAL_PAIRS
    final = 0.0 if one[1] == other[1] else _SAME_TO_MANY if same_final else 1.0
    return (initial + final) / 2


# --- English


@lru_cache(maxsize=20_000)
def _english(phrase: str) -> Sound:
    return tuple(_phones(word) for word in words_of(phrase))


@lru_cache(maxsize=20_000)
def _phones(word: str) -> tuple[str, ...]:
    phones = phones_of(word, dictionary().get)
    return tuple(phones.split()) if phones else tuple(word.upper())


@lru_cache(maxsize=1)
def dictionary() -> dict[str, str]:
    """word -> phones, the commonest pronunciation of each."""
    from pocketsphinx import get_model_path

    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines if "(" not in line and " " in line)


@lru_cache(maxsize=100_000)
def _words(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Weighted edit distance over the longer one's length."""
    if one == other:
        return 0.0
    row = [0.0]
    for phone in other:
        row.append(row[-1] + _left_out(phone))
    for a in one:
        above, row = row, [row[0] + _left_out(a)]
        for index, b in enumerate(other):
            same = 0.0 if a == b else _PHONE_PAIRS.get(frozenset((a, b)), 1.0)
            row.append(min(above[index] + same, above[index + 1] + _left_out(a), row[index] + _left_out(b)))
    return row[-1] / max(len(one), len(other), 1)


def _left_out(phone: str) -> float:
    return 0.5 if phone in _WEAK else 1.0
