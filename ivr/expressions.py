"""Conditions and placeholders: small expressions, checked when a flow is loaded.

Python's spelling of comparisons, arithmetic, `and`, `or`, `not`, `in`, `if else`, and the functions below.
Evaluated by simpleeval; what it would refuse when run is refused here when read.

`open(CALENDAR)` asks a calendar of the flows. Its name is written out, so that it can be checked when it is read; what
answers it comes with the variables, under the name `OPEN`, which no variable can have.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simpleeval import EvalWithCompoundTypes, InvalidExpression, SimpleEval

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "length": len,
    "last": lambda text, count: str(text)[-int(count) :],
    "number": lambda text: float(text) if "." in str(text) else int(text),
    "text": str,
}

OPEN = "open()"  # in the variables of an evaluation: a function from a calendar's name to True or False

_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub,
    ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
    ast.In, ast.NotIn, ast.IfExp, ast.Name, ast.Load, ast.Constant, ast.Call, ast.List, ast.Tuple,
)  # fmt: skip
_CONSTANTS = {"true": True, "false": False}


class ExpressionError(Exception):
    """The expression cannot be read, or cannot be computed with the values at hand."""


@dataclass(frozen=True, slots=True)
class Expression:
    source: str
    names: frozenset[str]
    tree: ast.expr = field(compare=False, repr=False)
    calendars: frozenset[str] = frozenset()  # asked for by `open(NAME)`

    def value(self, variables: Mapping[str, Any]) -> Any:
        """Raises ExpressionError when the values do not fit, e.g. a text compared with a number."""
        if isinstance(self.tree, ast.Name) and self.tree.id in variables:
            return variables[self.tree.id]
        kind = EvalWithCompoundTypes if isinstance(self.tree, (ast.List, ast.Tuple)) else SimpleEval
        functions = {**FUNCTIONS, "open": variables[OPEN]} if self.calendars else dict(FUNCTIONS)
        evaluator = kind(functions=functions, names={**_CONSTANTS, **variables})
        try:
            return evaluator.eval(self.source, previously_parsed=self.tree)
        except (InvalidExpression, TypeError, ValueError, ArithmeticError) as error:
            raise ExpressionError(f"'{self.source}' cannot be computed: {error}") from error


def parse(source: str) -> Expression:
    """Raises ExpressionError for a syntax error or a construct that is not in the language."""
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(f"'{source}' cannot be read: {getattr(error, 'msg', error)}") from error
    tree, calendars = _named_calendars(tree, source)
    functions = set()
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ExpressionError(f"'{source}' uses {type(node).__name__}, which conditions do not have")
        if isinstance(node, ast.Call):
            known = sorted({*FUNCTIONS, "open"})
            if not isinstance(node.func, ast.Name) or node.func.id not in known or node.keywords:
                raise ExpressionError(
                    f"'{source}' calls something that is no function here; there are: {', '.join(known)}"
                )
            functions.add(id(node.func))
    names = frozenset(n.id for n in _names(tree, functions))
    return Expression(source.strip(), names - _CONSTANTS.keys(), tree, calendars)


def _named_calendars(tree: ast.expr, source: str) -> tuple[ast.expr, frozenset[str]]:
    """Every `open(service)` as `open("service")`, and the calendars named."""
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"):
            continue
        match node.args:
            case [ast.Name(id=name)] | [ast.Constant(value=str(name))]:
                found.add(name)
                node.args = [ast.copy_location(ast.Constant(name), node.args[0])]
            case _:
                raise ExpressionError(f"'{source}': open() takes the name of one calendar, as in open(service)")
    return tree, frozenset(found)


def _names(tree: ast.expr, functions: set[int]) -> Iterator[ast.Name]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in functions)
