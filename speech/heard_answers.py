"""Yes and no as people say them."""

from __future__ import annotations

import re
from typing import Literal

from speech.transcripts import mandarin, plain, without_hesitation

_VERB = r"(?:is|are|was|were|am|does|do|did|has|have|had|will|would|can|could|should)"
_WHO = r"(?:it|that|this|they|there|we|i|you|he|she)"
_ADVERB = r"(?:absolutely|exactly|quite|perfectly|very|so|all|completely|indeed|really|just)"
_RIGHT = r"(?:right|correct|true|fine|okay|ok|good|it|me|mine|so)"
_WRONG = r"(?:wrong|incorrect|false|mistaken)"
# What an answer is made of. Tried in this order at each place; what matches none of them is neither yes nor no.
_Part = tuple[Literal["yes", "no", "doubt", "neutral"], str]
_ENGLISH: tuple[_Part, ...] = (
    ("doubt", r"(?:it's |that's |it is |that is )?not (?:wrong|incorrect)"),
    ("doubt", r"why not|no problem|no worries|no power|no idea|(?:i'm )?not sure"),
    ("no", r"(?:absolutely|certainly|definitely|of course|probably|obviously|sure|hell) (?:not|no)"),
    ("no", r"i'm afraid not|i guess not"),
    ("no", rf"(?:{_WHO} )?{_VERB} not(?: {_ADVERB})?(?: (?:{_RIGHT}|think so|believe so))?"),
    ("no", r"(?:i )?do not (?:think|believe)(?: (?:so|it is|that's right|that's correct))?"),
    ("no", rf"(?:it's|that's|this is|it is|that is|i'm)? ?not(?: {_ADVERB})*(?: (?:{_RIGHT}|yet|at all))?"),
    ("no", rf"(?:{_WHO} (?:is|was) |it's |that's |you're |you are )?(?:all )?{_WRONG}"),
    ("no", r"no way|no thanks|no thank you|none|never|negative|nope|nah|nay|no|uh-uh"),
    ("yes", rf"(?:it's|that's|this is|that is|it is|you're|you are|i'm) (?:{_ADVERB} )*{_RIGHT}"),
    ("yes", r"i (?:think|believe|guess) (?:so|it is|that's (?:right|correct))"),
    ("yes", r"i'm sure|i agree|you got it|go ahead|please do|perfect|that works"),
    ("yes", r"(?:that's|that is|it's) the (?:one|right one)|sure thing|quite right|quite so"),
    ("yes", r"very good|you bet|sounds (?:good|right)"),
    ("yes", r"yes|yeah|yep|yup|yah|ya|yea|aye|uh-huh|uh huh|mm-hmm|mhm|affirmative|confirmed|confirm|agreed|indeed"),
    ("yes", r"of course|absolutely|definitely|certainly|precisely|exactly|sure|okay|ok|all right|alright|correct"),
    ("yes", rf"right|true|fine|{_WHO} {_VERB}"),
    ("neutral", r"please|thanks|thank you|well|oh|sorry|that's|it's|that|at all|sir|madam|now|then|so|it|i|you"),
    ("neutral", r"very much|a lot|bye"),
)
_CONTRACTED = (
    (re.compile(r"\bcan't\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\b(is|are|was|were|does|do|did|has|have|had|would|could|should)n't\b"), r"\1 not"),
)
_ENGLISH_PARTS = [(kind, re.compile(rf"(?:{pattern})(?![a-z'])")) for kind, pattern in _ENGLISH]

_MANDARIN_YES = re.compile(
    r"(?:是这样子?|是这个|就是这?个?|应该是|我?觉得是|没问题|没有错|没有问题|没错|对头|正确|确认|确定|可以|同意|愿意|"
    r"需要|当然|行|ok|okay|yes|好|是|对|嗯|恩|有|要|中|成)+"
)
_MANDARIN_NO = re.compile(
    r"(?:不是这样子?|不是这个|应该不是|我?觉得不是|不可以|不正确|不同意|不愿意|不需要|不太对|不确认|不用|不要|不必|"
    r"不是|不对|不行|不好|不成|不能|还没有?|并?没有|没|未|否|错误|搞错|弄错|错|不|别)+"
)
_MANDARIN_SOFT = re.compile(r"[啊呀吧哦噢呢嘛啦哈呵的了呐喔嘞]|谢谢|你好|您好|麻烦|那个|呃|额|我说")
_TWICE_DENIED = re.compile(r"不是(?:不[^是]|没)|没有?(?:不|没)|不(?:错|没)")
_REPEATED = re.compile(r"(不是的?|没有|不对|不用|不要|不行|不|没)\1+")
_MANDARIN_QUESTION = re.compile(r"是不是|有没有|对不对|好不好|行不行|要不要|可不可以|能不能|吗|么")


def read_yes_no(text: str, language: str) -> bool | None:
    """True, False, or None for anything that is not plainly one of them ("not wrong", "yes and no", 是不是)."""
    said = plain(text)
    return _mandarin_answer(said) if mandarin(language) else _english_answer(said)


def _english_answer(text: str) -> bool | None:
    said = re.sub(r"[^\w' -]", " ", without_hesitation(text))
    for contracted, full in _CONTRACTED:
        said = contracted.sub(full, said)
    said, answers = " ".join(said.split()), set()
    at = 0
    while at < len(said):
        found = next(((kind, m) for kind, part in _ENGLISH_PARTS if (m := part.match(said, at)) and m[0].strip()), None)
        if found is None or found[0] == "doubt":
            return None
        if found[0] != "neutral":
            answers.add(found[0])
        at = found[1].end()
        while at < len(said) and said[at] in " -":
            at += 1
    return answers.pop() == "yes" if len(answers) == 1 else None


def _mandarin_answer(text: str) -> bool | None:
    text = _REPEATED.sub(r"\1", text)
    if _MANDARIN_QUESTION.search(text):
        return None
    answers = set()
    for clause in re.split(r"[^\w]+", text):
        said = _MANDARIN_SOFT.sub("", clause)
        if not said:
            continue
        if _MANDARIN_YES.fullmatch(said):
            answers.add(True)
        elif _MANDARIN_NO.fullmatch(said) and not _TWICE_DENIED.search(said):
            answers.add(False)
        else:
            return None
    return answers.pop() if len(answers) == 1 else None
