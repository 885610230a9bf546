"""A Studio flow definition as exported: widgets with properties, and transitions by event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class StudioError(Exception):
    """The file is no flow definition; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Condition:
    argument: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Transition:
    """`next` is "" where the flow ends."""

    event: str
    next: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Widget:
    name: str
    type: str
    properties: Mapping[str, Any]
    transitions: tuple[Transition, ...]

    def next(self, *events: str) -> str:
        """Where the first of `events` that leads anywhere leads; "" where none does."""
        return next((t.next for event in events for t in self.transitions if t.event == event and t.next), "")

    def leads(self, event: str) -> bool:
        return bool(self.next(event))

    def text(self, key: str) -> str:
        value = self.properties.get(key)
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value).strip()

    def number(self, key: str, default: float) -> float:
        """Studio writes numbers as numbers and as texts."""
        try:
            return float(self.text(key))
        except ValueError:
            return default

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A list of {key, value}."""
        listed = self.properties.get(key)
        items = listed if isinstance(listed, list) else []
        return tuple((str(i["key"]), str(i.get("value", ""))) for i in items if isinstance(i, dict) and i.get("key"))


@dataclass(frozen=True, slots=True)
class Definition:
    description: str
    widgets: Mapping[str, Widget]
    trigger: Widget


def read_definition(text: str) -> Definition:
    """Of the definition itself, or of the flow's resource that has it under `definition`. Raises StudioError."""
    try:
        data = _printable(json.loads(text))
    except ValueError as error:
        raise StudioError(f"this is not JSON: {error}") from error
    if isinstance(data, dict) and isinstance(data.get("definition"), dict):
        data = data["definition"]
    if not isinstance(data, dict) or not isinstance(data.get("states"), list) or not data["states"]:
        raise StudioError("this is no Studio flow definition: it has no list of 'states'")
    widgets: dict[str, Widget] = {}
    for place, state in enumerate(data["states"]):
        widget = _widget(place, state)
        if widget.name in widgets:
            raise StudioError(f"two widgets are named '{widget.name}'")
        widgets[widget.name] = widget
    _check_targets(widgets)
    first = data.get("initial_state")
    if first not in widgets:
        raise StudioError(f"'initial_state' is {first!r}, and no widget is named so")
    return Definition(str(data.get("description") or ""), widgets, widgets[first])


def _printable(data: Any) -> Any:
    """Without characters that no YAML file may hold."""
    if isinstance(data, str):
        return data if data.isprintable() else "".join(sign if sign.isprintable() else " " for sign in data)
    if isinstance(data, list):
        return [_printable(item) for item in data]
    if isinstance(data, dict):
        return {key: _printable(value) for key, value in data.items()}
    return data


def _check_targets(widgets: Mapping[str, Widget]) -> None:
    for widget in widgets.values():
        for transition in widget.transitions:
            if transition.next and transition.next not in widgets:
                raise StudioError(
                    f"widget '{widget.name}' leads to '{transition.next}' on {transition.event}, "
                    "and no widget is named so"
                )


def _widget(place: int, state: object) -> Widget:
    if not isinstance(state, dict) or not isinstance(state.get("name"), str) or not isinstance(state.get("type"), str):
        raise StudioError(f"state {place + 1} has no 'name' or no 'type'")
    properties = state.get("properties")
    listed = state.get("transitions")
    transitions = tuple(_transition(state["name"], item) for item in (listed if isinstance(listed, list) else []))
    return Widget(state["name"], state["type"], properties if isinstance(properties, dict) else {}, transitions)


def _transition(widget: str, item: object) -> Transition:
    if not isinstance(item, dict) or not isinstance(item.get("event"), str):
        raise StudioError(f"a transition of widget '{widget}' has no 'event'")
    conditions = item.get("conditions")
    found = []
    for one in conditions if isinstance(conditions, list) else ():
        if isinstance(one, dict):
            arguments = one.get("arguments")
            first = arguments[0] if isinstance(arguments, list) and arguments else ""
            found.append(Condition(str(first), str(one.get("type", "")), str(one.get("value") or "")))
    return Transition(item["event"], str(item.get("next") or ""), tuple(found))
