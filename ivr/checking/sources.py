"""Where things stand in the files: a frozen flow keeps the place of its nodes only, findings point at words."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.yaml_source import Faults, Place, Scalar, Sequence, Value, read
from ivr.yaml_source import Mapping as YamlMapping

SHARED, INTENTS, CALENDARS = "shared.yaml", "intents.yaml", "calendars.yaml"


class Sources:
    """The trees of the files, by flow. `""` is the shared file."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.texts = files
        self.trees = {name: tree for name, text in files.items() if (tree := read(name, text, Faults())) is not None}
        self._of_flow: dict[str, YamlMapping] = {}
        for name, tree in self.trees.items():
            if not isinstance(tree, YamlMapping):
                continue
            if name == SHARED:
                self._of_flow[""] = tree
            elif isinstance(flow := tree.get("flow"), Scalar):
                self._of_flow.setdefault(flow.text, tree)

    def place(self, flow: str, *path: str | int) -> Place:
        """Of the deepest part of `path` that the flow's file has."""
        return self._follow(self._of_flow.get(flow), Place(SHARED, 1, 1), path)

    def place_in(self, file: str, *path: str | int) -> Place:
        return self._follow(self.trees.get(file), Place(file, 1, 1), path)

    def value(self, flow: str, *path: str) -> Value | None:
        value: Value | None = self._of_flow.get(flow)
        for key in path:
            value = value.get(key) if isinstance(value, YamlMapping) else None
        return value

    def _follow(self, value: Value | None, place: Place, path: tuple[str | int, ...]) -> Place:
        if value is not None:
            place = value.place
        for step in path:
            if isinstance(value, YamlMapping) and isinstance(step, str) and step in value:
                entry = value.entries[step]
                place, value = entry.key_place, entry.value
            elif isinstance(value, Sequence) and isinstance(step, int) and step < len(value.items):
                value = value.items[step]
                place = value.place
            elif isinstance(value, Scalar) and step == 0:
                place = value.place
            else:
                break
        return place
