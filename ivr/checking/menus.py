"""Menus as callers hear them: options never named, keys named that do nothing, too many, or named too late."""

from __future__ import annotations

from ivr.checking.announcing import keys_named, names, seconds, text_anyway
from ivr.checking.finding import Severity
from ivr.checking.material import Material, listed
from ivr.checking.prompts import said_at
from ivr.checking.ways import Kind
from ivr.flow import Flow, MenuNode, Option, PromptUse, SayNode

MOST_OPTIONS = 6
LATEST_KEY_S = 12.0


def check_menus(material: Material) -> None:
    before = _said_before(material)
    for flow, node in material.nodes():
        if isinstance(node, MenuNode) and (flow.name, node.name) in material.reached:
            _many(material, flow, node)
            for language in material.flows.languages:
                _named(material, flow, node, language, before.get((flow.name, node.name), ()))


def _said_before(material: Material) -> dict[tuple[str, str], tuple[PromptUse, ...]]:
    """What the `say` nodes right before a menu say."""
    found: dict[tuple[str, str], tuple[PromptUse, ...]] = {}
    for flow, node in material.nodes():
        for way in material.exploration.ways[flow.name, node.name]:
            if isinstance(node, SayNode) and way.kind is Kind.GO:
                found[flow.name, way.node] = (*found.get((flow.name, way.node), ()), *node.prompts)
    return found


def _many(material: Material, flow: Flow, node: MenuNode) -> None:
    count = sum(option.key is not None for option in node.options)  # the others are for who says it unasked
    if count > MOST_OPTIONS:
        material.notes.add(
            "menu-too-long",
            material.place(flow.name, "nodes", node.name, "options"),
            f"'{node.name}' has {count} options to press; callers keep five or six in mind.",
            "Make two menus of it, the common wishes first.",
            material.path(flow.name, node.name),
        )


def _named(material: Material, flow: Flow, node: MenuNode, language: str, before: tuple[PromptUse, ...]) -> None:
    spoken = text_anyway(material.flows, flow, node.prompts, language)
    later = [use for key, uses in said_at(node) if key for use in uses]
    everything = " ".join([spoken, text_anyway(material.flows, flow, (*before, *later), language)])
    keys = {key for key, _ in keys_named(everything)}
    pressed = keys_named(spoken)
    for option in node.options:
        _unnamed(material, flow, node, language, option, everything, keys, asks=not pressed)
    _nobodys(material, flow, node, language, [key for key, _ in pressed])
    if pressed and (late := seconds(spoken[: pressed[0][1]], language)) > LATEST_KEY_S:
        material.notes.add(
            "first-key-late",
            material.place(flow.name, "nodes", node.name, "menu"),
            f"in {language} '{node.name}' talks about {late:.0f} s before it names a key.",
            "Say the news in a 'say' before, or name the first key sooner.",
            material.path(flow.name, node.name),
        )


def _unnamed(
    material: Material,
    flow: Flow,
    node: MenuNode,
    language: str,
    option: Option,
    text: str,
    keys: set[str],
    *,
    asks: bool,
) -> None:
    """`asks`: the prompt names no key at all, so it is a question to be answered in own words."""
    phrases = option.phrases.get(language, ())
    said = bool(phrases or option.intents)
    if option.key in keys or names(text, phrases) or (said and (asks or option.key is None)):
        return
    material.notes.add(
        "option-not-named",
        material.place(flow.name, "nodes", node.name, "options", option.name),
        f"no prompt of '{node.name}' names '{option.name}' in {language}"
        + (f", neither key {option.key} nor its words." if option.key else "."),
        "Name it in the prompt, or in what is said to silence.",
        material.path(flow.name, node.name),
        severity=Severity.HINT if said else Severity.WARNING,
    )


def _nobodys(material: Material, flow: Flow, node: MenuNode, language: str, named: list[str]) -> None:
    known = {option.key for option in (*node.options, *material.flows.globals) if option.key} | {"#"}
    lost = [key for key in dict.fromkeys(named) if key not in known]
    if lost:
        material.notes.add(
            "key-does-nothing",
            material.place(flow.name, "nodes", node.name, "menu"),
            f"'{node.name}' tells callers in {language} to press {listed(lost)}, which no option has.",
            "Give an option that key, or mend the prompt.",
            material.path(flow.name, node.name),
        )
