"""The result of a ticket is spoken to the caller: is it there, short enough, and in the caller's language?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from models import TicketType

LONGEST: Final = 300  # signs: about a minute of Mandarin, half a minute of English
_HAN: Final = ("\u3400", "\u9fff")
_LEAST_HAN: Final = 0.3  # of the letters; names and numbers may stand in Latin letters


def fits_language(text: str, language: str) -> bool:
    """Whether `text` looks like `language`. Says yes where it cannot tell (no letters, a language it does not know)."""
    letters = [sign for sign in text if sign.isalpha()]
    if not letters:
        return True
    han = sum(_HAN[0] <= sign <= _HAN[1] for sign in letters) / len(letters)
    main = language.partition("-")[0]
    if main == "zh":
        return han >= _LEAST_HAN
    if main == "en":
        return han < 0.1  # a name may stand in its own signs
    return True


def quick_phrases(type_: TicketType, language: str) -> tuple[str, ...]:
    """Ready sentences in the caller's language, none if there are none in it."""
    return _phrases().get((type_.value, language), ())


@cache
def _phrases() -> Mapping[tuple[str, str], tuple[str, ...]]:
    text = (Path(__file__).parent / "quick_phrases.yaml").read_text(encoding="utf-8")
    return {
        (type_, language): tuple(phrases)
        for type_, languages in yaml.safe_load(text).items()
        for language, phrases in languages.items()
    }
