"""What a Mandarin correction changes: 不是五是四, 尾号是七三, 第二个五应该是四."""

from __future__ import annotations

import re

from speech.heard_digits import read_digits
from speech.replacements import Edge, Exchange, Place, Replacement

_SHIFT = r"(?:应该|应当)?(?:改?[成为]|是)"
_NO = r"(?:(?:不对|不是的?|错了|不|嗯|啊|呃|那个)[,，.。!！、]*)*"
_LAST = re.compile(
    rf"{_NO}(?:(?P<which>最后|末|后|末尾|前|开头|最前面?)的?(?:(?P<count>[一两二三四五六1-6])[位个](?:数字?|号)?)?|"
    rf"(?P<tail>尾号|尾数|结尾|末尾))"
    rf"{_SHIFT}?(?P<new>[^不]+?)[,，]?(?:不是(?P<old>.+))?"
)
_PLACE = re.compile(
    rf"{_NO}(?P<back>倒数)?第(?P<place>[一二三四五六七八九十\d]+)[位个](?:数字?|"
    rf"号码?)?{_SHIFT}?(?P<new>[^不]+?)[,，]?(?:不是(?P<old>.+))?"
)
_EXCHANGE = (
    re.compile(rf"(?:不对|错了|不)?[,，]?(?:不是|不)(?P<old>[^是,，]+)[,，.]?(?:而?{_SHIFT})(?P<new>.+)"),
    re.compile(rf"{_NO}(?:应该)?是?(?P<new>[^不是]+?)[,，]?不是(?P<old>.+)"),
    re.compile(rf"{_NO}[把将]?那?个?(?P<old>[^是改成为应]+)(?:应该是|应该为|要?改[成为]|换成)(?P<new>.+)"),
)


_NTH = re.compile(
    rf"{_NO}(?:第(?P<nth>[一二两三四五12345])个|(?P<first>前面|最前面)的?(?:那?个)?|(?P<last>后面|最后|末尾)的?(?:那|一)?个?)"
    rf"(?P<old>[零〇一幺二两三四五六七八九\d])(?:应该|应当)?(?:改?[成为]|是)(?P<new>[零〇一幺二两三四五六七八九\d])"
)


def mandarin_replacement(text: str) -> Replacement | None:
    """`text` may have spaces and punctuation. None when no replacement is in it."""
    text = re.sub(r"\s+", "", text).strip(",，.。!！")
    for reading in (_nth, _place, _edge, _exchange):
        if (found := reading(text)) is not None:
            return found
    return None


def _nth(text: str) -> Replacement | None:
    """第二个五应该是四."""
    found = _NTH.fullmatch(text)
    if not found:
        return None
    nth = int(_digits(found["nth"]) or 0) if found["nth"] else 1 if found["first"] else -1
    return Exchange(_digits(found["new"]) or "", _digits(found["old"]) or "", nth)


def _place(text: str) -> Replacement | None:
    found = _PLACE.fullmatch(text)
    if not found:
        return None
    new, old, place = _digits(found["new"]), _digits(found["old"]), _mandarin_place(found["place"])
    if not place or not new or len(new) != 1 or old is None:
        return None
    return Place(-place if found["back"] else place, new, old)


def _edge(text: str) -> Replacement | None:
    found = _LAST.fullmatch(text)
    if not found:
        return None
    new, old = _digits(found["new"]), _digits(found["old"])
    count = int(_digits(found["count"]) or 0) or len(new or "")
    last = bool(found["tail"]) or found["which"] in ("最后", "末", "后", "末尾")
    return Edge(new, last, old) if new and old is not None and len(new) == count else None


def _exchange(text: str) -> Replacement | None:
    for pattern in _EXCHANGE:
        if found := pattern.fullmatch(text):
            new, old = _digits(found["new"]), _digits(found["old"])
            if new and old:
                return Exchange(new, old)
    return None


def _mandarin_place(said: str) -> int:
    ten, _, unit = said.partition("十")
    if "十" in said:
        return 10 + int(_digits(unit) or 0) if not ten else 0
    return int(_digits(said) or 0)


def _digits(said: str | None) -> str | None:
    """ "" where nothing was said, None where it is no digits."""
    return "" if not said else read_digits(re.sub(r"[吧啊呢哦的]+$", "", said), "zh-CN")
