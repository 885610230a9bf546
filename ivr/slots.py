"""Values of asks: an entry on the keypad, or what was said, -> the value and whether it can be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ivr.flow import AccountCheck, AskNode
from ivr.values import NUMBERS, ValueType
from speech.check_digits import valid as check_digit_fits
from speech.heard import (
    read_account,
    read_address,
    read_date,
    read_digits,
    read_money,
    read_number,
    read_phone,
    read_time,
    read_yes_no,
)
from speech.heard_phones import phone_of
from speech.keyed import keyed_date, keyed_money, keyed_time

FREE = frozenset({ValueType.TEXT, ValueType.ADDRESS})  # asked for by voice alone
YES_NO_KEYS = {"1": True, "2": False}
_DATE_LENGTHS = (4, 8)


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that was read. Not `valid`: it is one, and cannot be (check digit, range, no such day); re-asked."""

    value: Any
    valid: bool = True


@dataclass(frozen=True, slots=True)
class SlotRules:
    """What values are held against besides their node: the day, the utility's account numbers and its country."""

    today: date
    account: AccountCheck
    region: str


def keyed(node: AskNode, digits: str, rules: SlotRules) -> Slot | None:
    """None for an entry that is no value of the node's type: too short or long, or keys that do not belong."""
    if not node.min_digits <= len(digits) <= node.max_digits:
        return None
    if node.type is ValueType.MONEY:
        cents = keyed_money(digits)
        return None if cents is None else _within(node, cents, rules)
    if not digits.isascii() or not digits.isdecimal():
        return None
    match node.type:
        case ValueType.YES_NO:
            return Slot(YES_NO_KEYS[digits]) if digits in YES_NO_KEYS else None
        case ValueType.NUMBER:
            return _within(node, int(digits), rules)
        case ValueType.DATE:
            return _keyed_date(node, digits, rules)
        case ValueType.TIME:
            time = keyed_time(digits)
            return Slot(time or "", time is not None)
        case ValueType.PHONE:
            number = phone_of(digits, rules.region)
            return Slot(number or digits, number is not None)
        case ValueType.ACCOUNT:
            return Slot(digits, check_digit_fits(digits, rules.account.check))
        case ValueType.DIGITS:
            return Slot(digits)
    return None


def spoken(node: AskNode, text: str, language: str, rules: SlotRules) -> Slot | None:
    """None for what is no value of the node's type."""
    match node.type:
        case ValueType.TEXT:
            return Slot(text.strip()) if text.strip() else None
        case ValueType.ADDRESS:
            address = read_address(text, language)
            return Slot(address) if address else None
        case ValueType.YES_NO:
            answer = read_yes_no(text, language)
            return None if answer is None else Slot(answer)
        case ValueType.NUMBER:
            number = read_number(text, language)
            return None if number is None or number != int(number) else _within(node, int(number), rules)
        case ValueType.MONEY:
            cents = read_money(text, language)
            return None if cents is None else _within(node, cents, rules)
        case ValueType.DATE:
            day = read_date(text, language, rules.today)
            return None if day is None else _within(node, day.isoformat(), rules)
        case ValueType.TIME:
            time = read_time(text, language)
            return None if time is None else Slot(time)
        case ValueType.PHONE:
            return _spoken_phone(node, text, language, rules)
    digits = (read_account if node.type is ValueType.ACCOUNT else read_digits)(text, language)
    return slot_of_digits(node, digits, rules) if digits else None


def slot_of_digits(node: AskNode, digits: str, rules: SlotRules) -> Slot | None:
    """Digits that were said or corrected, as they would count on the keypad; a phone number may be in E.164."""
    if node.type is ValueType.PHONE and digits.startswith("+"):
        return Slot(digits)
    return keyed(node, digits, rules)


def _spoken_phone(node: AskNode, text: str, language: str, rules: SlotRules) -> Slot | None:
    number = read_phone(text, language, rules.region)
    if number is not None:
        return Slot(number)
    digits = read_digits(text, language)
    return keyed(node, digits, rules) if digits else None


def _keyed_date(node: AskNode, digits: str, rules: SlotRules) -> Slot | None:
    """Four keys are a month and a day: the nearest one that may be, else the nearest."""
    if len(digits) not in _DATE_LENGTHS:
        return None
    slots = [_within(node, day.isoformat(), rules) for day in _days(digits, rules.today)]
    return next((slot for slot in slots if slot.valid), slots[0] if slots else Slot("", valid=False))


def _days(digits: str, today: date) -> Iterator[date]:
    nearest = keyed_date(digits, today)
    if nearest is None:
        return
    yield nearest
    if len(digits) == min(_DATE_LENGTHS):
        for year in (nearest.year + 1, nearest.year - 1):
            other = keyed_date(f"{year:04d}{digits}", today)
            if other is not None:
                yield other


def _within(node: AskNode, value: int | str, rules: SlotRules) -> Slot:
    least, most = _bound(node, node.min_value, rules), _bound(node, node.max_value, rules)
    too_small = least is not None and value < least  # type: ignore[operator]  # both are what the type holds
    too_large = most is not None and value > most  # type: ignore[operator]
    return Slot(value, not (too_small or too_large))


def _bound(node: AskNode, bound: int | str | None, rules: SlotRules) -> int | str | None:
    """A date relative to today as an ISO date; ISO dates are in order as texts."""
    if node.type in NUMBERS or bound is None or not str(bound).startswith("today"):
        return bound
    days = int(str(bound).removeprefix("today") or "0")
    return (rules.today + timedelta(days=days)).isoformat()
