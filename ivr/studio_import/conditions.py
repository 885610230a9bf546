"""Conditions of a split -> conditions of ours."""

from __future__ import annotations

import re

from ivr.studio_import.definition import Condition
from ivr.studio_import.liquid import Variables

_COMPARED = {
    "equal_to": '{x} == "{v}"',
    "not_equal_to": '{x} != "{v}"',
    "contains": '"{v}" in {x}',
    "does_not_contain": '"{v}" not in {x}',
    "is_blank": '{x} == ""',
    "is_not_blank": '{x} != ""',
    "is_before_date": '{x} < "{v}"',
    "is_after_date": '{x} > "{v}"',
    "is_before_time": '{x} < "{v}"',
    "is_after_time": '{x} > "{v}"',
}
_NUMBERS = {"less_than": "<", "greater_than": ">"}
_LISTS = {"matches_any_of": "in", "does_not_match_any_of": "not in"}
_WORDS = re.compile(r"[\w\s,'-]+", re.ASCII)
_COUNT = re.compile(r"\^?(?:\\d|\[0-9\])(?:\{(\d+)\}|\+)\$?")


def expression(condition: Condition, variables: Variables, fallback: str) -> str | None:
    """None for one that our conditions cannot say. `fallback`: the split's own input."""
    argument = condition.argument or fallback
    x = variables.lone(argument) or _constant(variables, argument)
    if x is None:
        return None
    kind, value = condition.type, condition.value.strip()
    if kind in _NUMBERS:
        if not re.fullmatch(r"-?\d+(\.\d+)?", value):
            return None
        return f'{x} != "" and number({x}) {_NUMBERS[kind]} {value}'
    if '"' in value or (kind != "regex" and any(sign in value for sign in "\\{}")):
        return None
    if kind in _LISTS:
        return f"{x} {_LISTS[kind]} [{_listed(value)}]"
    if kind in _COMPARED:
        return _COMPARED[kind].format(x=x, v=value)
    if kind == "regex":
        return _regex(x, value)
    return None


def joined(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " and ".join(f"({one})" for one in conditions)


def _constant(variables: Variables, argument: str) -> str | None:
    """Some write the name of a variable without braces."""
    if re.fullmatch(r"(?:widgets|flow|trigger|contact)(?:\.\w+)+", argument.strip()):
        return variables.named(argument)
    return None


def _listed(value: str) -> str:
    return ", ".join(f'"{part.strip()}"' for part in value.split(",") if part.strip())


def _regex(x: str, pattern: str) -> str | None:
    """Those few that say what our conditions can say as well: alternatives, pieces, a count of digits."""
    count = _COUNT.fullmatch(pattern)
    if count is not None:
        return f"length({x}) == {count[1]}" if count[1] else f'{x} != ""'
    inner = pattern.removeprefix("^").removesuffix("$")
    inner = inner[1:-1] if inner.startswith("(") and inner.endswith(")") else inner
    if inner and all(_WORDS.fullmatch(part) for part in inner.split("|")):
        return f"{x} in [{_listed(inner.replace('|', ','))}]"
    piece = re.fullmatch(r"\.\*\(?([\w\s|'-]+)\)?\.\*", inner)
    if piece is not None:
        return " or ".join(f'"{part}" in {x}' for part in piece[1].split("|"))
    return None
