"""Numbers that name something, said digit by digit in groups: telephone and account numbers, rooms in addresses.

Mandarin says 幺 for 1, as on every Chinese telephone.
"""

from __future__ import annotations

import re

import phonenumbers

from speech.transcripts import mandarin

_MANDARIN_DIGITS = dict(zip("0123456789", "零幺二三四五六七八九", strict=True))
_PAUSE = {True: ",", False: ", "}
_SHORT_CODE = 6  # digits; said without a pause
_MANDARIN_ROOM = re.compile(r"\d{3,}(?=[室房户])|(?<=[室房层楼座幢栋元门])\d{3,}|\d{5,}")
_ENGLISH_ROOM = re.compile(r"(?<![\d.,])\d{3,}(?![\d.,]*\d)")


def say_digits(digits: str, language: str) -> str:
    """One by one: "1 3 8" or 幺三八. Characters that are no digits are left out."""
    only = [d for d in digits if d in _MANDARIN_DIGITS]
    return "".join(_MANDARIN_DIGITS[d] for d in only) if mandarin(language) else " ".join(only)


def say_phone(number: str, language: str) -> str:
    """Grouped as people say it: 138, 0013, 8000 or 0571, 8857, 1005; a foreign number with its country code."""
    groups, abroad = _phone_groups(number)
    said = _grouped(groups, language)
    return f"{'加' if mandarin(language) else 'plus '}{said}" if abroad else said


def say_account(number: str, language: str) -> str:
    """In groups of three and four, the larger ones last: 100, 057, 1014. What is no digit is left out."""
    digits = "".join(d for d in number if d in _MANDARIN_DIGITS)
    count = max(1, -(-len(digits) // 4))
    sizes = [len(digits) // count + (place >= count - len(digits) % count) for place in range(count)]
    groups, at = [], 0
    for size in sizes:
        groups.append(digits[at : at + size])
        at += size
    return _grouped(groups, language)


def say_address(address: str, language: str) -> str:
    """Rooms and long house numbers digit by digit, as people read them: room 5 0 1, 五零一室; the rest as it is."""
    rooms = _MANDARIN_ROOM if mandarin(language) else _ENGLISH_ROOM
    return rooms.sub(lambda found: say_digits(found[0], language), address)


def _phone_groups(number: str) -> tuple[list[str], bool]:
    digits = "".join(d for d in number if d in _MANDARIN_DIGITS)
    if not number.startswith("+") and len(digits) <= _SHORT_CODE:
        return [digits], False
    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException:
        return re.findall(r"\d{1,4}", digits), number.startswith("+")
    abroad = parsed.country_code != 86
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL if abroad else phonenumbers.PhoneNumberFormat.NATIONAL
    return re.findall(r"\d+", phonenumbers.format_number(parsed, form)), abroad


def _grouped(groups: list[str], language: str) -> str:
    return _PAUSE[mandarin(language)].join(say_digits(group, language) for group in groups if group)
