"""The nodes that wait for the caller: menu, ask, record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TypedDict

from ivr import flow as nodes
from ivr.flow import Confirm, Escalation, Node, PromptUse
from ivr.loading.nodes import NodeReader, value_type
from ivr.loading.options import check_against_first, read_options
from ivr.reading import suggestion
from ivr.values import NUMBERS, ValueType
from ivr.yaml_source import Scalar

ASKABLE = frozenset(ValueType)
# How long an entry of a type is, where its author does not say it: at least, at most.
_LENGTHS: Mapping[ValueType, tuple[int, int]] = {
    ValueType.PHONE: (3, 15),
    ValueType.NUMBER: (1, 12),
    ValueType.MONEY: (1, 12),
}
# Types whose entries have a shape of their own: MMDD or YYYYMMDD, HHMM, 1 or 2.
_SHAPED: Mapping[ValueType, tuple[int, int]] = {
    ValueType.DATE: (4, 8),
    ValueType.TIME: (4, 4),
    ValueType.YES_NO: (1, 1),
}
_DAY = re.compile(r"today(?:[+-]\d{1,4})?")
_LARGEST = 10**12


class _Waiting(TypedDict):
    prompts: tuple[PromptUse, ...]
    barge_in: bool
    first_input_s: float
    no_input: Escalation
    no_match: Escalation
    help: Escalation
    confirm: Confirm


def _waiting(n: NodeReader, prompt_key: str, *, can_confirm: bool) -> _Waiting:
    return {
        "prompts": n.prompts(prompt_key),
        "barge_in": n.reader.yes_no("barge_in", True),
        "first_input_s": n.reader.number("first_input_s", n.around.first_input_s, 1, 60),
        "no_input": n.escalation("no_input", n.around.no_input),
        "no_match": n.escalation("no_match", n.around.no_match),
        "help": n.escalation("help", n.around.help),
        "confirm": _confirm(n, "confirm_value" if prompt_key == "ask" else "confirm_option", can_confirm),
    }


def _confirm(n: NodeReader, prompt: str, can_confirm: bool) -> Confirm:
    """Where there is no prompt to ask back with, nothing is asked back."""
    text = n.reader.text("confirm", "")
    place = n.reader.mapping.entries["confirm"].value.place if text else n.place
    if text and text not in set(Confirm):
        n.reader.fault(place, f"'confirm' is '{text}'.", suggestion(text, list(Confirm)))
        return Confirm.AUTO
    if text == Confirm.ALWAYS and not can_confirm:
        n.reader.fault(place, f"there is no prompt to ask back with: '{prompt}' of the shared file.")
    if not can_confirm:
        return Confirm.NEVER
    return Confirm(text or Confirm.AUTO)


def read_menu(n: NodeReader) -> Node:
    waiting = _waiting(n, "menu", can_confirm=n.around.confirms_options)
    section = n.reader.section("options")
    options = []
    if section is None or not section.entries:
        n.reader.missing("options", "A menu needs at least one.")
    else:
        for option, reader in read_options(section, f"node '{n.name}'", n.around.languages, n.uses, n.faults):
            check_against_first(option, reader, n.around.first)
            entry = reader.entry("next")
            if entry is None:
                reader.missing("next")
            reader.finish()
            options.append(replace(option, next=n.target(entry.value) if entry else ""))
    into = n.into(ValueType.TEXT) if "into" in n.reader.mapping else None
    return nodes.MenuNode(n.name, n.place, **waiting, options=tuple(options), into=into)


def read_ask(n: NodeReader) -> Node:
    waiting = _waiting(n, "ask", can_confirm=n.around.confirms_values)
    type_ = value_type(n.reader, "type", ASKABLE)
    low, high = _length(n, type_)
    terminator = n.reader.text("terminator", "#")
    if terminator not in ("#", "*", ""):
        n.reader.fault(n.place, f"the terminator is '{terminator}'; it can be '#', '*' or empty.")
    elif terminator == "*" and type_ is ValueType.MONEY:
        place = n.reader.mapping.entries["terminator"].value.place
        n.reader.fault(place, "'*' is the decimal point of an amount and cannot end it.", "Leave it '#'.")
    least, most = _bounds(n, type_)
    return nodes.AskNode(
        n.name, n.place, **waiting, type=type_, into=n.into(type_), min_digits=low, max_digits=high,
        terminator=terminator, inter_digit_s=n.reader.number("inter_digit_s", n.around.inter_digit_s, 1, 30),
        next=n.node(), invalid=n.escalation("invalid", n.around.invalid), private=n.reader.yes_no("private", False),
        min_value=least, max_value=most,
    )  # fmt: skip


def _length(n: NodeReader, type_: ValueType) -> tuple[int, int]:
    if type_ is ValueType.ACCOUNT or type_ in _SHAPED:
        for key in ("min", "max"):
            _does_not_go(n, key, f"an entry of type '{type_.value}' has a length of its own.")
    if type_ is ValueType.ACCOUNT:
        return n.around.account_check.digits, n.around.account_check.digits
    if type_ in _SHAPED:
        return _SHAPED[type_]
    least, most = _LENGTHS.get(type_, (1, 20))
    low = n.reader.integer("min", least, 1, 40)
    high = n.reader.integer("max", max(low, most), 1, 40)
    if low > high:
        n.reader.fault(n.place, f"'min' is {low}, more than 'max', {high}.")
    return low, high


def _bounds(n: NodeReader, type_: ValueType) -> tuple[int | str | None, int | str | None]:
    if type_ in NUMBERS:
        least, most = (_whole(n, key) for key in ("min_value", "max_value"))
        if least is not None and most is not None and least > most:
            n.reader.fault(n.place, f"'min_value' is {least}, more than 'max_value', {most}.")
        return least, most
    if type_ is ValueType.DATE:
        return _day(n, "min_value"), _day(n, "max_value")
    for key in ("min_value", "max_value"):
        _does_not_go(n, key, f"a value of type '{type_.value}' has no bounds; number, money and date have.")
    return None, None


def _does_not_go(n: NodeReader, key: str, why: str) -> None:
    entry = n.reader.entry(key)
    if entry is not None:
        n.reader.fault(entry.key_place, f"'{key}' does not go here: {why}", "Leave it out.")


def _whole(n: NodeReader, key: str) -> int | None:
    return n.reader.integer(key, 0, -_LARGEST, _LARGEST) if key in n.reader.mapping else None


def _day(n: NodeReader, key: str) -> str | None:
    text = n.reader.text(key, "")
    if not text or _DAY.fullmatch(text):
        return text or None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        entry = n.reader.mapping.entries[key].value
        place = entry.place if isinstance(entry, Scalar) else n.place
        n.reader.fault(place, f"'{key}' is '{text}', no day.", "Write 2026-12-31, today, today+30 or today-7.")
        return None


def read_record(n: NodeReader) -> Node:
    transcript = n.into(ValueType.TEXT, "transcript_into") if "transcript_into" in n.reader.mapping else None
    return nodes.RecordNode(
        n.name, n.place, n.prompts("record"), n.into(ValueType.TEXT), transcript,
        n.reader.number("max_s", 120, 1, 600), n.reader.number("end_silence_s", 4, 1, 30), n.node(),
        n.escalation("no_input", n.around.no_input), n.reader.yes_no("private", False),
    )  # fmt: skip
