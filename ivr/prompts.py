"""Texts with placeholders: `Your balance is {balance:money}.` - of prompts, and of what is handed to services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivr.expressions import Expression, ExpressionError, parse
from speech.spoken import FORMATS, say_value

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FORMAT = re.compile(r"^(?P<expression>.*):\s*(?P<format>[a-z_]+)\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Placeholder:
    expression: Expression
    format: str | None


@dataclass(frozen=True, slots=True)
class Template:
    source: str
    parts: tuple[str | Placeholder, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(p.expression.names for p in self.parts if isinstance(p, Placeholder)))

    @property
    def calendars(self) -> frozenset[str]:
        return frozenset().union(*(p.expression.calendars for p in self.parts if isinstance(p, Placeholder)))

    @property
    def fixed(self) -> bool:
        return all(isinstance(part, str) for part in self.parts)

    @property
    def same_for_all(self) -> bool:
        """Every caller hears the same: it says no value but the utility's name."""
        return self.names <= {"utility"} and not self.calendars

    def spoken(self, variables: Mapping[str, Any], formats: Mapping[str, str], language: str) -> str:
        """The text with every value as it is said in `language`. `formats`: the format of a variable by its type."""
        said = []
        for part in self.parts:
            if isinstance(part, str):
                said.append(part)
                continue
            value = part.expression.value(variables)
            format_ = part.format or formats.get(part.expression.source, "text")
            try:
                said.append(say_value(value, format_, language, today=variables.get("today") or None))
            except (ValueError, TypeError) as error:
                raise ExpressionError(f"{{{part.expression.source}}} cannot be said as {format_}: {error}") from error
        return "".join(said)

    def value(self, variables: Mapping[str, Any]) -> Any:
        """A lone placeholder keeps its type; anything else is text."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Placeholder):
            return self.parts[0].expression.value(variables)
        return "".join(p if isinstance(p, str) else str(p.expression.value(variables)) for p in self.parts)


def parse_template(source: str) -> Template:
    """Raises ExpressionError for a placeholder that cannot be read or a format that does not exist."""
    parts: list[str | Placeholder] = []
    end = 0
    for found in _PLACEHOLDER.finditer(source):
        if found.start() > end:
            parts.append(source[end : found.start()])
        parts.append(_placeholder(found.group(1)))
        end = found.end()
    if end < len(source):
        parts.append(source[end:])
    stray = "".join(part for part in parts if isinstance(part, str))
    if "{" in stray or "}" in stray:
        raise ExpressionError(f"'{source}' has a brace without its partner")
    return Template(source, tuple(parts))


def _placeholder(inside: str) -> Placeholder:
    found = _FORMAT.match(inside)
    if found is None:
        return Placeholder(parse(inside), None)
    if found["format"] not in FORMATS:
        raise ExpressionError(f"'{found['format']}' is no way to say a value; there are: {', '.join(sorted(FORMATS))}")
    return Placeholder(parse(found["expression"]), found["format"])
