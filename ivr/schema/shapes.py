"""Pieces of a schema. A text may stand without quotes, and is then what YAML makes of it: a number, true, a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": ["string", "number", "boolean"]}
WHOLE_TEXT: Shape = {"type": ["string", "number", "boolean", "null"]}  # may be empty
NAME: Shape = {"type": ["string", "integer"]}
YES_NO: Shape = {"type": "boolean"}
IDENTIFIER = r"^[^\W\d]\w*$"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping: what it holds, what it is for, whether it must be there."""

    name: str
    shape: Shape
    about: str
    required: bool = False


def number(low: float, high: float) -> Shape:
    return {"type": "number", "minimum": low, "maximum": high}


def whole(low: int, high: int) -> Shape:
    return {"type": "integer", "minimum": low, "maximum": high}


def one_of(words: Iterable[str]) -> Shape:
    return {"enum": list(words)}


def some(shape: Shape) -> Shape:
    """One, or a list of them."""
    return {"anyOf": [shape, {"type": "array", "items": shape}]}


def mapping(values: Shape, **more: Any) -> Shape:
    """Any names, each with `values`. Empty is nothing."""
    return {"type": ["object", "null"], "additionalProperties": values, **more}


def named(keys: Mapping[str, Shape], **more: Any) -> Shape:
    """These names and no others."""
    return {"type": ["object", "null"], "properties": dict(keys), "additionalProperties": False, **more}


def table(keys: Iterable[Key], about: str = "", **more: Any) -> Shape:
    """A mapping with these keys and no others."""
    listed = list(keys)
    shape: Shape = {"type": "object"}
    if about:
        shape["description"] = about
    shape["properties"] = {key.name: {"description": key.about, **key.shape} for key in listed}
    required = [key.name for key in listed if key.required]
    if required:
        shape["required"] = required
    return shape | {"additionalProperties": False} | more


def never(*keys: str) -> Shape:
    """None of these keys."""
    return {"properties": dict.fromkeys(keys, False)}


def when(key: str, values: Iterable[str], then: Shape) -> Shape:
    """`then` holds where `key` is there and one of `values`."""
    return {"if": {"properties": {key: {"enum": list(values)}}, "required": [key]}, "then": then}


def of_language(languages: Iterable[str], shape: Shape, about: str) -> Shape:
    """Every language of the hotline, and no other."""
    return table(Key(language, shape, f"{about} in {language}", required=True) for language in languages)
