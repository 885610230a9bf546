"""Whether values fit where they are put: in conditions, variables, services, flows that are called, and prompts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from datetime import date, time

from ivr import flow as nodes
from ivr.checking.expression_types import Complain, Family, Types, family, infer, type_of
from ivr.checking.finding import Step
from ivr.checking.material import Material
from ivr.flow import BUILT_IN, Flow, Node
from ivr.prompts import Placeholder, Template
from ivr.values import ValueType, coerce, fits
from ivr.yaml_source import Place

# What a way of saying a value can say: families, and types of text that are certainly something else.
_SAYS: Mapping[str, frozenset[Family]] = {
    "text": frozenset(Family),
    "digits": frozenset({Family.TEXT, Family.NUMBER, Family.UNKNOWN}),
    "phone": frozenset({Family.TEXT, Family.UNKNOWN}),
    "number": frozenset({Family.NUMBER, Family.UNKNOWN}),
    "money": frozenset({Family.NUMBER, Family.UNKNOWN}),
    "date": frozenset({Family.TEXT, Family.UNKNOWN}),
    "month": frozenset({Family.TEXT, Family.UNKNOWN}),
    "time": frozenset({Family.TEXT, Family.UNKNOWN}),
    "datetime": frozenset({Family.TEXT, Family.UNKNOWN}),
    "weekday": frozenset({Family.TEXT, Family.UNKNOWN}),
    "yes_no": frozenset({Family.YES_NO, Family.UNKNOWN}),
}
_DAY = {ValueType.DATE, ValueType.TEXT}
_SAYS_TYPES: Mapping[str, frozenset[ValueType]] = {
    "date": frozenset(_DAY),
    "month": frozenset(_DAY),
    "time": frozenset({ValueType.TIME, ValueType.TEXT}),
    "phone": frozenset({ValueType.PHONE, ValueType.DIGITS, ValueType.TEXT}),
    "digits": frozenset(set(ValueType) - {ValueType.DATE, ValueType.TIME, ValueType.YES_NO, ValueType.MONEY}),
    "number": frozenset({ValueType.NUMBER}),
}


def check_types(material: Material) -> None:
    for flow, node in material.nodes():
        _Checker(material, flow, node).check()
    for flow_name, prompts in [("", material.flows.prompts)] + [
        (flow.name, flow.prompts) for flow in material.flows.flows.values()
    ]:
        types = _types(material.flows.flows.get(flow_name))
        for prompt, texts in prompts.items():
            for language, template in texts.items():
                _spoken(material, template, types, material.place(flow_name, "prompts", prompt, language))


def _types(flow: Flow | None) -> Types:
    own = {name: variable.type for name, variable in flow.variables.items()} if flow else {}
    return {**BUILT_IN, **own}


def _spoken(material: Material, template: Template, types: Types, place: Place) -> None:
    complain = _complainer(material, "expression-type", place, tuple)
    for part in template.parts:
        if not isinstance(part, Placeholder):
            continue
        tree = part.expression.tree
        found = infer(tree, types, complain)
        type_ = types.get(tree.id) if isinstance(tree, ast.Name) else None
        if part.format is None:
            continue
        if found not in _SAYS.get(part.format, frozenset(Family)) or (
            type_ is not None and type_ not in _SAYS_TYPES.get(part.format, frozenset(ValueType))
        ):
            material.notes.add(
                "format-mismatch",
                place,
                f"'{part.expression.source}' is {type_ or found} and cannot be said as {part.format}.",
                f"Write {{{part.expression.source}}} alone: it is said by its type."
                if type_
                else "Choose a way of saying it that fits.",
            )


def _complainer(material: Material, code: str, place: Place, path: Callable[[], Iterable[Step]]) -> Complain:
    def complain(what: str, fix: str) -> None:
        material.notes.add(code, place, what + ".", fix, path())

    return complain


class _Checker:
    """Of one node."""

    def __init__(self, material: Material, flow: Flow, node: Node) -> None:
        self.material = material
        self.flow = flow
        self.node = node
        self.types = _types(flow)

    def check(self) -> None:
        match self.node:
            case nodes.WhenNode(branches=branches):
                for index, branch in enumerate(branches):
                    if branch.condition is not None:
                        infer(branch.condition.tree, self.types, self._complain("when", index, "if"))
            case nodes.DoNode(service=service, arguments=arguments, into=into):
                signature = self.material.services.get(service)
                if signature is not None:
                    self._put("with", arguments, signature.inputs, f"service '{service}'")
                    outputs = {v: signature.outputs[o] for o, v in into.items() if o in signature.outputs}
                    self._kept(outputs)
            case nodes.SetNode(values=values):
                self._put("set", values, {n: v.type for n, v in self.flow.variables.items()}, "the variable")
            case nodes.CallNode(flow=called, arguments=arguments, into=into):
                flow = self.material.flows.flows[called]
                self._put("with", arguments, {n: v.type for n, v in flow.takes.items()}, f"flow '{called}'")
                self._kept({v: flow.gives[r].type for r, v in into.items() if r in flow.gives})
            case nodes.ReturnNode(results=results):
                self._put("return", results, {n: v.type for n, v in self.flow.gives.items()}, "the result")
                self._given(results)
            case nodes.TransferNode(to=to):
                type_of(to, self.types, self._complain("to"))

    def _complain(self, *path: str | int) -> Complain:
        place = self.material.place(self.flow.name, "nodes", self.node.name, *path)
        return _complainer(self.material, "expression-type", place, self._path)

    def _path(self) -> tuple[Step, ...]:
        return self.material.path(self.flow.name, self.node.name)

    def _put(self, key: str, given: Mapping[str, Template], wanted: Mapping[str, ValueType], what: str) -> None:
        for name, template in given.items():
            found, type_ = type_of(template, self.types, self._complain(key, name))
            if name not in wanted:
                continue
            fault = misfit(template, found, type_, wanted[name])
            if fault:
                self.material.notes.add(
                    "value-type",
                    self.material.place(self.flow.name, "nodes", self.node.name, key, name),
                    f"'{name}' of {what} is {wanted[name].value}, {fault}."
                    if what != "the variable"
                    else f"'{name}' is {wanted[name].value}, {fault}.",
                    f"Give it a {wanted[name].value}.",
                    self._path(),
                )

    def _kept(self, written: Mapping[str, ValueType]) -> None:
        for variable, type_ in written.items():
            own = self.flow.variables.get(variable)
            if own is not None and not fits(type_, own.type):
                self.material.notes.add(
                    "value-type",
                    self.material.place(self.flow.name, "nodes", self.node.name, "into"),
                    f"'{variable}' is {own.type.value}, but what comes back is {type_.value}.",
                    f"Declare '{variable}' as {type_.value}.",
                    self._path(),
                )

    def _given(self, results: Mapping[str, Template]) -> None:
        for name in results.keys() - self.flow.gives.keys():
            self.material.notes.add(
                "result-unknown",
                self.material.place(self.flow.name, "nodes", self.node.name, "return", name),
                f"flow '{self.flow.name}' gives no '{name}'.",
                f"Declare '{name}' under 'gives', or leave it out.",
                self._path(),
            )


def misfit(template: Template, found: Family, type_: ValueType | None, wanted: ValueType) -> str:
    """What is wrong with giving `template` for a value of type `wanted`; "" where it fits."""
    if template.fixed:
        return _literal(template.source, wanted)
    if found is Family.UNKNOWN or family(wanted) is found:
        return ""
    if type_ is not None and fits(type_, wanted):
        return ""
    if family(wanted) is Family.TEXT and wanted in (ValueType.TEXT, ValueType.DIGITS) and found is Family.NUMBER:
        return ""  # a number written out
    if wanted is ValueType.TEXT and found is Family.YES_NO:
        return ""
    if family(wanted) is Family.NUMBER and type_ in (ValueType.DIGITS, ValueType.TEXT):
        return f"but '{template.source}' is {type_.value}; number(..) makes one of it"
    return f"but '{template.source}' is {type_.value if type_ else found}"


def _literal(text: str, wanted: ValueType) -> str:
    try:
        coerce(wanted, text)
        if text and wanted is ValueType.DATE:
            date.fromisoformat(text)
        if text and wanted is ValueType.TIME:
            time.fromisoformat(text)
    except ValueError:
        return f"but '{text}' is none"
    if text and wanted in (ValueType.DIGITS, ValueType.ACCOUNT) and not (text.isascii() and text.isdecimal()):
        return f"but '{text}' is none"
    return ""
