"""Telephone numbers: how they are written down, and whether anybody could be rung on them."""

from __future__ import annotations

from typing import Final

import phonenumbers

# What carriers send for a caller who withholds the number (ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE spelled
# on a keypad): https://www.twilio.com/docs/voice/twiml#request-parameters
_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696687", "+86282452253"})

_LONGEST_SHORT_CODE: Final = 6  # 95598, 110: dialled as they are, in one country


def e164(number: str, region: str) -> str:
    """`number` in E.164 where it can be read as one in `region` (ISO country), else as it came; short codes stay."""
    if number.isdigit() and len(number) <= _LONGEST_SHORT_CODE:
        return number
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def reachable(number: str) -> bool:
    """Whether `number` is in E.164 and somebody could have it. New ranges count: only length and form are judged."""
    if not number.startswith("+") or number in _WITHHELD:
        return False
    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False


def written(number: str) -> str:
    """+8613800138000 -> "+86 138 0013 8000"; what is no E.164 number stays as it is."""
    if not number.startswith("+"):
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def masked(number: str) -> str:
    """Enough to recognise a caller by, not enough to phone them: all but the start and the last three digits hidden."""
    whole = written(number)
    digits = [place for place, sign in enumerate(whole) if sign.isdigit()]
    if len(digits) < 8:
        return whole
    hidden = set(digits[5:-3])
    return "".join("•" if place in hidden else sign for place, sign in enumerate(whole))
