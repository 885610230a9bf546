"""The schemas by name."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.loader import NOT_FLOWS
from ivr.schema.conversations import conversations
from ivr.schema.flows import flow
from ivr.schema.folder import calendars, intents, shared
from ivr.schema.shapes import Shape
from ivr.values import Signature

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS: Mapping[str, str] = {
    "flow": "A call flow.",
    "shared": "What all call flows share.",
    "intents": "What callers may want, by example.",
    "calendars": "Opening hours.",
    "tests": "Conversation tests of call flows.",
}
# Kind -> its files, as the settings of an editor name them; all other files of the folder are flows.
FILES: Mapping[str, tuple[str, ...]] = {
    "flow": ("callflows/*.yaml", *(f"!callflows/{name}" for name in sorted(NOT_FLOWS))),
    "shared": ("callflows/shared.yaml",),
    "intents": ("callflows/intents.yaml",),
    "calendars": ("callflows/calendars.yaml",),
    "tests": ("callflows/tests/*.yaml",),
}


def schema(kind: str, languages: tuple[str, ...], services: Mapping[str, Signature]) -> Shape:
    """The JSON Schema of one of KINDS. Raises KeyError for another."""
    title = f"Hotline: {KINDS[kind]}"
    match kind:
        case "flow":
            body = flow(languages, services)
        case "shared":
            body = shared(languages)
        case "intents":
            body = intents(languages)
        case "calendars":
            body = calendars()
        case _:
            body = conversations(languages, services)
    return {"$schema": DIALECT, "title": title, **body}
