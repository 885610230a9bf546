"""Options of menus and globals: keys, phrases, intents."""

from __future__ import annotations

from ivr.flow import Option
from ivr.loading.uses import Uses
from ivr.reading import Reader, suggestion
from ivr.yaml_source import Faults, Place
from ivr.yaml_source import Mapping as YamlMapping


def read_options(
    mapping: YamlMapping, what: str, languages: tuple[str, ...], uses: Uses, faults: Faults
) -> list[tuple[Option, Reader]]:
    """Options without their targets; the caller reads those from the Reader and finishes it."""
    found: list[tuple[Option, Reader]] = []
    keys: dict[str, str] = {}
    intents: dict[str, str] = {}
    for entry in mapping:
        if not isinstance(entry.value, YamlMapping):
            faults.add(entry.value.place, f"{what}, option '{entry.key}' has 'key', 'phrases' and 'next' under it.")
            continue
        reader = Reader(entry.value, f"{what}, option '{entry.key}'", faults)
        key = _key(reader, entry.key, keys)
        phrases = _phrases(reader, languages)
        wanted = reader.texts("intent")
        for scalar in wanted:
            uses.intents.append((scalar.text, scalar.place))
            if intents.setdefault(scalar.text, entry.key) != entry.key:
                reader.fault(
                    scalar.place,
                    f"the intent '{scalar.text}' is already that of '{intents[scalar.text]}'.",
                    "What a caller wants can lead to one option only.",
                )
        if key is None and not phrases and not wanted:
            reader.fault(entry.value.place, "nobody can choose it: it has neither 'key' nor 'phrases' nor 'intent'.")
        option = Option(entry.key, key, phrases, intents=tuple(dict.fromkeys(s.text for s in wanted)))
        found.append((option, reader))
    return found


def check_against_first(option: Option, reader: Reader, first: tuple[Option, ...]) -> None:
    """Nothing may stand in the way of a global that beats everything."""
    for other in first:
        if option.key is not None and option.key == other.key:
            reader.fault(
                _place(reader, "key"), f"key {option.key} is that of '{other.name}', which comes first everywhere.",
                "Take another key.",
            )  # fmt: skip
        for intent in option.intents:
            if intent in other.intents:
                reader.fault(
                    _place(reader, "intent"),
                    f"the intent '{intent}' is that of '{other.name}', which comes first everywhere.",
                )


def _place(reader: Reader, key: str) -> Place:
    return reader.mapping.entries[key].value.place


def _key(reader: Reader, name: str, taken: dict[str, str]) -> str | None:
    key = reader.text("key", "") or None
    if key is not None:
        if not set(key) <= set("0123456789*"):
            reader.fault(_place(reader, "key"), f"'{key}' cannot be pressed; a key is 0 to 9 or '*'.")
        elif key in taken:
            reader.fault(_place(reader, "key"), f"key {key} is already taken by '{taken[key]}'.")
        taken.setdefault(key, name)
    return key


def _phrases(reader: Reader, languages: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    section = reader.section("phrases")
    if section is None:
        return {}
    return phrases_by_language(section, reader, languages, "phrases")


def phrases_by_language(
    section: YamlMapping, reader: Reader, languages: tuple[str, ...], what: str
) -> dict[str, tuple[str, ...]]:
    """`{en: [a, b], zh-CN: [...]}`: every language of the hotline, and no other."""
    phrases: dict[str, tuple[str, ...]] = {}
    for entry in section:
        if entry.key not in languages:
            reader.fault(
                entry.key_place, f"'{entry.key}' is no language of this hotline.", suggestion(entry.key, languages)
            )
            continue
        phrases[entry.key] = tuple(s.text for s in reader.scalars(entry.value, f"{what} in {entry.key}") if s.text)
    for language in languages:
        if not phrases.get(language):
            reader.fault(section.place, f"there are no {what} in {language}.")
    return phrases
