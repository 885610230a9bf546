"""Branches no call can take: every value a variable can have is tried that the conditions tell apart.

What a condition only compares with literals is tried with those, their neighbours and something else; what it
calculates counts as an unknown of its own, so nothing is said of it that might not hold.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from ivr.checking.domains import values_of
from ivr.checking.expression_types import Family, infer
from ivr.checking.material import Material
from ivr.flow import BUILT_IN, Branch, Flow, WhenNode

MOST_TRIALS = 5000
_OTHER = "\x00something else"


def check_conditions(material: Material) -> None:
    for flow, node in material.nodes():
        if isinstance(node, WhenNode) and (flow.name, node.name) in material.reached:
            taken = branches_taken(material, flow, node.branches)
            if taken is None:
                continue
            for index, branch in enumerate(node.branches):
                if index not in taken:
                    _never(material, flow, node, index, branch, sure=len(taken) == 1)


def _never(material: Material, flow: Flow, node: WhenNode, index: int, branch: Branch, *, sure: bool) -> None:
    if branch.condition is None:
        what = "the 'else' is never taken: one of the conditions before it always holds"
    else:
        earlier = "; it cannot hold where it is come to" if index else ""
        what = f"'{branch.condition.source}' never holds{earlier}"
    material.notes.add(
        "condition-constant",
        material.place(flow.name, "nodes", node.name, "when", index),
        f"node '{node.name}': {what}.",
        "Mend the condition, or take the branch out."
        if not sure or branch.condition is not None
        else "Mend the condition, or go on without asking.",
        material.path(flow.name, node.name),
    )


def branches_taken(material: Material, flow: Flow, branches: tuple[Branch, ...]) -> set[int] | None:
    """Indices of branches that some values lead to; None where that cannot be told."""
    atoms: dict[str, list[Any]] = {}
    for branch in branches:
        if branch.condition is not None and not _gather(branch.condition.tree, material, flow, atoms):
            return None
    count = 1
    for values in atoms.values():
        count *= len(values)
        if count > MOST_TRIALS:
            return None
    taken: set[int] = set()
    for chosen in itertools.product(*atoms.values()):
        known = dict(zip(atoms, chosen, strict=True))
        for index, branch in enumerate(branches):
            try:
                if branch.condition is None or _value(branch.condition.tree, known):
                    taken.add(index)
                    break
            except TypeError:  # unlike types are told elsewhere
                return None
        if len(taken) == len(branches):
            break
    return taken


def _gather(tree: ast.expr, material: Material, flow: Flow, atoms: dict[str, list[Any]]) -> bool:
    """Collects what the value of `tree` hangs on, and the values of it to be tried. False: cannot be told."""
    match tree:
        case ast.Constant():
            return True
        case ast.BoolOp(values=values):
            return all(_gather(value, material, flow, atoms) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _gather(operand, material, flow, atoms)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(_gather(item, material, flow, atoms) for item in items)
        case ast.Compare(left=left, comparators=others):
            sides = [left, *others]
            texts_in = [isinstance(op, ast.In | ast.NotIn) for op in tree.ops]
            if any(
                is_in and not isinstance(side, ast.List | ast.Tuple)
                for is_in, side in zip(texts_in, others, strict=True)
            ):
                return False
            if sum(not _literal(side) for side in sides) > 1:
                return False  # two variables with each other
            literals = [value for side in sides for value in _literals(side)]
            return all(_atom(side, material, flow, atoms, literals) for side in sides if not _literal(side))
    return _atom(tree, material, flow, atoms, [])


def _atom(tree: ast.expr, material: Material, flow: Flow, atoms: dict[str, list[Any]], literals: Iterable[Any]) -> bool:
    if isinstance(tree, ast.Name) and tree.id in ("true", "false"):
        return True
    types = {**BUILT_IN, **{name: v.type for name, v in flow.variables.items()}}
    kind = infer(tree, types, lambda _what, _fix: None)
    known = values_of(material, flow, tree.id) if isinstance(tree, ast.Name) else None
    values = atoms.setdefault(ast.dump(tree), list(known) if known is not None else _first(kind))
    if known is None:
        for literal in literals:
            near = [literal - 1, literal, literal + 1] if kind is Family.NUMBER and _is_number(literal) else [literal]
            near = [literal, f"{literal}\x00"] if kind is Family.TEXT else near
            values += [value for value in near if value not in values and kind is not Family.YES_NO]
    return kind is not Family.UNKNOWN


def _first(kind: Family) -> list[Any]:
    match kind:
        case Family.YES_NO:
            return [False, True]
        case Family.NUMBER:
            return [-(10**12), 0, 10**12]
        case Family.TEXT:
            return ["", _OTHER, "\U0010ffff"]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _literal(tree: ast.expr) -> bool:
    match tree:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(_literal(item) for item in items)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _literal(operand)
        case ast.Name(id=name):
            return name in ("true", "false")
    return isinstance(tree, ast.Constant)


def _literals(tree: ast.expr) -> list[Any]:
    match tree:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [value for item in items for value in _literals(item)]
    return [_value(tree, {})] if _literal(tree) else []


def _value(tree: ast.expr, known: Mapping[str, Any]) -> Any:
    match tree:
        case ast.Constant(value=value):
            return value
        case ast.Name(id="true" | "false" as name):
            return name == "true"
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item, known) for item in items]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, known)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, known) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, known) for value in values)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(side, known) for side in (left, *others)]
            return all(_compare(op, sides[i], sides[i + 1]) for i, op in enumerate(ops))
    return known[ast.dump(tree)]


def _compare(operator: ast.cmpop, left: Any, right: Any) -> bool:
    match operator:
        case ast.Eq():
            return bool(left == right)
        case ast.NotEq():
            return bool(left != right)
        case ast.Lt():
            return bool(left < right)
        case ast.LtE():
            return bool(left <= right)
        case ast.Gt():
            return bool(left > right)
        case ast.GtE():
            return bool(left >= right)
        case ast.In():
            return left in right
    return left not in right
