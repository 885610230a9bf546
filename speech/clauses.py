"""What of a long utterance to go by: corrections of oneself, wishes that are denied, and the clauses of it.

"no I don't want an agent, I want to pay" is about paying; "my bill, no wait, the power is out" about the power;
不是停电是电压不稳 about the voltage.
"""

from __future__ import annotations

import re
from itertools import pairwise

from speech.transcripts import mandarin

_STOPS = re.compile(r"[.,;:!?。,;:!?、…\n]+|\s-+\s")

_ENGLISH_TAKEN_BACK = re.compile(
    r"\b(?:no wait|wait no|oh wait|wait sorry|actually no|no actually|scratch that|no sorry|sorry no"
    r"|(?:sorry )?i meant?(?: to say)?|let me rephrase|forget (?:that|it)|correction|or rather|no hang on|no hold on)\b"
)
_ENGLISH_DENIED = re.compile(
    r"\b(?:(?:i|we) (?:do not|don['’]?t|did not|didn['’]?t) (?:want|need|mean|wish|care about)"
    r"|(?:i am|i['’]?m|we are|we['’]?re|it is|it['’]?s|this is|that['’]?s) not"
    r" (?:calling|here|phoning|ringing|asking|about|for|because|looking|talking)"
    r"|(?:it|this|that) (?:is not|isn['’]?t) about|not about|not for|instead of|rather than)\b"
    r".*?(?=$|[.,;!?]|\b(?:but|just|i want|i need|i would|i['’]d|i am|i['’]m calling|i have|i['’]ve|i only|we want"
    r"|we need|can you|could you|can i|give me|get me|let me|it['’]?s about|it is about|i['’]m asking|please)\b)"
)
_ENGLISH_JOINTS = re.compile(
    r"\b(?:and|but|so|because|cause|since|then|also|plus|while|although|though|unless|i want to know"
    r"|i['’]d like to know|can you|could you|do you know)\b"
)
_MANDARIN_TAKEN_BACK = re.compile(
    r"(?:哦不是?|不对不对|哎不对|等等不对|说错了|讲错了|不好意思说错了|啊不是?|噢不是?|应该说|我的意思是|不是不是)[,,。]?"
)
_MANDARIN_DENIED = re.compile(
    r"(?:(?<!是)不是(?!很|太|特别|说好|吗|吧|有)(?:要|想|来|为了|说|问)?|不要|不想要?|不用|不需要|别给我|没想)"
    r"[^,。,.!?;]{1,12}?"
    r"(?=[,。,.!?;]|而是|我是|我要|我想|就是|我就|我只|是(?!不是)|帮我|给我|只是|要(?!求))(?:[,。,.]|而是|就是|只是|是)?"
)
_MANDARIN_JOINTS = re.compile(
    r"而且|但是|可是|不过|然后|因为|所以|还有|另外|顺便|我想问|想问一下|请问|结果|并且|就想|想知道"
)


def gone_by(text: str, language: str) -> str:
    """The text without what the caller took back or does not want; the whole text when nothing else is left."""
    lowered = text.lower().strip()
    if mandarin(language):
        taken_back, denied, least = _MANDARIN_TAKEN_BACK, _MANDARIN_DENIED, 2
        lowered = re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", lowered)  # recognisers put spaces between words
    else:
        taken_back, denied, least = _ENGLISH_TAKEN_BACK, _ENGLISH_DENIED, 3
    for found in list(taken_back.finditer(lowered))[::-1]:
        if found.start() > 0 and _size(lowered[found.end() :]) >= least:
            lowered = lowered[found.end() :]
            break
    left = denied.sub(" , ", lowered)
    return left if _size(left) >= least else lowered


def clauses(text: str, language: str) -> list[str]:
    """The parts between stops and joining words, when there is more than one."""
    joints = _MANDARIN_JOINTS if mandarin(language) else _ENGLISH_JOINTS
    parts = [part.strip() for stop in _STOPS.split(text.lower()) for part in _cut(stop, joints)]
    found = [part for part in parts if part]
    return found if len(found) > 1 else []


def _cut(text: str, joints: re.Pattern[str]) -> list[str]:
    """Cut before each joining word, which stays with what follows."""
    places = [0, *(found.start() for found in joints.finditer(text)), len(text)]
    return [text[a:b] for a, b in pairwise(places) if a < b]


def _size(text: str) -> int:
    return sum(map(str.isalnum, text))
