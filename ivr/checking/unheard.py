"""Phrases that the configured recogniser cannot hear, for a word it does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ivr.checking.finding import Severity, Step
from ivr.checking.material import Material, listed
from ivr.flow import MenuNode, Option
from ivr.listening import EXAMPLES_OF_AN_OPTION
from ivr.yaml_source import Place

_CODE = "word-unheard"
_MOST_NAMED = 3


class Ears(Protocol):
    """What is known of a language's recogniser: `speech.lexicon.Lexicon`."""

    @property
    def engine(self) -> str: ...
    def missing(self, phrase: str, /) -> list[str]: ...
    def nearest(self, word: str) -> str | None: ...


def check_unheard(material: Material, ears: Mapping[str, Ears]) -> None:
    """`ears`: of every language whose recogniser is known; the others are not looked at."""
    for language, hears in ears.items():
        for option in material.flows.globals:
            _option(material, hears, language, option, "", ("globals", option.name), ())
        for flow, node in material.nodes():
            for option in node.options if isinstance(node, MenuNode) else ():
                where = ("nodes", node.name, "options", option.name)
                _option(material, hears, language, option, flow.name, where, material.path(flow.name, node.name))
        for name, intent in material.flows.intents.items():
            # Only these are listened for as they stand; the others say what is meant by what was heard.
            examples = intent.phrases.get(language, ())[:EXAMPLES_OF_AN_OPTION]
            places = [
                material.sources.place_in("intents.yaml", "intents", name, language, index)
                for index in range(len(examples))
            ]
            _note(material, hears, f"the intent '{name}'", examples, places, (), Severity.HINT)


def _option(
    material: Material,
    ears: Ears,
    language: str,
    option: Option,
    flow: str,
    where: tuple[str, ...],
    path: Sequence[Step],
) -> None:
    phrases = option.phrases.get(language, ())
    places = [material.place(flow, *where, "phrases", language, index) for index in range(len(phrases))]
    _note(material, ears, f"'{option.name}'", phrases, places, path, Severity.WARNING)


def _note(
    material: Material,
    ears: Ears,
    whose: str,
    phrases: Sequence[str],
    places: Sequence[Place],
    path: Sequence[Step],
    severity: Severity,
) -> None:
    unheard = {phrase: missing for phrase in phrases if (missing := ears.missing(phrase))}
    if not unheard:
        return
    words = list(dict.fromkeys(word for missing in unheard.values() for word in missing))
    named = [f"'{word}'" + (f" (it has '{near}')" if (near := ears.nearest(word)) else "") for word in words]
    rest = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    nothing = " Nothing else is said for it." if len(unheard) == len(phrases) else ""
    first = next(place for phrase, place in zip(phrases, places, strict=True) if phrase in unheard)
    material.notes.add(
        _CODE,
        first,
        f"{listed(list(unheard), 4)} of {whose} cannot be heard: {ears.engine} has no word "
        f"{', '.join(named[:_MOST_NAMED])}{rest}.{nothing}",
        "Say it with words that it has as well.",
        path,
        severity=severity,
    )
