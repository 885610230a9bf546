"""Spoken values read back: what was said -> the value, or None.

Never a guess: one word that does not belong, and it is None. Dates are in `speech.heard_dates`.
"""

from __future__ import annotations

import re
from decimal import Decimal

import cn2an
from text_to_num import text2num

from speech.heard_dates import read_date

__all__ = ["read_date", "read_digits", "read_money", "read_number", "read_yes_no"]

_ENGLISH_DIGITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4",
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_ENGLISH_FILLERS = {"my", "the", "number", "account", "is", "it", "it's", "its", "um", "uh", "and", "pin", "password"}
_MANDARIN_DIGITS = dict(zip("零〇一幺二两三四五六七八九", "0011223456789", strict=True))
_MANDARIN_FILLERS = re.compile(r"我的|户号|号码|电话|密码|是|嗯|呃|那个")
_MANDARIN_NUMBER = re.compile(r"(?P<minus>负)?(?P<number>[\d零〇一幺二两三四五六七八九十百千万亿点.]+)")
_PLAIN_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def read_digits(text: str, language: str) -> str | None:
    """ "one three double two" -> "1322", 幺三八 -> "138", "13 80" -> "1380". None when anything else is in it."""
    return _mandarin_digits(text) if _mandarin(language) else _english_digits(text)


def _english_digits(text: str) -> str | None:
    digits, times = "", 1
    for word in re.findall(r"[a-z']+|\d+|[^\s\w]", text.lower()):
        if word in _TIMES and times == 1:
            times = _TIMES[word]
            continue
        if word in _ENGLISH_DIGITS or (word.isdecimal() and (times == 1 or len(word) == 1)):
            digits += _ENGLISH_DIGITS.get(word, word) * times
        elif times != 1 or (word[0].isalpha() and word not in _ENGLISH_FILLERS):
            return None
        times = 1
    return digits if digits and times == 1 else None


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
    """ "one hundred and five" -> 105, 一百零五 -> 105, "three point five" -> 3.5, "minus two" -> -2."""
    number = _decimal(text, language)
    return None if number is None else float(number)


def _decimal(text: str, language: str) -> Decimal | None:
    cleaned = text.strip().lower().rstrip(".。,，!！ ")
    if _PLAIN_NUMBER.fullmatch(cleaned):
        return Decimal(cleaned)
    try:
        if _mandarin(language):
            return _mandarin_number(cleaned)
        return _english_number(cleaned)
    except (ValueError, KeyError):
        return None


def _mandarin_number(text: str) -> Decimal | None:
    # cn2an passes over units and, with figures, over the sign: it gets nothing but the number itself.
    found = _MANDARIN_NUMBER.fullmatch(text)
    if not found:
        return None
    number = Decimal(str(cn2an.cn2an(found["number"], "smart")))
    return -number if found["minus"] else number


def _english_number(text: str) -> Decimal | None:
    for minus in ("minus ", "negative "):
        if text.startswith(minus):
            positive = _english_number(text.removeprefix(minus))
            return None if positive is None else -positive
    whole, point, behind = text.partition(" point ")
    number = Decimal(text2num(re.sub(r"^an? (?=hundred|thousand|million)", "one ", whole), "en"))
    if not point:
        return number
    figures = _english_digits(behind)
    return None if figures is None else number + Decimal(f"0.{figures}")


_MANDARIN_MONEY = re.compile(
    r"(?P<minus>负)?(?:(?P<yuan>[^元块毛角分钱]+)(?:元|块))?(?:零?(?P<jiao>[^元块毛角分钱零])(?:角|毛))?"
    r"零?(?:(?P<fen>[^元块毛角分钱零])(?P<fen_unit>分)?)?钱?(?:人民币)?"
)
_ENGLISH_MONEY = re.compile(
    r"(?P<minus>minus )?(?:(?P<yuan>.+?) ?(?:yuan|rmb|kuai))?(?: ?(?:and )?(?P<rest>.+?))?(?P<cents> ?(?:cents?|fen))?"
)


