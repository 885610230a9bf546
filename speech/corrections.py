"""One-step corrections of a value that was just read back: "no, 4 not 5", "the last digit is 7", 尾号是七三.

Places count in the value as it is read back: a number of China as 13800571001 or 057188571005, not as +86...
"""

from __future__ import annotations

from collections.abc import Callable

from speech.denials import new_value_said
from speech.heard_digits import read_digits
from speech.heard_phones import read_phone
from speech.replacements import Edge, Place, Replacement
from speech.replacements_english import english_replacement
from speech.replacements_mandarin import mandarin_replacement
from speech.transcripts import mandarin, plain, without_hesitation

__all__ = ["corrected", "new_value_said"]


def corrected(value: str, said: str, language: str, valid: Callable[[str], bool] | None = None) -> str | None:
    """`value` (digits, or a number in E.164) as corrected by `said`; None when that is nothing, or several things.

    `valid` tells whether a value could be right: where "4, not 5" fits two fives, the only valid outcome is taken.
    A whole new value must have as many digits as the old one; for a telephone number it must be one.
    """
    phone = value.startswith("+")
    digits = _read_back(value)
    if not digits.isascii() or not digits.isdecimal():
        return None
    text = plain(said)
    change = mandarin_replacement(text) if mandarin(language) else english_replacement(without_hesitation(text))
    if change is not None:
        outcomes = {_as(value, outcome) for outcome in _applied(change, digits)} - {value}
        if len(outcomes) > 1 and valid is not None:
            outcomes = {outcome for outcome in outcomes if valid(outcome)}
        return outcomes.pop() if len(outcomes) == 1 else None
    rest = new_value_said(said, language)
    if phone:
        new = read_phone(rest, language)
        return new if new is not None and new != value and len(_read_back(new)) > 6 else None
    new = read_digits(rest, language)
    return new if new is not None and len(new) == len(digits) and new != value else None


def _applied(change: Replacement, digits: str) -> set[str]:
    """Every value that the change can make of `digits`."""
    if isinstance(change, Edge):
        if len(change.new) > len(digits) or (change.old and not _at_edge(digits, change.old, change.last)):
            return set()
        kept = len(digits) - len(change.new)
        return {digits[:kept] + change.new if change.last else change.new + digits[len(change.new) :]}
    if isinstance(change, Place):
        at = change.place - 1 if change.place > 0 else len(digits) + change.place
        fits = 0 <= at < len(digits) and (not change.old or digits[at] == change.old)
        return {digits[:at] + change.new + digits[at + 1 :]} if fits else set()
    if len(change.old) != len(change.new):
        return set()
    size = len(change.old)
    places = [at for at in range(len(digits) - size + 1) if digits[at : at + size] == change.old]
    if change.nth:
        at = change.nth - 1 if change.nth > 0 else change.nth
        places = places[at : at + 1 or None]
    return {digits[:at] + change.new + digits[at + size :] for at in places}


def _at_edge(digits: str, old: str, last: bool) -> bool:
    return digits.endswith(old) if last else digits.startswith(old)


def _read_back(value: str) -> str:
    """The digits that a caller hears: +8613800571001 -> 13800571001, +8657188571005 -> 057188571005."""
    if not value.startswith("+86"):
        return value.removeprefix("+")
    national = value.removeprefix("+86")
    mobile = len(national) == 11 and national.startswith("1") and not national.startswith("10")
    return national if mobile or national.startswith(("400", "800")) else "0" + national


def _as(value: str, digits: str) -> str:
    """`digits`, as they are read back, in the form of `value`."""
    if value.startswith("+86"):
        return "+86" + digits.removeprefix("0")
    return "+" + digits if value.startswith("+") else digits
