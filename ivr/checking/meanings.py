"""Words that mean something else than their author thinks: what comes first, or another option's intent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.checking.inputs import same_way
from ivr.checking.material import Material, listed
from ivr.flow import Flow, MenuNode, Option
from ivr.yaml_source import Place
from speech.phrases import said_within
from speech.sounds import Sound, sound_of


def check_meanings(material: Material) -> None:
    _examples(material)
    for flow, node in material.nodes():
        if isinstance(node, MenuNode):
            for language in material.flows.languages:
                meant = _meant(material, node, language)
                for option in node.options:
                    phrases = option.phrases.get(language, ())
                    places = [
                        material.place(flow.name, "nodes", node.name, "options", option.name, "phrases", language, i)
                        for i in range(len(phrases))
                    ]
                    for phrase, place in zip(phrases, places, strict=True):
                        _hidden(material, flow, node, option, phrase, language, place)
                    _elsewhere(material, flow, node, option, phrases, places, meant)


def _hidden(
    material: Material, flow: Flow, node: MenuNode, option: Option, phrase: str, language: str, place: Place
) -> None:
    for other in material.flows.globals:
        if not other.first or same_way(flow, option, other):
            continue
        held = said_within(phrase, other.phrases.get(language, ()), language)
        if held is not None and held.casefold() != phrase.casefold():
            material.notes.add(
                "option-hidden",
                place,
                f"'{phrase}' of '{option.name}' holds '{held}': who says it is taken for '{other.name}', which comes "
                "first.",
                "Say it in other words.",
                material.path(flow.name, node.name),
            )


def _meant(material: Material, node: MenuNode, language: str) -> dict[str, tuple[Option, str]]:
    """Example of an intent of this wait -> the option that has the intent, and the intent."""
    return {
        example.casefold(): (option, intent)
        for option in (*material.flows.globals, *node.options)
        for intent in option.intents
        for example in material.flows.intents[intent].phrases.get(language, ())
    }


def _elsewhere(
    material: Material,
    flow: Flow,
    node: MenuNode,
    option: Option,
    phrases: Sequence[str],
    places: Sequence[Place],
    meant: Mapping[str, tuple[Option, str]],
) -> None:
    found = []
    for phrase, place in zip(phrases, places, strict=True):
        other, intent = meant.get(phrase.casefold(), (option, ""))
        if other.name != option.name and not same_way(flow, option, other):
            found.append((phrase, place, f"'{intent}' ('{other.name}')"))
    if found:
        words = listed([phrase for phrase, _, _ in found])
        material.notes.add(
            "phrase-means-another",
            found[0][1],
            f"{words} of '{option.name}' also mean {', '.join(dict.fromkeys(whose for _, _, whose in found))}, an "
            f"intent of the same wait: said just so they mean '{option.name}', in other words the other.",
            "Take them from one of the two, unless that is meant.",
            material.path(flow.name, node.name),
        )


def _examples(material: Material) -> None:
    """Examples that two intents have, to the letter or to the ear: nobody can tell what is meant."""
    for language in material.flows.languages:
        seen: dict[Sound, tuple[str, str]] = {}
        for name, intent in material.flows.intents.items():
            for index, example in enumerate(intent.phrases.get(language, ())):
                sound = sound_of(example, language)
                other, text = seen.setdefault(sound, (name, example))
                if other != name and sound:
                    alike = "" if text == example else f" (there as '{text}')"
                    material.notes.add(
                        "example-twice",
                        material.sources.place_in("intents.yaml", "intents", name, language, index),
                        f"'{example}' is an example of '{name}' and of '{other}'{alike}.",
                        "Take it from one of the two.",
                    )
