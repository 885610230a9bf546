"""What a caller may press or say at a wait, and what of it stands in the way of something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ivr.checking.finding import Step
from ivr.checking.material import Material, listed
from ivr.flow import AskNode, CallNode, Flow, MenuNode, Option, SetNode
from ivr.yaml_source import Place
from speech.phrases import match
from speech.sounds import ALIKE, unlike

_Path = Callable[[], tuple[Step, ...]]


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
                if same and option.name != other.name and not same_way(flow, option, other):
                    material.notes.add(
                        "global-hidden",
                        material.place(flow.name, "nodes", node.name, "options", option.name, path),
                        f"{what} of '{option.name}' hides '{other.name}', which it means at every other wait.",
                        "Take another key." if path == "key" else "Give the intent to one of the two.",
                        material.path(flow.name, node.name),
                    )


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
    if node.terminator == "*" and keyed:
        material.notes.add(
            "keys-unreachable",
            material.place(flow.name, "nodes", node.name, "terminator"),
            f"'*' ends the entry at '{node.name}', so *{keyed[0].key} ('{keyed[0].name}') and the other globals cannot "
            "be keyed in.",
            "Let '#' end it.",
            material.path(flow.name, node.name),
        )


def same_way(flow: Flow, option: Option, other: Option) -> bool:
    """Whether an option does what the global would: it then stands there on purpose."""
    after = flow.nodes.get(option.next)
    match after:
        case SetNode(values=values):
            return other.action == "language" and "language" in values
        case CallNode(flow=called):
            return bool(called) and called == other.flow
    return bool(other.action == "repeat" and isinstance(after, MenuNode) and option in after.options)


# --- words


@dataclass(frozen=True, slots=True)
class _Said:
    option: Option
    phrase: str
    place: Place


def _alike(material: Material, flow: Flow, node: MenuNode) -> None:
    path = partial(material.path, flow.name, node.name)
    for language in material.flows.languages:
        own = [
            _Said(option, phrase, _at(material, flow.name, ("nodes", node.name, "options", option.name), language, i))
            for option in node.options
            for i, phrase in enumerate(option.phrases.get(language, ()))
        ]
        _among(material, own, language, path)
        for option in node.options:
            for other in material.flows.globals:
                if other.name != option.name or other.first:
                    mine = [said for said in own if said.option is option]
                    _against_global(material, flow, mine, other, language, path)


def _alike_globals(material: Material) -> None:
    for language in material.flows.languages:
        said = [
            _Said(option, phrase, _at(material, "", ("globals", option.name), language, i))
            for option in material.flows.globals
            for i, phrase in enumerate(option.phrases.get(language, ()))
        ]
        _among(material, said, language, tuple)


def _at(material: Material, flow: str, path: tuple[str, ...], language: str, index: int) -> Place:
    return material.place(flow, *path, "phrases", language, index)


def _among(material: Material, said: Sequence[_Said], language: str, path: _Path) -> None:
    for index, one in enumerate(said):
        for other in said[:index]:
            if one.option is other.option or unlike(one.phrase, other.phrase, language) >= ALIKE:
                continue
            if _one_to_the_engine(one.phrase, other.phrase, language):
                same = one.phrase.casefold() == other.phrase.casefold()
                homophone = "" if same else f", which sounds like '{other.phrase}'"
                material.notes.add(
                    "phrase-twice", one.place,
                    f"'{one.phrase}' of '{one.option.name}' is also said for '{other.option.name}'{homophone}: "
                    "who says it is not understood.",
                    "Take the phrase from one of the two.", path(),
                )  # fmt: skip
            else:
                _sounds_alike(material, one, other.phrase, f"'{other.option.name}'", path)


def _against_global(
    material: Material, flow: Flow, own: Sequence[_Said], other: Option, language: str, path: _Path
) -> None:
    hidden: list[_Said] = []
    for one in own:
        for phrase in other.phrases.get(language, ()):
            if unlike(one.phrase, phrase, language) >= ALIKE:
                continue
            if _one_to_the_engine(one.phrase, phrase, language):
                hidden.append(one)
            elif not same_way(flow, one.option, other):
                _sounds_alike(material, one, phrase, f"'{other.name}' (a global)", path)
    if hidden and (other.first or not same_way(flow, hidden[0].option, other)):
        option = hidden[0].option
        wins = f"'{other.name}' comes first" if other.first else f"here '{option.name}' wins"
        material.notes.add(
            "global-hidden", hidden[0].place,
            f"{listed(list(dict.fromkeys(said.phrase for said in hidden)))} of '{option.name}' also stands for the "
            f"global '{other.name}': {wins}.",
            "Take the words from one of the two.", path(),
        )  # fmt: skip


def _one_to_the_engine(one: str, other: str, language: str) -> bool:
    return one.casefold() == other.casefold() or match(one, {"a": [one], "b": [other]}, language) is None


def _sounds_alike(material: Material, one: _Said, phrase: str, whose: str, path: _Path) -> None:
    material.notes.add(
        "phrases-sound-alike",
        one.place,
        f"'{one.phrase}' of '{one.option.name}' sounds like '{phrase}' of {whose}.",
        "Say one of the two in other words.",
        path(),
    )
