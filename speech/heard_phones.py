"""Telephone numbers as people say them, in E.164; short codes (95598, 110) as they are dialled."""

from __future__ import annotations

import re

import phonenumbers

from speech.heard_digits import read_digits
from speech.transcripts import plain

_PLUS = re.compile(r"\bplus\b|\+|加号?(?=[零〇一幺二两三四五六七八九\d])")
_FILLERS = re.compile(
    r"\b(?:the )?(?:area|country|dialling|dialing|city) code(?: is)?\b|\b(?:you can )?(?:call|reach|ring) me (?:on|"
    r"at)\b|"
    r"(?:国际|国家|长途)?(?:区号|代码)是?|[()（）]|(?:请?打|联系)(?:我的?)?"
)


def read_phone(text: str, language: str, region: str = "CN") -> str | None:
    """ "one three eight double oh five seven one double oh one" -> "+8613800571001", 九五五九八 -> "95598".

    None for what is no telephone number, and for digits that nobody's number in `region` (ISO country) can be: a wrong
    length, an area code that does not exist.
    """
    said = _FILLERS.sub(" ", plain(text))
    begin = _PLUS.search(said)
    if begin and (read_digits(said[: begin.start()], language) or _PLUS.search(said, begin.end())):
        return None
    said = (said[: begin.start()] + " " + said[begin.end() :]) if begin else said
    digits = read_digits(said, language)
    return None if digits is None else phone_of(digits, region, international=begin is not None)


def phone_of(digits: str, region: str = "CN", *, international: bool = False) -> str | None:
    """Digits as dialled or keyed in `region`. `international`: they begin with a country code."""
    try:
        number = phonenumbers.parse(("+" if international else "") + digits, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number):
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    short = not international and phonenumbers.is_valid_short_number_for_region(number, region)
    return digits if short else None
