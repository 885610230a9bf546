"""A flow's own file: variables, prompts, nodes."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.flow import BUILT_IN, KINDS
from ivr.schema.nodes import kinds
from ivr.schema.shapes import (
    IDENTIFIER,
    NAME,
    TEXT,
    WHOLE_TEXT,
    YES_NO,
    Key,
    Shape,
    mapping,
    of_language,
    one_of,
    table,
)
from ivr.values import NUMBERS, Signature, ValueType


def flow(languages: tuple[str, ...], services: Mapping[str, Signature]) -> Shape:
    shape = table(
        (
            Key("flow", NAME, "Its name, by which other flows and config.yaml know it.", required=True),
            Key("about", WHOLE_TEXT, "A line for people."),
            Key("takes", variables(), "Arguments; one without a default must be given."),
            Key("gives", variables(), "Results that `return` hands back."),
            Key("vars", variables(), "Variables the flow keeps for itself."),
            Key("prompts", prompts(languages), "What is said, a text per language."),
            Key("start", NAME, "The node it begins with; the first one when not said."),
            Key("nodes", {"type": "object", "additionalProperties": {"$ref": "#/$defs/node"}},
                "The steps, each of one kind.", required=True),
        )
    )  # fmt: skip
    shape["$defs"] = {"node": node(), **kinds(languages, services)}
    return shape


def node() -> Shape:
    """Of one kind. The kind that is named says which keys there are, so a wrong key is told as such."""
    return {
        "type": "object",
        "anyOf": [{"required": [kind]} for kind in KINDS],
        "allOf": [{"if": {"required": [kind]}, "then": {"$ref": f"#/$defs/{kind}"}} for kind in KINDS],
    }


def prompts(languages: tuple[str, ...]) -> Shape:
    text: Shape = {**TEXT, "pattern": r"\S"}
    return mapping(of_language(languages, text, "The text"))


def variables() -> Shape:
    whole = {"type": "integer"}
    types = one_of(ValueType)
    full = table(
        (
            Key("type", types, "What it holds.", required=True),
            Key("default", WHOLE_TEXT, "What it holds at first."),
            Key("private", YES_NO, "true keeps it out of timelines and logs."),
        ),
        allOf=[
            {"if": {"properties": {"type": {"enum": sorted(NUMBERS)}}}, "then": {"properties": {"default": whole}}},
            {"if": {"properties": {"type": {"const": "yes_no"}}}, "then": {"properties": {"default": YES_NO}}},
        ],
    )
    names = {"pattern": IDENTIFIER, "not": one_of(BUILT_IN)}
    return mapping({"if": {"type": "object"}, "then": full, "else": types}, propertyNames=names)
