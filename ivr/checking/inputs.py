"""What a caller may press or say at a wait, and what of it stands in the way of something else."""

from __future__ import annotations

from ivr.checking.material import Material
from ivr.flow import AskNode, Flow, MenuNode, Option
from ivr.values import ValueType
from ivr.yaml_source import Place
from speech.phrases import match
from speech.sounds import ALIKE, unlike


def check_inputs(material: Material) -> None:
    _alike_globals(material)
    seen: set[Place] = set()
    for flow, node in material.waits():
        if isinstance(node, MenuNode):
            place = material.place(flow.name, "nodes", node.name, "options")
            options = material.sources.value(flow.name, "nodes", node.name, "options")
            at = options.place if options is not None else place
            if at not in seen:  # an anchor's options are looked at once
                seen.add(at)
                _hidden_globals(material, flow, node)
                _beginnings(material, flow, node)
                _alike(material, flow, node)
        else:
            _entry(material, flow, node)


def _hidden_globals(material: Material, flow: Flow, node: MenuNode) -> None:
    for option in node.options:
        for other in material.flows.globals:
            if other.first:
                continue
            for what, same, path in (
                (f"key {option.key}", option.key is not None and option.key == other.key, "key"),
                *((f"the intent '{intent}'", intent in other.intents, "intent") for intent in option.intents),
            ):
                if same and not _only_said_otherwise(option, other):
                    material.notes.add(
                        "global-hidden",
                        material.place(flow.name, "nodes", node.name, "options", option.name, path),
                        f"{what} of '{option.name}' hides '{other.name}', which it means at every other wait.",
                        "Take another key." if path == "key" else "Give the intent to one of the two.",
                        material.path(flow.name, node.name),
                    )


def _only_said_otherwise(option: Option, other: Option) -> bool:
    """A menu may well say its own way of what a global does: `0` for an agent with a reason."""
    return option.name == other.name


def _beginnings(material: Material, flow: Flow, node: MenuNode) -> None:
    keys = {option.key: option for option in (*material.flows.globals, *node.options) if option.key}
    for option in node.options:
        longer = [k for k in keys if option.key and k != option.key and k.startswith(option.key)]
        if longer:
            material.notes.add(
                "key-begins-another",
                material.place(flow.name, "nodes", node.name, "options", option.name, "key"),
                f"key {option.key} of '{option.name}' is how {longer[0]} of '{keys[longer[0]].name}' begins: "
                "who presses it waits until no other key can follow.",
                "Give the options of a menu keys of the same length.",
                material.path(flow.name, node.name),
            )


def _entry(material: Material, flow: Flow, node: AskNode) -> None:
    keyed = [option for option in material.flows.globals if option.key]
    if node.terminator == "*" and keyed and node.type is not ValueType.TEXT:
        material.notes.add(
            "keys-unreachable",
            material.place(flow.name, "nodes", node.name, "terminator"),
            f"'*' ends the entry at '{node.name}', so *{keyed[0].key} ('{keyed[0].name}') and the other globals cannot "
            "be keyed in.",
            "Let '#' end it.",
            material.path(flow.name, node.name),
        )


# --- phrases


def _alike(material: Material, flow: Flow, node: MenuNode) -> None:
    def at(option: Option, language: str, index: int) -> Place:
        return material.place(flow.name, "nodes", node.name, "options", option.name, "phrases", language, index)

    for language in material.flows.languages:
        own = [(option, i, p) for option in node.options for i, p in enumerate(option.phrases.get(language, ()))]
        shared = [(o, i, p) for o in material.flows.globals for i, p in enumerate(o.phrases.get(language, ()))]
        for index, (option, i, phrase) in enumerate(own):
            for other, _, text in own[:index]:
                if other is not option:
                    _compare(material, flow, node, language, at(option, language, i), option, phrase, other, text)
            for other, _, text in shared:
                if other.name != option.name or other.first:
                    place = at(option, language, i)
                    _compare(material, flow, node, language, place, option, phrase, other, text, shared=True)


def _alike_globals(material: Material) -> None:
    for language in material.flows.languages:
        said = [(o, i, p) for o in material.flows.globals for i, p in enumerate(o.phrases.get(language, ()))]
        for index, (option, i, phrase) in enumerate(said):
            for other, _, text in said[:index]:
                if other is not option:
                    place = material.place("", "globals", option.name, "phrases", language, i)
                    _compare(material, None, None, language, place, option, phrase, other, text)


def _compare(
    material: Material,
    flow: Flow | None,
    node: MenuNode | None,
    language: str,
    place: Place,
    option: Option,
    phrase: str,
    other: Option,
    text: str,
    *,
    shared: bool = False,
) -> None:
    far = unlike(phrase, text, language)
    if far >= ALIKE:
        return
    path = material.path(flow.name, node.name) if flow and node else ()
    whose = f"'{other.name}'" + (" (a global)" if shared else "")
    if phrase.casefold() == text.casefold() or match(phrase, {"a": [phrase], "b": [text]}, language) is None:
        if shared:
            wins = f"{whose} comes first" if other.first else f"'{option.name}' wins"
            material.notes.add(
                "global-hidden", place, f"'{phrase}' of '{option.name}' is said for {whose} as well: {wins}.",
                "Take the phrase from one of the two.", path,
            )  # fmt: skip
            return
        homophone = "" if phrase.casefold() == text.casefold() else f", which sounds like '{text}'"
        material.notes.add(
            "phrase-twice",
            place,
            f"'{phrase}' of '{option.name}' is also said for {whose}{homophone}: who says it is not understood.",
            "Take the phrase from one of the two.",
            path,
        )
        return
    material.notes.add(
        "phrases-sound-alike",
        place,
        f"'{phrase}' of '{option.name}' sounds like '{text}' of {whose}.",
        "Say one of the two in other words.",
        path,
    )
