"""Static types of expressions: what a condition or placeholder gives, and what in it cannot be computed."""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Mapping

from ivr.prompts import Placeholder, Template
from ivr.values import NUMBERS, ValueType


class Family(enum.StrEnum):
    """What values are to the engine: text of whatever type is a str, numbers and money are int, yes_no is bool."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    LIST = "list"
    UNKNOWN = "unknown"


Complain = Callable[[str, str], None]  # what is wrong, how to mend it
Types = Mapping[str, ValueType]

_ARGUMENTS = {"length": 1, "last": 2, "number": 1, "text": 1, "open": 1}


def family(type_: ValueType) -> Family:
    if type_ in NUMBERS:
        return Family.NUMBER
    return Family.YES_NO if type_ is ValueType.YES_NO else Family.TEXT


def type_of(template: Template, types: Types, complain: Complain) -> tuple[Family, ValueType | None]:
    """The family of what `template` gives, and the type where it is a variable and nothing else."""
    found = [
        (infer(part.expression.tree, types, complain), part.expression.tree)
        for part in template.parts
        if isinstance(part, Placeholder)
    ]
    if len(template.parts) == 1 and found:
        kind, tree = found[0]
        return kind, types.get(tree.id) if isinstance(tree, ast.Name) else None
    return Family.TEXT, None


def infer(tree: ast.expr, types: Types, complain: Complain) -> Family:
    match tree:
        case ast.Constant(value=bool()):
            return Family.YES_NO
        case ast.Constant(value=int() | float()):
            return Family.NUMBER
        case ast.Constant(value=str()):
            return Family.TEXT
        case ast.Name(id="true" | "false"):
            return Family.YES_NO
        case ast.Name(id=name):
            return family(types[name]) if name in types else Family.UNKNOWN
        case ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                infer(item, types, complain)
            return Family.LIST
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            infer(operand, types, complain)
            return Family.YES_NO
        case ast.UnaryOp(operand=operand):
            _numbers([operand], tree, types, complain)
            return Family.NUMBER
        case ast.BoolOp(values=values):
            return _same([infer(value, types, complain) for value in values])
        case ast.IfExp(test=test, body=body, orelse=orelse):
            infer(test, types, complain)
            return _same([infer(body, types, complain), infer(orelse, types, complain)])
        case ast.Compare():
            _compare(tree, types, complain)
            return Family.YES_NO
        case ast.BinOp():
            return _arithmetic(tree, types, complain)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _call(name, arguments, tree, types, complain)
    return Family.UNKNOWN


def _same(families: list[Family]) -> Family:
    return families[0] if len(set(families)) == 1 else Family.UNKNOWN


def _compare(tree: ast.Compare, types: Types, complain: Complain) -> None:
    sides = [tree.left, *tree.comparators]
    families = [infer(side, types, complain) for side in sides]
    for index, operator in enumerate(tree.ops):
        left, right = families[index], families[index + 1]
        source = f"'{ast.unparse(sides[index])}' and '{ast.unparse(sides[index + 1])}'"
        if isinstance(operator, ast.In | ast.NotIn):
            items = sides[index + 1]
            if isinstance(items, ast.List | ast.Tuple):
                for item in items.elts:
                    one = infer(item, types, lambda _what, _fix: None)
                    if _differ(left, one):
                        complain(
                            f"'{ast.unparse(sides[index])}' is {left}, '{ast.unparse(item)}' is {one}: never the same",
                            "Compare values of one type; quotes make a text.",
                        )
            elif right in (Family.NUMBER, Family.YES_NO) or (right is Family.TEXT and _differ(left, Family.TEXT)):
                complain(f"{source}: nothing can be in a {right}", "Ask for 'in [..]' a list, or 'in' a text.")
        elif _differ(left, right):
            never = "they are never equal" if isinstance(operator, ast.Eq | ast.NotEq) else "this cannot be computed"
            complain(f"{source} are {left} and {right}: {never}", _mend(left, right))


def _differ(left: Family, right: Family) -> bool:
    return Family.UNKNOWN not in (left, right) and left is not right


def _mend(left: Family, right: Family) -> str:
    if {left, right} == {Family.TEXT, Family.NUMBER}:
        return 'Quote the number ("10"), or make one of the text with number(..).'
    if Family.YES_NO in (left, right):
        return "A yes_no is compared with true or false, or stands alone: 'if: paid'."
    return "Compare values of one type."


def _arithmetic(tree: ast.BinOp, types: Types, complain: Complain) -> Family:
    families = [infer(side, types, lambda _what, _fix: None) for side in (tree.left, tree.right)]
    if isinstance(tree.op, ast.Add) and Family.TEXT in families:
        for side in (tree.left, tree.right):
            infer(side, types, complain)
        if _differ(*families):
            source = f"'{ast.unparse(tree)}'"
            complain(f"{source} adds {families[0]} and {families[1]}", "Make a text of it with text(..), or a number.")
            return Family.UNKNOWN
        return Family.TEXT
    _numbers([tree.left, tree.right], tree, types, complain)
    return Family.NUMBER


def _numbers(sides: list[ast.expr], tree: ast.expr, types: Types, complain: Complain) -> None:
    for side in sides:
        found = infer(side, types, complain)
        if found not in (Family.NUMBER, Family.UNKNOWN):
            complain(
                f"'{ast.unparse(tree)}' calculates with '{ast.unparse(side)}', which is {found}",
                "Make a number of it with number(..).",
            )


def _call(name: str, arguments: list[ast.expr], tree: ast.expr, types: Types, complain: Complain) -> Family:
    families = [infer(argument, types, complain) for argument in arguments]
    wanted = _ARGUMENTS.get(name, len(arguments))
    if len(arguments) != wanted:
        complain(
            f"'{ast.unparse(tree)}': {name}() takes {wanted} value{'s' if wanted > 1 else ''}", "See docs/flows.md."
        )
        return Family.UNKNOWN
    if name == "length" and families[0] in (Family.NUMBER, Family.YES_NO):
        complain(f"'{ast.unparse(tree)}': a {families[0]} has no length", "Compare the value itself.")
    if name == "last" and families[1] not in (Family.NUMBER, Family.UNKNOWN):
        complain(f"'{ast.unparse(tree)}': how many is {families[1]}, not a number", "Write a number.")
    return {"length": Family.NUMBER, "number": Family.NUMBER, "open": Family.YES_NO}.get(name, Family.TEXT)
