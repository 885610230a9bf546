"""Spoken values read back: what was said -> the value, or None.

Never a guess: one word that does not belong, and it is None.
"""

from __future__ import annotations

import re

import cn2an
from text_to_num import text2num

_ENGLISH_DIGITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "for": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_ENGLISH_FILLERS = {"my", "the", "number", "account", "is", "it", "it's", "its", "um", "uh", "and", "pin", "password"}
_MANDARIN_DIGITS = dict(zip("零〇一幺二两三四五六七八九", "0011223456789", strict=True))
_MANDARIN_FILLERS = re.compile(r"我的|户号|号码|电话|密码|是|嗯|呃|那个")


def read_digits(text: str, language: str) -> str | None:
    """ "one three double two" -> "1322", 幺三八 -> "138", "13 80" -> "1380". None when anything else is in it."""
    return _mandarin_digits(text) if _mandarin(language) else _english_digits(text)


def _english_digits(text: str) -> str | None:
    digits, times = "", 1
    for word in re.findall(r"[a-z']+|\d+|[^\s\w]", text.lower()):
        if word in _TIMES:
            times = _TIMES[word]
            continue
        if word in _ENGLISH_DIGITS:
            digits += _ENGLISH_DIGITS[word] * times
        elif word.isdecimal():
            digits += word if times == 1 else word[0] * times + word[1:]
        elif word.isalpha() and word not in _ENGLISH_FILLERS:
            return None
        times = 1
    return digits or None


def _mandarin_digits(text: str) -> str | None:
    digits = ""
    for character in _MANDARIN_FILLERS.sub("", text):
        if character in _MANDARIN_DIGITS:
            digits += _MANDARIN_DIGITS[character]
        elif character.isdecimal():
            digits += character
        elif character.isalpha():
            return None
    return digits or None


def read_number(text: str, language: str) -> float | None:
    """ "one hundred and five" -> 105, 一百零五 -> 105, "3.5" -> 3.5."""
    cleaned = text.strip().lower().rstrip(".。")
    try:
        return float(cleaned)
    except ValueError:
        pass
    try:
        return float(cn2an.cn2an(cleaned, "smart")) if _mandarin(language) else float(text2num(cleaned, "en"))
    except (ValueError, KeyError):
        return None


_YES = {
    "en": {"yes", "yeah", "yep", "yup", "correct", "right", "sure", "that's right", "that is right", "ok", "okay"},
    "zh-CN": {"是", "是的", "对", "对的", "没错", "好", "好的", "嗯", "可以", "有"},
}
_NO = {
    "en": {"no", "nope", "nah", "wrong", "not right", "that's wrong", "no thanks", "not at all"},
    "zh-CN": {"不", "不是", "不对", "没有", "不行", "不用", "错", "错了", "没"},
}


def read_yes_no(text: str, language: str) -> bool | None:
    said = re.sub(r"[^\w\s']", "", text.lower()).strip()
    key = "zh-CN" if _mandarin(language) else "en"
    if said in _YES[key]:
        return True
    return False if said in _NO[key] else None


def _mandarin(language: str) -> bool:
    return language.lower().startswith("zh")
