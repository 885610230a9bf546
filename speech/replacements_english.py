"""What an English correction changes: "no, 4 not 5", "the last digit is 7", "the second five is a six"."""

from __future__ import annotations

import re

from speech.heard_digits import read_digits
from speech.replacements import Edge, Exchange, Place, Replacement

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
_PLACE = re.compile(
    rf"{_DENIAL}(?:the )?(?:(?P<back>second(?: to|-to-|-)? ?last|third(?: to|-to-|-)? ?last|last but one|next to last)"
    rf"(?: {_WHAT})?|{_NTH} {_WHAT}){_IS}(?: a| an)? (?P<new>.+?)(?:,? not(?: a| an)? (?P<old>.+))?"
)
_LAST = re.compile(
    rf"{_DENIAL}(?:(?:the )?(?P<which>last|final|first) (?:(?P<count>two|three|four|five|six|[2-6])(?: {_WHAT}s?)?|"
    rf"{_WHAT}){_IS}"
    rf"|(?:it |that )?(?:should |must )?(?P<verb>end|start|begin)(?:s|ing)? (?:in|with|on)|(?:the )?(?P<noun>end|"
    rf"ending|beginning){_IS})"
    rf"(?: a| an)? (?P<new>.+?)(?:,? not(?: a| an| in| with)? (?P<old>.+))?"
)
_EXCHANGE = (
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
        rf"{_DENIAL}(?:the |that )?(?P<old>.+?) (?:is|was) (?:wrong|not right|incorrect),? (?:it's|it is|it should be|"
        rf"that's)(?: a| an)? (?P<new>.+)"
    ),
    re.compile(
        rf"{_DENIAL}(?:please )?(?:change|replace) (?:the |that )?(?P<old>.+?) (?:to|into|with|by|for)(?: a|"
        rf" an)? (?P<new>.+)"
    ),
)


# "The third one" is the third digit, whichever it is.
_NTH_OF_A_DIGIT = re.compile(
    rf"{_DENIAL}the (?P<nth>[a-z]+) (?P<old>(?!one\b)[a-z]+|\d)(?: should be| should have been| must be| is)"
    rf"(?: a| an)? (?P<new>[a-z]+|\d)(?: not (?:a |an )?(?P=old))?"
)


def english_replacement(text: str) -> Replacement | None:
    """`text`: small letters. None when no replacement is in it."""
    text = text.strip(" .,!?")
    for reading in (_nth, _edge, _place, _exchange):
        if (found := reading(text)) is not None:
            return found
    return None


def _nth(text: str) -> Replacement | None:
    """ "the second five should be a four"."""
    found = _NTH_OF_A_DIGIT.fullmatch(text)
    nth = {"last": -1, "final": -1}.get(found["nth"], _ORDINALS.get(found["nth"], 0)) if found else 0
    if not found or not nth:
        return None
    new, old = _digits(found["new"]), _digits(found["old"])
    return Exchange(new, old, nth) if new and old and len(new) == len(old) == 1 else None


def _edge(text: str) -> Replacement | None:
    found = _LAST.fullmatch(text)
    if not found:
        return None
    new, old = _digits(found["new"]), _digits(found["old"])
    if not new or old is None:
        return None
    said_count = int(_COUNTS.get(found["count"], found["count"])) if found["count"] else 1
    count = said_count if found["which"] else len(new)
    last = (found["which"] or found["verb"] or found["noun"]) in ("last", "final", "end", "ending")
    return Edge(new, last, old) if len(new) == count else None


def _place(text: str) -> Replacement | None:
    found = _PLACE.fullmatch(text)
    if not found:
        return None
    new, old = _digits(found["new"]), _digits(found["old"])
    back, nth = found["back"], found["place"]
    if back:
        place = -3 if back.startswith("third") else -2
    else:
        place = _ORDINALS.get(nth) or (int(nth[:-2]) if nth[:-2].isdecimal() else 0)
    return Place(place, new, old) if place and new and len(new) == 1 and old is not None else None


def _exchange(text: str) -> Replacement | None:
    for pattern in _EXCHANGE:
        if found := pattern.fullmatch(text):
            new, old = _digits(found["new"]), _digits(found["old"])
            if new and old:
                return Exchange(new, old)
    return None


def _digits(said: str | None) -> str | None:
    """ "" where nothing was said, None where it is no digits."""
    return "" if not said else read_digits(said, "en")