def read_money(text: str, language: str) -> int | None:
    """An amount in cents: "twelve yuan fifty" -> 1250, 三块五 -> 350, 五毛 -> 50. A bare number is yuan."""
    cleaned = re.sub(r"(?<=\d),(?=\d{3})", "", text.strip().lower()).rstrip(".。!！ ")
    bare = _decimal(cleaned, language)
    if bare is not None:
        return _whole_cents(bare)
    return _mandarin_money(cleaned) if _mandarin(language) else _english_money(cleaned)


def _mandarin_money(text: str) -> int | None:
    found = _MANDARIN_MONEY.fullmatch(text.replace(" ", ""))
    if not found or not (found["yuan"] or found["jiao"] or found["fen_unit"]):
        return None
    yuan, jiao, fen = (_decimal(part, "zh-CN") if part else Decimal(0) for part in found.group("yuan", "jiao", "fen"))
    if yuan is None or jiao is None or fen is None or max(jiao, fen) > 9:
        return None
    if found["fen"] and not found["fen_unit"]:  # 三块五 is three yuan and five jiao, 三块五毛五 five fen more
        fen = fen if found["jiao"] else fen * 10
    cents = _whole_cents(yuan + jiao / 10 + fen / 100)
    return None if cents is None else -cents if found["minus"] else cents


def _english_money(text: str) -> int | None:
    found = _ENGLISH_MONEY.fullmatch(text)
    if not found or not (found["yuan"] or found["cents"]):
        return None
    yuan = _decimal(found["yuan"], "en") if found["yuan"] else Decimal(0)
    rest = _decimal(found["rest"], "en") if found["rest"] else Decimal(0)
    if yuan is None or rest is None or not 0 <= rest < 100:
        return None
    if found["rest"] and yuan != int(yuan):
        return None
    if found["rest"] and not found["cents"] and rest < 10:
        return None  # "twelve yuan five": five cents or fifty?
    cents = _whole_cents(yuan + rest / 100)
    return None if cents is None else -cents if found["minus"] else cents


def _whole_cents(yuan: Decimal) -> int | None:
    cents = yuan * 100
    return int(cents) if cents == int(cents) else None


_YES = {"yes", "yeah", "yep", "yup", "correct", "right", "sure", "ok", "okay"}
_NO = {"no", "nope", "nah", "wrong"}
_POLITE = {
    "please",
    "thanks",
    "thank",
    "you",
    "it",
    "is",
    "it's",
    "that",
    "that's",
    "um",
    "uh",
    "oh",
    "well",
    "at",
    "all",
}
_NOT = {"not", "isn't"}
_MANDARIN_YES = re.compile(r"(?:是的?|对的?|好的?|嗯|没错|可以|有|行)+")
_MANDARIN_NO = re.compile(r"(?:不是的?|不对|不行|不用了?|不要|没有|没|错了?|不)+")
_NOT_A_NO = re.compile(r"不错|没错")


def read_yes_no(text: str, language: str) -> bool | None:
    """True, False, or None for anything that is not plainly one of them ("not wrong", 是不是)."""
    if _mandarin(language):
        said = re.sub(r"[^\w]|[啊呀吧哦呢谢]", "", text)
        if _MANDARIN_YES.fullmatch(said):
            return True
        return False if _MANDARIN_NO.fullmatch(said) and not _NOT_A_NO.search(said) else None
    words = set(re.findall(r"[a-z']+", text.lower().replace("’", "'"))) - _POLITE
    if words and words <= _YES:
        return True
    if words and words <= _NO:
        return False
    denied = words & (_NOT | _NO - {"wrong"})
    return False if denied and words & _NOT and words <= denied | {"right", "correct", "ok", "okay"} else None


def _mandarin(language: str) -> bool:
    return language.lower().startswith("zh")
