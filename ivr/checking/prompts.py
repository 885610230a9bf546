"""Prompts nobody says, texts no caller hears, placeholders that differ by language, recordings without a prompt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ivr.checking.material import Material, listed
from ivr.checking.ways import escalations
from ivr.flow import BUILT_IN, Flow, Node, PromptUse, Texts
from ivr.yaml_source import Place

# What the engine, and calls whose sound we carry, say of the shared file's prompts by themselves.
ENGINE_SAYS = frozenset({"apology", "goodbye", "confirm_value", "confirm_option", "one_moment", "ears_busy"})

Owner = str  # a flow, or "" for the shared file


def said_at(node: Node) -> Iterator[tuple[str, tuple[PromptUse, ...]]]:
    """Prompts a node says, by the key they are written under."""
    prompts = getattr(node, "prompts", ())
    if prompts:
        yield "", prompts
    for name, escalation in escalations(node):
        if escalation.prompts:
            yield name, escalation.prompts


def check_prompts(material: Material) -> None:
    said = _uses(material)
    for owner, prompts in _every(material):
        for prompt, texts in prompts.items():
            place = material.place(owner, "prompts", prompt)
            languages = said.get((owner, prompt))
            if languages is None:
                material.notes.add(
                    "unused-prompt",
                    place,
                    f"nothing says the prompt '{prompt}'" + (f" of flow '{owner}'." if owner else " all flows share."),
                    "Say it somewhere, or delete it.",
                )
            elif None not in languages:
                left = [language for language in texts if language not in languages]
                if left:
                    material.notes.add(
                        "unused-text",
                        material.place(owner, "prompts", prompt, left[0]),
                        f"'{prompt}' is only said in {', '.join(sorted(filter(None, languages)))}; nobody hears its "
                        f"text in {', '.join(left)}.",
                        "Say it without '@' somewhere, or take it that the text stands there for nothing.",
                    )
            _placeholders(material, owner, prompt, texts, place)
    _recordings(material, said)


def _every(material: Material) -> list[tuple[Owner, Mapping[str, Texts]]]:
    return [("", material.flows.prompts), *((flow.name, flow.prompts) for flow in material.flows.flows.values())]


def _uses(material: Material) -> dict[tuple[Owner, str], set[str | None]]:
    """(owner, prompt) -> the languages it is said in by name; None among them: in the caller's."""
    said: dict[tuple[Owner, str], set[str | None]] = defaultdict(set)
    for prompt in ENGINE_SAYS & material.flows.prompts.keys():
        said["", prompt].add(None)

    def note(flow: Flow | None, uses: tuple[PromptUse, ...]) -> None:
        for use in uses:
            owner = flow.name if flow is not None and use.id in flow.prompts else ""
            said[owner, use.id].add(use.language)

    for flow, node in material.nodes():
        for _, uses in said_at(node):
            note(flow, uses)
    for use in _defaults(material):
        said["", use].add(None)
    return dict(said)


def _defaults(material: Material) -> Iterator[str]:
    """Prompts of the defaults, also where every wait has its own."""
    from ivr.yaml_source import Mapping as YamlMapping
    from ivr.yaml_source import Scalar, Sequence

    for key in ("no_input", "no_match", "help", "invalid"):
        section = material.sources.value("", "defaults", key)
        says = section.get("say") if isinstance(section, YamlMapping) else None
        for item in says.items if isinstance(says, Sequence) else (says,):
            if isinstance(item, Scalar):
                yield item.text.partition("@")[0]


def _placeholders(material: Material, owner: Owner, prompt: str, texts: Texts, place: Place) -> None:
    names = {language: template.names - BUILT_IN.keys() for language, template in texts.items()}
    every = frozenset[str]().union(*names.values())
    for language, found in names.items():
        if every - found:
            others = [other for other in names if names[other] & (every - found)]
            material.notes.add(
                "placeholder-mismatch",
                material.place(owner, "prompts", prompt, language),
                f"'{prompt}' says {listed([f'{{{n}}}' for n in sorted(every - found)])} in {', '.join(others)}, but "
                f"not in {language}.",
                "Say the same values in every language.",
            )


def _recordings(material: Material, said: Mapping[tuple[Owner, str], set[str | None]]) -> None:
    languages = material.flows.languages
    owners: dict[str, list[tuple[Owner, Texts]]] = defaultdict(list)
    for owner, prompts in _every(material):
        for prompt, texts in prompts.items():
            owners[prompt].append((owner, texts))
    for language, prompt in sorted(material.recordings):
        place = Place(f"prompts/{language}/{prompt}.wav", 1, 1)
        if language not in languages:
            material.notes.add(
                "recording-unknown", place, f"'{language}' is no language of this hotline, so nobody hears it.",
                "Move it to the folder of a language, or delete it.",
            )  # fmt: skip
        elif prompt not in owners:
            material.notes.add(
                "recording-unknown", place, f"no prompt is called '{prompt}', so nobody hears it.",
                "Name the file after a prompt, or delete it.",
            )  # fmt: skip
        else:
            _recorded(material, language, prompt, place, owners[prompt])
    recorded = {prompt for _, prompt in material.recordings if prompt in owners}
    for prompt in sorted(recorded):
        for owner, texts in owners[prompt]:
            uses = said.get((owner, prompt), set())
            for language in languages:
                heard = None in uses or language in uses
                if (language, prompt) not in material.recordings and texts[language].same_for_all and heard:
                    material.notes.add(
                        "recording-missing",
                        material.place(owner, "prompts", prompt, language),
                        f"'{prompt}' is recorded in another language, but not in {language}: a voice speaks it there.",
                        f"Record prompts/{language}/{prompt}.wav.",
                    )


def _recorded(material: Material, language: str, prompt: str, place: Place, owners: list[tuple[Owner, Texts]]) -> None:
    fixed = [(owner, texts[language].source) for owner, texts in owners if texts[language].same_for_all]
    if not fixed:
        material.notes.add(
            "recording-never-played", place, f"'{prompt}' says values in {language}, so its recording is never played.",
            "Delete it, or take the values out of the text.",
        )  # fmt: skip
    elif len({text for _, text in fixed}) > 1:
        files = [f"flow {owner}" if owner else "shared.yaml" for owner, _ in fixed]
        material.notes.add(
            "recording-shared", place,
            f"prompts with other words are all called '{prompt}' ({', '.join(files)}); this is played for each.",
            "Give the prompts names of their own.",
        )  # fmt: skip
