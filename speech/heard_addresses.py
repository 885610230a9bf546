"""Spoken addresses written down: the numbers of houses, units and rooms in figures, everything else as it was said."""

from __future__ import annotations

import re

from speech.heard_answers import read_yes_no
from speech.heard_digits import UNITS, read_digits
from speech.heard_numbers import exact_number, mandarin_whole
from speech.transcripts import mandarin, narrow, without_hesitation

_NO_ADDRESS = re.compile(
    r"(?:i )?(?:do not|don't|dunno) ?(?:know|remember|have one)?|please|thanks|thank you|not sure|no idea|不知道|"
    r"不清楚|不记得|忘了|没有",
    re.IGNORECASE,
)
_ENGLISH_LEAD = re.compile(
    r"^(?:(?:well|so|okay|ok|yes|yeah|hi|hello|please|the address is|my address is|our address is|address is|"
    r"i live (?:at|on|in)|we live (?:at|on|in)|i'm at|we're at|i am at|we are at|it's at|it is at|it's|it is|"
    r"that's)[,. ]+)+",
    re.IGNORECASE,
)
_ENGLISH_TRAIL = re.compile(r"[,. ]+(?:please|thanks|thank you)$", re.IGNORECASE)
_NUMBER_WORD = (
    r"zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|double|triple"
)
_NUMBERS = re.compile(rf"\b(?:{_NUMBER_WORD})(?:(?:[ -]| and )(?:{_NUMBER_WORD}))*\b(?! of\b| way\b|-)", re.IGNORECASE)
_MANDARIN_LEAD = re.compile(
    r"^(?:嗯|呃|额|那个|就是|喂|你好|您好|请?记一下|我们?家?的?(?:地址|住址|家)?(?:是在|就在|在|是|住在|住)|(?:地址|"
    r"住址)(?:是|在)|我们?住在?|家住|住在?|在|[,，。\s])+"
)
_MANDARIN_TRAIL = re.compile(r"(?:[,，。\s]|啊|吧|呢|谢谢|这里|这儿|这边)+$")
_MANDARIN_FILLERS = re.compile(r"嗯+|呃+|那个|就是|然后是?")
_DIGITS = "零〇一幺二两三四五六七八九"
_MARKS = "号楼|号院|单元|号|栋|幢|座|楼|层|室|弄|组|户|房|门|米|#"
_BEFORE_MARK = re.compile(
    rf"(?P<number>[{_DIGITS}十百千\d]+)(?P<mark>{_MARKS})(?!路|街|线|桥|大街|大道|巷|村|镇|渠|井|店|铺)"
)
_LAST = re.compile(rf"(?<=[号栋幢座楼层元])(?P<number>[{_DIGITS}\d]{{2,5}})$")


def read_address(text: str, language: str) -> str | None:
    """ "um I live at eighteen People's Road, unit two, room five oh one" -> "18 people's road, unit 2, room 501".

    三单元五零一 -> 3单元501. A number that could be two is left in words. None when no address was said.
    """
    said = narrow(text)
    if mandarin(language):
        written = _mandarin_address(said)
    else:
        written = _ENGLISH_TRAIL.sub("", _ENGLISH_LEAD.sub("", without_hesitation(said))).strip(" .,!?")
        written = _NUMBERS.sub(lambda found: _english_figures(found[0].lower()), written)
    nothing = not any(character.isalnum() for character in written) or _NO_ADDRESS.fullmatch(written)
    return None if nothing or read_yes_no(said, language) is not None else written


def _english_figures(words: str) -> str:
    number = exact_number(words, "en")
    if number is not None and number == int(number) and not _one_by_one(words):
        return str(int(number))
    return read_digits(words, "en") or words


def _one_by_one(words: str) -> bool:
    return all(word in UNITS for word in words.replace("-", " ").split())


def _mandarin_address(said: str) -> str:
    written = _MANDARIN_LEAD.sub("", re.sub(r"(?<=[^\x00-\x7f]) | (?=[^\x00-\x7f])", "", said))
    written = _MANDARIN_FILLERS.sub("", _MANDARIN_TRAIL.sub("", written))
    written = _BEFORE_MARK.sub(lambda found: _mandarin_figures(found["number"]) + found["mark"], written)
    return _LAST.sub(lambda found: _mandarin_figures(found["number"]), written)


def _mandarin_figures(words: str) -> str:
    """五零一 -> 501, 十八 -> 18; mixed or unfinished ones stay as they are."""
    if all(character in _DIGITS or character.isdecimal() for character in words):
        return read_digits(words, "zh-CN") or words
    number = mandarin_whole(words)
    return words if number is None else str(number)
