"""The values a variable can have, where all of them are written in the flows."""

from __future__ import annotations

from typing import Any

from ivr import flow as nodes
from ivr.checking.material import Material
from ivr.flow import Flow
from ivr.prompts import Template
from ivr.values import EMPTY, ValueType, coerce

_DIRECTIONS = ("inbound", "outbound")


def values_of(material: Material, flow: Flow, name: str) -> set[Any] | None:
    """None where there may be others: an answer, a service's output, an argument, something calculated."""
    if name == "language":
        return set(material.flows.languages)
    if name == "direction":
        return set(_DIRECTIONS)
    variable = flow.variables.get(name)
    if variable is None or name in flow.takes:
        return {False, True} if variable is not None and variable.type is ValueType.YES_NO else None
    found: set[Any] = {variable.default if variable.default is not None else EMPTY[variable.type]}
    for node in flow.nodes.values():
        match node:
            case nodes.MenuNode(into=into, options=options) if into == name:
                found |= {option.name for option in options}
            case nodes.AskNode(into=into) if into == name:
                return _any(variable.type)
            case nodes.RecordNode() if name in (node.into, node.transcript_into):
                return None
            case nodes.DoNode(into=written) | nodes.CallNode(into=written) if name in written.values():
                return _any(variable.type)
            case nodes.SetNode(values=values) if name in values:
                literal = _literal(values[name], variable.type)
                if literal is None:
                    return _any(variable.type)
                found.add(literal)
    return found


def _any(type_: ValueType) -> set[Any] | None:
    return {False, True} if type_ is ValueType.YES_NO else None


def _literal(template: Template, type_: ValueType) -> Any:
    if not template.fixed:
        return None
    try:
        return coerce(type_, template.source)
    except ValueError:
        return None
