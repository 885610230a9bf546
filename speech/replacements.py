"""What a correction changes: one run of digits for another, the digit at a place, or the digits at an end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from speech.heard_digits import read_digits
from speech.transcripts import mandarin, plain, without_hesitation


@dataclass(frozen=True, slots=True)
class Exchange:
    """ "4, not 5": wherever `old` stands."""

    new: str
    old: str


@dataclass(frozen=True, slots=True)
class Place:
    """ "the third one is 8". `place`: 1 is the first, -1 the last. `old`, when said, must stand there."""

    place: int
    new: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """ "it ends in 73", "it starts with 139"."""

    new: str
    last: bool
    old: str = ""


def replacement(said: str, language: str) -> Exchange | Place | Edge | None:
    text = plain(said)
    if mandarin(language):
        return _mandarin(re.sub(r"\s+", "", text))
    return _english(without_hesitation(text).strip(" .!?"))


_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DENIAL = (
    r"(?:(?:no|nope|nah|not quite|wait|sorry|actually|well|oh|but|i'm sorry|that's wrong|that's not right)[\s,.;!-]+)*"
)
_IS = r"(?:'s| is| are| should be| should have been| must be| was| were| has to be|)"
_WHAT = r"(?:digit|number|one|figure|place|position)"
_NTH = r"(?P<place>\d{1,2}(?:st|nd|rd|th)|[a-z]+)"
_ENGLISH_PLACE = re.compile(
    rf"{_DENIAL}(?:the )?(?:(?P<back>second(?: to|-to-|-)? ?last|third(?: to|-to-|-)? ?last|last but one|next to last)"
    rf"(?: {_WHAT})?|{_NTH} {_WHAT}){_IS}(?: a| an)? (?P<new>.+?)(?:,? not(?: a| an)? (?P<old>.+))?"
)
_ENGLISH_LAST = re.compile(
    rf"{_DENIAL}(?:(?:the )?(?P<which>last|final|first) (?:(?P<count>two|three|four|five|six|[2-6])(?: {_WHAT}s?)?|"
    rf"{_WHAT}){_IS}"
    rf"|(?:it |that )?(?:should |must )?(?P<verb>end|start|begin)(?:s|ing)? (?:in|with|on)|(?:the )?(?P<noun>end|"
    rf"ending|beginning){_IS})"
    rf"(?: a| an)? (?P<new>.+?)(?:,? not(?: a| an| in| with)? (?P<old>.+))?"
)
_ENGLISH_EXCHANGE = (
    re.compile(
        rf"{_DENIAL}(?:it's |it is |that's |i said |it should be |should be )?(?:a |"
        rf"an )?(?P<new>.+?),? (?:and )?(?:not|instead of|rather than)(?: a| an)? (?P<old>.+)"
    ),
    re.compile(
        rf"{_DENIAL}(?:it's |it is |that's )?not (?:a |an )?(?P<old>.+?)(?:, ?| but |\. ?)(?:but )?(?:it's |it is |"
        rf"it should be )?(?:a |an )?(?P<new>.+)"
    ),
    re.compile(
        rf"{_DENIAL}(?:the |that )?(?P<old>.+?) (?:should be|should have been|must be|is really|is)(?: a|"
        rf" an)? (?P<new>.+)"
    ),
    re.compile(
        rf"{_DENIAL}(?:please )?(?:change|replace) (?:the |that )?(?P<old>.+?) (?:to|into|with|by|for)(?: a|"
        rf" an)? (?P<new>.+)"
    ),
)


def _english(text: str) -> Exchange | Place | Edge | None:
    if found := _ENGLISH_LAST.fullmatch(text):
        new, old = _digits(found["new"], "en"), _digits(found["old"], "en")
        last = (found["which"] or found["verb"] or found["noun"]) in ("last", "final", "end", "ending")
        count = (
            int(_COUNTS.get(found["count"], found["count"]))
            if found["count"]
            else 1
            if found["which"]
            else len(new or "")
        )
        return Edge(new, last, old) if new and old is not None and len(new) == count else None
    if found := _ENGLISH_PLACE.fullmatch(text):
        new, old = _digits(found["new"], "en"), _digits(found["old"], "en")
        back, nth = found["back"], found["place"]
        if back:
            place = -3 if back.startswith("third") else -2
        else:
            place = _ORDINALS.get(nth) or (int(nth[:-2]) if nth[:-2].isdecimal() else 0)
        return Place(place, new, old) if place and new and len(new) == 1 and old is not None else None
    for pattern in _ENGLISH_EXCHANGE:
        if found := pattern.fullmatch(text):
            new, old = _digits(found["new"], "en"), _digits(found["old"], "en")
            if new and old:
                return Exchange(new, old)
    return None


_SHIFT = r"(?:应该|应当)?(?:改?[成为]|是)"
_NO = r"(?:(?:不对|不是的?|错了|不|嗯|啊|呃|那个)[,，.。!！、]*)*"
_MANDARIN_LAST = re.compile(
    rf"{_NO}(?:(?P<which>最后|末|后|末尾|前|开头|最前面?)的?(?:(?P<count>[一两二三四五六1-6])[位个](?:数字?|号)?)?|"
    rf"(?P<tail>尾号|尾数|结尾|末尾))"
    rf"{_SHIFT}?(?P<new>[^不]+?)[,，]?(?:不是(?P<old>.+))?"
)
_MANDARIN_PLACE = re.compile(
    rf"{_NO}(?P<back>倒数)?第(?P<place>[一二三四五六七八九十\d]+)[位个](?:数字?|"
    rf"号码?)?{_SHIFT}?(?P<new>[^不]+?)[,，]?(?:不是(?P<old>.+))?"
)
_MANDARIN_EXCHANGE = (
    re.compile(rf"(?:不对|错了|不)?[,，]?(?:不是|不)(?P<old>[^是,，]+)[,，.]?(?:而?{_SHIFT})(?P<new>.+)"),
    re.compile(rf"{_NO}(?:应该)?是?(?P<new>[^不是]+?)[,，]?不是(?P<old>.+)"),
    re.compile(rf"{_NO}[把将]?那?个?(?P<old>[^是改成为应]+)(?:应该是|应该为|要?改[成为]|换成)(?P<new>.+)"),
)


def _mandarin(text: str) -> Exchange | Place | Edge | None:
    text = text.strip(",，.。!！")
    if found := _MANDARIN_PLACE.fullmatch(text):
        new, old = _digits(found["new"], "zh-CN"), _digits(found["old"], "zh-CN")
        place = _mandarin_place(found["place"])
        return (
            Place(-place if found["back"] else place, new, old)
            if place and new and len(new) == 1 and old is not None
            else None
        )
    if found := _MANDARIN_LAST.fullmatch(text):
        new, old = _digits(found["new"], "zh-CN"), _digits(found["old"], "zh-CN")
        count = int(_digits(found["count"], "zh-CN") or 0) or len(new or "")
        last = bool(found["tail"]) or found["which"] in ("最后", "末", "后", "末尾")
        return Edge(new, last, old) if new and old is not None and len(new) == count else None
    for pattern in _MANDARIN_EXCHANGE:
        if found := pattern.fullmatch(text):
            new, old = _digits(found["new"], "zh-CN"), _digits(found["old"], "zh-CN")
            if new and old:
                return Exchange(new, old)
    return None


def _mandarin_place(said: str) -> int:
    ten, _, unit = said.partition("十")
    if "十" in said:
        return 10 + int(_digits(unit, "zh-CN") or 0) if not ten else 0
    return int(_digits(said, "zh-CN") or 0)


def _digits(said: str | None, language: str) -> str | None:
    """ "" where nothing was said, None where it is no digits."""
    return "" if not said else read_digits(re.sub(r"[吧啊呢哦的]+$", "", said), language)
