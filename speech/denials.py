"""What is left of an answer when its "no" is taken off: "no, I said the fifth" -> "the fifth"."""

from __future__ import annotations

import re

from speech.transcripts import mandarin, plain, without_hesitation

_ENGLISH = re.compile(
    r"(?:no|nope|nah|not quite|wait|sorry|actually|hold on|well|oh|i'm sorry|but|rather|please|"
    r"(?:no )?(?:that's|that is|it's|it is|that was) (?:not (?:right|correct|it)|wrong|incorrect)|(?:that )?(?:isn't|"
    r"is not) (?:right|correct|it)|"
    r"wrong|incorrect|not right|i (?:said|meant|mean|wanted)|make (?:it|that)|change (?:it|that) to|try|"
    r"(?:it|that) (?:should be|should have been|ought to be|was)|should be|it's|it is|that's|the (?:right|"
    r"correct) (?:number|one|date|time|amount) is)"
    r"(?![a-z'])[\s,.;:!-]*"
)
_ENGLISH_NOT_FIRST = re.compile(r"(?:it's |it is )?not (?P<old>[^,;]+?)(?:[,;.] ?(?:but )?| but )(?P<new>.+)")
_ENGLISH_NOT_LAST = re.compile(r"(?P<new>.+?)[,;.]? (?:and )?not (?P<old>.+)")
_MANDARIN = re.compile(
    r"(?:不是的?|不对|不行|错了|不正确|不|我说的是|我的意思是|我说|应该是|应当是|改成|改为|改一下|其实是|是|等等|"
    r"等一下|对不起|不好意思|没有|啊|嗯|呃|那个|哦|你听错了|听错了|说错了|我说错了)[\s,，.。!！:：、]*"
)
_MANDARIN_NOT_FIRST = re.compile(r"(?:不|不对)?[,，]?不是(?P<old>[^是,，]+)[,，.。]?(?:而?是|应该是)(?P<new>.+)")
_MANDARIN_NOT_LAST = re.compile(r"(?:应该)?是?(?P<new>.+?)[,，]?(?:而)?不是(?P<old>.+)")


def new_value_said(said: str, language: str) -> str:
    """The new value in an answer that denies the old one; the whole answer where nothing is denied."""
    return _mandarin(plain(said)) if mandarin(language) else _english(without_hesitation(plain(said)))


def _english(text: str) -> str:
    text = _without(_ENGLISH, text)
    found = _ENGLISH_NOT_FIRST.fullmatch(text) or _ENGLISH_NOT_LAST.fullmatch(text)
    return _without(_ENGLISH, found["new"]) if found else text


def _mandarin(text: str) -> str:
    for pattern in (_MANDARIN_NOT_FIRST, _MANDARIN_NOT_LAST):
        for candidate in (text, _without(re.compile(r"(?:不对|错了|不)[\s,，.。!！]+"), text)):
            if found := pattern.fullmatch(candidate):
                return _without(_MANDARIN, found["new"]).strip(" ,，。.")
    return _without(_MANDARIN, text)


def _without(leading: re.Pattern[str], text: str) -> str:
    while found := leading.match(text):
        if found.end() == 0:
            break
        text = text[found.end() :]
    return text
