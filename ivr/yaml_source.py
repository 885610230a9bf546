"""YAML with the place of every word, read without YAML 1.1's surprises.

The text is only composed, never constructed, and scalars stay the strings that were written: a key `1` is "1",
`no` is "no" and `010` is "010". Whoever wants a number asks for one and gets a fault with a place if it is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - PyYAML without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class FlowFault:
    """One thing wrong with a flow, where it is, and how to mend it where that is known."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    place: Place
    quoted: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Value, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    key_place: Place
    value: Value


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: dict[str, Entry]
    place: Place

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def get(self, key: str) -> Value | None:
        entry = self.entries.get(key)
        return None if entry is None else entry.value


Value = Scalar | Sequence | Mapping


@dataclass(slots=True)
class Faults:
    """Collects every fault instead of stopping at the first."""

    found: list[FlowFault] = field(default_factory=list)

    def add(self, place: Place, message: str, hint: str = "") -> None:
        self.found.append(FlowFault(place, message, hint))


def read(file: str, text: str, faults: Faults) -> Value | None:
    """The tree of `text`, or None where it is empty or no YAML (then a fault says why)."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        faults.add(
            place, f"this is not YAML: {error.problem or error.context}.", "Check the indentation and quotes here."
        )
        return None
    except yaml.YAMLError as error:
        faults.add(Place(file, 1, 1), f"this is not YAML: {' '.join(str(error).split())}.")
        return None
    if node is None:
        faults.add(Place(file, 1, 1), "the file is empty.", "A flow begins with 'flow: NAME'.")
        return None
    return _convert(file, node, faults, ())


def _convert(file: str, node: yaml.Node, faults: Faults, parents: tuple[int, ...]) -> Value:
    place = Place(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.ScalarNode):
        return Scalar(node.value, place, node.style in ("'", '"', "|", ">"))
    if id(node) in parents:
        faults.add(place, "an anchor that contains itself cannot be read.")
        return Scalar("", place, False)
    parents = (*parents, id(node))
    if isinstance(node, yaml.SequenceNode):
        return Sequence(tuple(_convert(file, item, faults, parents) for item in node.value), place)
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        key_place = Place(file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            faults.add(key_place, "a key must be a word.")
            continue
        key = key_node.value
        if key in entries:
            faults.add(key_place, f"'{key}' stands here a second time; first on line {entries[key].key_place.line}.")
            continue
        entries[key] = Entry(key, key_place, _convert(file, value_node, faults, parents))
    return Mapping(entries, place)
