"""What values are said with, as the grammar of a recogniser that needs one.

The embedded recogniser puts a small word ("a", "the") wherever there is noise, so English is given in pieces as long as
they come: "half past eight", "three hundred and", whole dates. What the pieces come to is read by `speech.heard`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from speech.transcripts import mandarin


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`repeat`: any sequence of the phrases; else one of them."""

    phrases: tuple[str, ...]
    repeat: bool


KINDS: Final = frozenset({"digits", "number", "money", "date", "time"})

_DIGITS = "zero oh one two three four five six seven eight nine double triple".split()  # noqa: SIM905
_UNITS = _DIGITS[2:11]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_HOURS = [*_UNITS, "ten", "eleven", "twelve"]
_MINUTES = ["oh five", "ten", "fifteen", *(f"{tens}{five}" for tens in _TENS[:4] for five in ("", " five"))]
_TO_AND_PAST = ["five", "ten", "quarter", "twenty", "twenty five"]
_PARTS = ["a m", "p m", "in the morning", "in the afternoon", "in the evening", "at night", "noon", "midnight"]
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
_MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_NINE = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_ORDINALS = [
    *_NINE,
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth", *(f"twenty {unit}" for unit in _NINE), "thirtieth", "thirty first"),
]
_NEAR = [
    "today",
    "tomorrow",
    "yesterday",
    "the day after tomorrow",
    "the day before yesterday",
    "a week ago",
    "in a week",
]

_MANDARIN: Final = {
    "digits": (*"零幺一二两三四五六七八九个",),
    "number": (*"零一二两三四五六七八九十百千万亿点负半个",),
    "money": (*"零一二两三四五六七八九十百千万点元块毛角分钱半",),
    "date": (
        *"零一二三四五六七八九十两年月日号天周个底前后",
        *("今天", "明天", "后天", "昨天", "前天", "大前天", "大后天", "今年", "明年", "去年"),
        *("上周", "这周", "下周", "星期", "这个月", "下个月", "上个月", "以前", "以后"),
    ),
    "time": (
        *"零一二两三四五六七八九十点分半刻差",
        *("点钟", "凌晨", "早上", "上午", "中午", "下午", "傍晚", "晚上", "夜里", "左右"),
    ),
}


@lru_cache(maxsize=16)
def vocabulary(kind: str, language: str) -> Vocabulary:
    """Of digits, number, money, date or time. Raises KeyError for another kind: addresses have no few words."""
    if mandarin(language):
        return Vocabulary(_MANDARIN[kind], repeat=True)
    return Vocabulary(tuple(dict.fromkeys(_english(kind))), repeat=kind != "date")


def _english(kind: str) -> list[str]:
    if kind not in KINDS:
        raise KeyError(kind)
    if kind == "digits":
        return _DIGITS
    if kind == "date":
        return _dates()
    if kind == "time":
        return _times()
    numbers = [*_UNITS, *_TEENS, *_TENS, "a hundred", "a hundred and", "thousand and"]
    numbers += [f"{unit} hundred{more}" for unit in _UNITS for more in ("", " and")]
    numbers += [f"{many} thousand" for many in (*_UNITS, *_TEENS, *_TENS)]
    return [*numbers, "yuan", "cents"] if kind == "money" else [*numbers, "zero", "point", "minus"]


def _dates() -> list[str]:
    dates = [*_NEAR, *(f"{which} {day}" for which in ("this coming", "next", "last") for day in _DAYS)]
    dates += [f"{count} {unit} ago" for count in _HOURS[1:] for unit in ("days", "weeks")]
    dates += [f"in {count} days" for count in _HOURS[1:]]
    for month in _MONTHS:
        dates += [f"the end of {month}", *(f"the {day} of {month}" for day in _ORDINALS)]
        dates += [f"{month} {day}" for day in _ORDINALS]
    return dates


def _times() -> list[str]:
    times = [*_PARTS, *_HOURS]
    for hour in _HOURS:
        times += [
            f"{hour} o'clock",
            f"half past {hour}",
            *(f"{hour} {minutes}" for minutes in (*_MINUTES, "fifty five")),
        ]
        times += [f"{minutes} {way} {hour}" for minutes in _TO_AND_PAST for way in ("to", "past")]
    return times
