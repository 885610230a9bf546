"""Typed access to a YAML mapping that notes a fault, with a place and a suggestion, instead of raising."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TypeVar

from ivr.expressions import Expression, ExpressionError, parse
from ivr.prompts import Template, parse_template
from ivr.yaml_source import Entry, Faults, Mapping, Place, Scalar, Sequence, Value

T = TypeVar("T")


def suggestion(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?` for a near miss, else the few words there are, else nothing."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"There are: {', '.join(names)}." if 0 < len(names) <= 12 else ""


class Reader:
    """Reads one mapping. `what` names it in messages ("node 'greet'"). Call `finish` when all keys were asked for."""

    def __init__(self, mapping: Mapping, what: str, faults: Faults) -> None:
        self.mapping = mapping
        self.what = what
        self.faults = faults
        self._asked: set[str] = set()

    @property
    def place(self) -> Place:
        return self.mapping.place

    def entry(self, key: str) -> Entry | None:
        self._asked.add(key)
        return self.mapping.entries.get(key)

    def finish(self, also: Iterable[str] = ()) -> None:
        for entry in self.mapping:
            if entry.key not in self._asked:
                known = {*self._asked, *also} - self.mapping.entries.keys()
                hint = suggestion(entry.key, known)
                self.faults.add(entry.key_place, f"{self.what} has no key '{entry.key}'.", hint)

    def fault(self, place: Place, message: str, hint: str = "") -> None:
        self.faults.add(place, f"{self.what}: {message}", hint)

    def missing(self, key: str, hint: str = "") -> None:
        self.fault(self.place, f"'{key}' is missing.", hint)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._scalar(key, "a text")
        if value is None:
            if default is None and key not in self.mapping:
                self.missing(key)
            return default or ""
        return value.text

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self._scalar(key, "a number")
        if value is None:
            return default
        try:
            number = float(value.text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            self.fault(value.place, f"'{key}' is '{value.text}', not a number from {low:g} to {high:g}.")
            return default
        return number

    def integer(self, key: str, default: int, low: int, high: int) -> int:
        number = self.number(key, default, low, high)
        if number != int(number):
            entry = self.mapping.entries[key]
            self.fault(entry.value.place, f"'{key}' must be a whole number.")
            return default
        return int(number)

    def yes_no(self, key: str, default: bool) -> bool:
        value = self._scalar(key, "true or false")
        if value is None:
            return default
        if value.text not in ("true", "false"):
            self.fault(value.place, f"'{key}' is '{value.text}', not true or false.")
            return default
        return value.text == "true"

    def texts(self, key: str) -> tuple[Scalar, ...]:
        """One text or a list of them."""
        entry = self.entry(key)
        return () if entry is None else self.scalars(entry.value, f"'{key}'")

    def scalars(self, value: Value, what: str) -> tuple[Scalar, ...]:
        items = value.items if isinstance(value, Sequence) else (value,)
        kept = tuple(item for item in items if isinstance(item, Scalar))
        for item in items:
            if not isinstance(item, Scalar):
                self.fault(item.place, f"{what} must be a text or a list of texts.")
        return kept

    def section(self, key: str) -> Mapping | None:
        entry = self.entry(key)
        if entry is None:
            return None
        if not isinstance(entry.value, Mapping):
            if not (isinstance(entry.value, Scalar) and entry.value.text in ("", "~", "null")):
                self.fault(entry.value.place, f"'{key}' must have keys and values under it.")
            return None
        return entry.value

    def template(self, value: Value, what: str) -> Template:
        if not isinstance(value, Scalar):
            self.fault(value.place, f"{what} must be a text.")
            return parse_template("")
        return self._try(parse_template, value, parse_template(""))

    def expression(self, value: Value, what: str) -> Expression:
        if not isinstance(value, Scalar):
            self.fault(value.place, f"{what} must be a condition.")
            return parse("false")
        return self._try(parse, value, parse("false"))

    def templates(self, key: str) -> dict[str, tuple[Place, Template]]:
        section = self.section(key)
        if section is None:
            return {}
        return {e.key: (e.key_place, self.template(e.value, f"'{e.key}'")) for e in section}

    def words(self, key: str) -> dict[str, Scalar]:
        """A mapping of name to text."""
        section = self.section(key)
        kept: dict[str, Scalar] = {}
        for entry in section or ():
            if isinstance(entry.value, Scalar):
                kept[entry.key] = entry.value
            else:
                self.fault(entry.value.place, f"'{entry.key}' must be a text.")
        return kept

    def _scalar(self, key: str, wanted: str) -> Scalar | None:
        entry = self.entry(key)
        if entry is None:
            return None
        if not isinstance(entry.value, Scalar):
            self.fault(entry.value.place, f"'{key}' must be {wanted}.")
            return None
        return entry.value

    def _try(self, read: Callable[[str], T], value: Scalar, otherwise: T) -> T:
        try:
            return read(value.text)
        except ExpressionError as error:
            self.fault(value.place, f"{error}.")
            return otherwise
