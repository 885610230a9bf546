"""Digits said one by one, in pairs or as figures: account numbers, PINs, meter numbers.

What could be two numbers is none: "thirty eight one two" may be 38 12 or 30 8 1 2, so it is asked for again.
"""

from __future__ import annotations

import re

from speech.transcripts import mandarin, plain, without_hesitation

UNITS = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "nil": "0", "one": "1", "two": "2", "three": "3",
    "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TEENS = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),  # noqa: SIM905
        map(str, range(10, 20)),
        strict=True,
    )
)
_TENS = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), "23456789", strict=True)  # noqa: SIM905
)
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_PLURALS = {
    ("zeroes" if word == "zero" else word + "es" if word == "six" else word + "s"): d for word, d in UNITS.items()
}
_PLURALS["zeros"] = "0"
_FILLERS = frozenset(
    "my our the number numbers account customer meter phone telephone mobile cell code pin password".split()  # noqa: SIM905
    + "is are it it's its i'm that's that this and then so well yes yeah okay ok sure please thanks thank you".split()  # noqa: SIM905
    + "hi hello would be dash hyphen space again".split()  # noqa: SIM905
)
_PAUSE = "|"
_MONEY_OR_SIGN = re.compile(r"[¥$€£%+*#@=]|(?:^|\s)-\d")
_DECIMAL = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")

_MANDARIN_DIGITS = dict(zip("零〇洞一幺二两三四五六七拐八九", "000112234567789", strict=True))
_MANDARIN_FILLERS = re.compile(
    r"请?你?(?:等|记|听)?一下|我们?家?的|我们?家|户号|电?表号|客户(?:编号|号码?)|编号|号码|(?:手机|电话|座机|卡|账|帐)号?|"
    r"密码|数字|"
    r"就是|这个|那个|然后|接着|再是|好的|你好|您好|谢谢|麻烦|[我是为嗯呃额哦啊呢吧哈杠]"
)
_MANDARIN_TIMES = re.compile(r"([一两二三四五六七八九2-9])个([零〇洞一幺二两三四五六七拐八九\d])")


def read_digits(text: str, language: str) -> str | None:
    """ "one three double two" -> "1322", 幺三八 -> "138", "13 80" -> "1380". None when anything else is in it."""
    said = plain(text)
    if _MONEY_OR_SIGN.search(said) or _DECIMAL.search(said):
        return None
    return _mandarin_digits(said) if mandarin(language) else _english_digits(said)


def read_account(text: str, language: str) -> str | None:
    """An account number as digits; its length and check digit are for the one who asked."""
    return read_digits(text, language)


def _english_digits(text: str) -> str | None:
    words = [
        word if word[0].isalnum() else _PAUSE
        for word in re.findall(
            r"[a-z']+|\d+|[^\s\w']", re.sub(r"(?<=[a-z\d])-(?=[a-z\d])", " ", without_hesitation(text))
        )
    ]
    words = [_PAUSE if word in ("dash", "hyphen", "space") else word for word in words]
    digits = ""
    at = 0
    while at < len(words):
        counted = words[at] in _COUNTS and words[at + 1 : at + 2] and words[at + 1] in _PLURALS
        if counted and at and words[at - 1] in UNITS:
            return None  # "two two fives": 2 55 or 22 5?
        found = _group(words[at:])
        if found is not None:
            digits += found[0]
            at += found[1]
        elif words[at] == _PAUSE or words[at] in _FILLERS:
            at += 1
        else:
            return None
    return digits or None


def _group(words: list[str]) -> tuple[str, int] | None:
    """The digits that `words` begin with and how many words they are; None where they begin with no digit."""
    word, following = words[0], words[1] if len(words) > 1 else _PAUSE
    if word in _TIMES:
        single = UNITS.get(following, following)
        return (single * _TIMES[word], 2) if len(single) == 1 and single.isdecimal() else None
    if word in _COUNTS and following in _PLURALS:
        return _PLURALS[following] * _COUNTS[word], 2
    if word.isdecimal():
        return word, 1
    if word in UNITS | _TEENS and following in ("hundred", "thousand"):
        zeros = "00" if following == "hundred" else "000"
        ends = len(words) == 2 or words[2] == _PAUSE
        return ((UNITS | _TEENS)[word] + zeros, 2) if ends and word != "ten" and UNITS.get(word) != "0" else None
    if word in UNITS:
        return UNITS[word], 1
    if word in _TEENS:
        return _TEENS[word], 1
    if word not in _TENS:
        return None
    after = words[2] if len(words) > 2 else _PAUSE
    unit = UNITS.get(following, "0")
    if unit == "0":
        if following == _PAUSE and UNITS.get(after, "0") != "0":
            return None  # "seventy, seven": 77 or 70 7?
        return _TENS[word] + "0", 1
    return None if after in UNITS and UNITS[after] != "0" else (_TENS[word] + unit, 2)


def _mandarin_digits(text: str) -> str | None:
    digits = ""
    counted = _MANDARIN_TIMES.sub(_repeated, _MANDARIN_FILLERS.sub(" ", text))
    for character in counted:
        if character in _MANDARIN_DIGITS:
            digits += _MANDARIN_DIGITS[character]
        elif character.isdecimal():
            digits += character
        elif character.isalpha():
            return None
    return digits or None


def _repeated(found: re.Match[str]) -> str:
    times = int(_MANDARIN_DIGITS.get(found[1], found[1]))
    return _MANDARIN_DIGITS.get(found[2], found[2]) * times
