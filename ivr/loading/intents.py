"""`intents.yaml`: what callers may want, each with examples of how they say it."""

from __future__ import annotations

from ivr.flow import Intent
from ivr.loading.options import phrases_by_language
from ivr.reading import Reader
from ivr.yaml_source import Faults, Place, Value
from ivr.yaml_source import Mapping as YamlMapping

INTENTS = "intents.yaml"


def read_intents(tree: Value | None, languages: tuple[str, ...], faults: Faults) -> dict[str, Intent]:
    if not isinstance(tree, YamlMapping):
        faults.add(tree.place if tree else Place(INTENTS, 1, 1), "this file begins with 'intents:'.")
        return {}
    reader = Reader(tree, "the intents", faults)
    found = {}
    section = reader.section("intents")
    if section is None:
        reader.missing("intents", "Under it stands a name for each, and under that phrases per language.")
    for entry in section or ():
        if not isinstance(entry.value, YamlMapping):
            reader.fault(entry.value.place, f"intent '{entry.key}' has phrases for each language under it.")
            continue
        inner = Reader(entry.value, f"intent '{entry.key}'", faults)
        phrases = phrases_by_language(entry.value, inner, languages, "phrases")
        found[entry.key] = Intent(entry.key, phrases, entry.key_place)
    reader.finish()
    return found
