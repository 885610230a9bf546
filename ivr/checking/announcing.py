"""What a prompt tells a caller to press, in words or figures, and how long it talks before it does."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ivr.flow import Flow, FlowSet, PromptUse
from ivr.prompts import Placeholder, Template
from speech.transcripts import mandarin

_MANDARIN_KEYS = dict(zip("零一二三四五六七八九", "0123456789", strict=True)) | {"星号": "*", "星": "*", "井号": "#"}
_ENGLISH_KEYS = dict(
    zip(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), "0123456789", strict=True)
) | {"star": "*", "hash": "#", "pound": "#"}  # fmt: skip
_PRESS = {
    "zh": re.compile(r"按(?:一下|数字)?\s*(?P<key>\*?\d+|[*#]|星号?|井号|[零一二三四五六七八九](?![下会个些起]))"),
    "en": re.compile(
        r"\b(?:press|dial|push|key in|touch)(?: the)?(?: key)? (?P<key>\*?\d+|[*#]|(?:"
        + "|".join(_ENGLISH_KEYS)
        + r")\b)",
        re.IGNORECASE,
    ),
}
# Characters a voice speaks in a second: 155 words a minute of 5.7 letters and a blank; Mandarin 4.5 syllables.
_CHARACTERS_S = {"zh": 4.5, "en": 14.5}
_VALUE = "0000"  # how long a value is, for want of it


def _family(language: str) -> str:
    return "zh" if mandarin(language) else "en"


def text_of(flows: FlowSet, flow: Flow, uses: Iterable[PromptUse], language: str) -> str:
    """What is said in the caller's language; a prompt always said in another one is left out."""
    texts = (flows.texts(flow, use.id)[language] for use in uses if use.language in (None, language))
    return " ".join(_plain(text) for text in texts)


def text_anyway(flows: FlowSet, flow: Flow, uses: Iterable[PromptUse], language: str) -> str:
    """All that is said to a caller of `language`, each prompt in the language it is said in."""
    return " ".join(_plain(flows.texts(flow, use.id)[use.language or language]) for use in uses)


def _plain(template: Template) -> str:
    return "".join(_VALUE if isinstance(part, Placeholder) else part for part in template.parts)


def keys_named(text: str) -> list[tuple[str, int]]:
    """Keys a text tells to press, and where; of either language, for a prompt may be said in both."""
    found = []
    for language, pattern in _PRESS.items():
        words = _MANDARIN_KEYS if language == "zh" else _ENGLISH_KEYS
        found += [(words.get(m["key"].lower(), m["key"]), m.start()) for m in pattern.finditer(text)]
    return sorted(found, key=lambda item: item[1])


def names(text: str, phrases: Iterable[str]) -> bool:
    """Whether a text says one of `phrases`, as in "say danger or press 7"."""
    lowered = text.casefold()
    return any(re.search(rf"(?<![a-z]){re.escape(phrase.casefold())}(?![a-z])", lowered) for phrase in phrases)


def seconds(text: str, language: str) -> float:
    """How long a voice takes for `text`, about."""
    return len(text.replace(" ", "") if _family(language) == "zh" else text) / _CHARACTERS_S[_family(language)]
