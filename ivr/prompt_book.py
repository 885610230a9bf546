"""Every text that callers hear of a set of flows, as somebody who records prompts needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.flow import FlowSet
from ivr.prompts import Template

SHARED = "shared"
"""Stands for the shared file among the flows of a prompt."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """`text`: what is said, with the utility's name in it; where values are said their places are left in it.

    `recordable`: every caller hears the same. `differs`: other flows have other words under the same id, for which a
    recording of this one would be played as well.
    """

    id: str
    language: str
    text: str
    flows: tuple[str, ...]
    recordable: bool
    differs: bool


def prompt_book(flows: FlowSet) -> list[Prompt]:
    """By language and then in the order of the flows; words that several flows have alike stand there once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    templates: dict[tuple[str, str, str], Template] = {}
    owners = [(SHARED, flows.prompts), *((flow.name, flow.prompts) for flow in flows.flows.values())]
    for owner, prompts in owners:
        for prompt, texts in prompts.items():
            for language, template in texts.items():
                key = (language, prompt, template.source)
                found.setdefault(key, []).append(owner)
                templates[key] = template
    words: dict[tuple[str, str], set[str]] = {}
    for language, prompt, source in found:
        words.setdefault((language, prompt), set()).add(source)
    book = [
        Prompt(
            prompt,
            language,
            _said(templates[language, prompt, source], flows.utility, language),
            tuple(named),
            templates[language, prompt, source].same_for_all,
            len(words[language, prompt]) > 1,
        )
        for (language, prompt, source), named in found.items()
    ]
    return sorted(book, key=lambda prompt: flows.languages.index(prompt.language))


def _said(template: Template, utility: Mapping[str, str], language: str) -> str:
    if not template.same_for_all:
        return template.source
    return template.spoken({"utility": utility.get(language, "")}, {}, language)
