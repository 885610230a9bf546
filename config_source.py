"""A YAML file as plain data, with the place of every key and value, and every fault found on the way.

YAML 1.1 reads 21:30 as 1290, 010 as 8 and `no` as False. An operator means none of that, so only true, false,
null, plain decimal integers and floats are taken for something else than text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KeyPath = tuple[str | int, ...]

_SCALARS = {
    "tag:yaml.org,2002:null": re.compile(r"^(?:~|null|)$"),
    "tag:yaml.org,2002:bool": re.compile(r"^(?:true|false)$"),
    "tag:yaml.org,2002:int": re.compile(r"^(?:0|[-+]?[1-9][0-9]*)$"),
    "tag:yaml.org,2002:float": re.compile(r"^[-+]?[0-9]+\.[0-9]+$"),
}


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers = {None: list(_SCALARS.items())}  # noqa: RUF012 - read by PyYAML


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, both counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Source:
    """What a file says: `data` always is a mapping; `faults` are ready to print."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def at(self, path: KeyPath, *, key: bool = False) -> str:
        """`config.yaml:12:3` of the key or value at `path`, or of the nearest thing above it that is in the file."""
        places = self.keys if key else self.values
        while path:
            place = places.get(path) or self.keys.get(path)
            if place is not None:
                return f"{self.name}:{place.line}:{place.column}"
            path = path[:-1]
        return self.name


def read(path: Path) -> Source:
    """Never raises for what is in the file or for a file that cannot be read: that is a fault."""
    source = Source(path.name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        source.faults.append(f"{path}: cannot be read: {problem}")
        return source
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return source
        if not isinstance(root, yaml.MappingNode):
            source.faults.append(f"{source.name}:1:1: must be a mapping of sections")
            return source
        source.data = _mapping(loader, root, (), source, set())
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        where = f"{source.name}:{mark.line + 1}:{mark.column + 1}" if mark else source.name
        source.faults.append(f"{where}: not valid YAML: {problem.problem}")
    except yaml.YAMLError as problem:
        source.faults.append(f"{source.name}: not valid YAML: {problem}")
    finally:
        loader.dispose()
    return source


def _mapping(loader: _Loader, node: yaml.MappingNode, path: KeyPath, source: Source, open_: set[int]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = _place(key_node)
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None:
            source.faults.append(f"{source.name}:{place.line}:{place.column}: a key must be a plain word")
            continue
        here = (*path, key)
        if key in result:
            first = source.keys[here].line
            source.faults.append(
                f"{source.name}:{place.line}:{place.column}: {dotted(here)}: given twice, first in line {first}"
            )
            continue
        source.keys[here] = place
        result[key] = _value(loader, value_node, here, source, open_)
    return result


def _value(loader: _Loader, node: yaml.Node, path: KeyPath, source: Source, open_: set[int]) -> Any:
    source.values[path] = _place(node)
    if id(node) in open_:
        source.faults.append(f"{source.at(path)}: {dotted(path)}: refers to itself")
        return None
    inside = open_ | {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node, path, source, inside)
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, index), source, inside) for index, item in enumerate(node.value)]
    return loader.construct_object(node)


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def dotted(path: KeyPath) -> str:
    """`("speech", "voices", 0)` -> `speech.voices[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
