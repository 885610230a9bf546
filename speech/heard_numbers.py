"""Numbers as words or figures: one hundred and five, 一百零五, 3.5, minus two, 两个半."""

from __future__ import annotations

import re
from decimal import Decimal

import cn2an
from text_to_num import text2num

from speech.heard_digits import read_digits
from speech.transcripts import mandarin, plain, without_hesitation

_FIGURES = re.compile(r"[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_TOO_MUCH = 10**15
_END = ".。,，!！?？ "


def read_number(text: str, language: str) -> float | None:
    """ "one hundred and five" -> 105, 一百零五 -> 105, "three point five" -> 3.5, "minus two" -> -2.

    Digits one by one are a number as well, as meters are read: "one two three" -> 123.
    """
    number = exact_number(text, language)
    return None if number is None else float(number)


def exact_number(text: str, language: str) -> Decimal | None:
    """As `read_number`, without rounding. None from a thousand million million on: nobody's meter says so."""
    said = plain(text).strip(_END)
    said = _MANDARIN_AROUND.sub("", said) if mandarin(language) else _ENGLISH_AROUND.sub("", without_hesitation(said))
    said = said.strip(_END)
    if _FIGURES.fullmatch(said):
        number: Decimal | None = Decimal(said.replace(",", ""))
    else:
        number = _mandarin_number(said) if mandarin(language) else _english_number(said)
    return number if number is not None and abs(number) < _TOO_MUCH else None


_MANDARIN_AROUND = re.compile(
    r"^(?:嗯|呃|额|那个|我们?家?|一共|总共|有|是|就是|就|[,，\s])+|(?:个人|口人|千瓦时?|"
    r"[户家台次度天人位间层瓦岁])?(?:啊|吧|呢|的)?$"
)
_MANDARIN_NUMBER = re.compile(r"(?P<minus>负)?(?P<number>[\d零〇一幺二两三四五六七八九十百千万亿点.]+)")
_OR = re.compile(
    r"(?<![零〇一幺二两三四五六七八九点])(?:一[二两]|[二两]三|三四|三五|四五|五六|六七|七八|八九)(?=$|[十百千万亿])"
)
_HALF = re.compile(r"(?P<whole>.+)个半")


def _mandarin_number(text: str) -> Decimal | None:
    said = text.replace(" ", "").removesuffix("个") if not text.endswith("半个") else text
    if said in ("半", "半个", "一半"):
        return None if said == "一半" else Decimal("0.5")
    if half := _HALF.fullmatch(said):
        whole = _mandarin_number(half["whole"])
        return None if whole is None or whole != int(whole) or whole < 0 else whole + Decimal("0.5")
    # cn2an passes over units and, with figures, over the sign: it gets nothing but the number itself. 三五 is "three
    # to five" as often as 35, and a number that stops at 零 or 点 was not finished.
    found = _MANDARIN_NUMBER.fullmatch(said)
    if not found or _OR.search(said) or said[-1] in "点." or re.search(r"[十百千万亿][零〇]$", said):
        return None
    try:
        number = Decimal(str(cn2an.cn2an(found["number"].replace("〇", "零"), "smart")))
    except (ValueError, KeyError):
        return None
    return -number if found["minus"] else number


_WHOLE = re.compile(r"[\d零〇一幺二两三四五六七八九十百千万亿]+")


def mandarin_whole(text: str) -> int | None:
    """A whole number from 0 on and nothing but it: 十五, 二零二六, 3."""
    number = _mandarin_number(text) if _WHOLE.fullmatch(text) else None
    return None if number is None else int(number)


_ENGLISH_AROUND = re.compile(
    r"^(?:(?:well|so|it's|it is|that's|that is|there's|there is|there are|there're|we are|we have|i have|just|"
    r"exactly|only|"
    r"the number is|the answer is)[, ]+)+|,? (?:kilowatt[- ]hours?|kilowatts?|kwh|units?|degrees|days?|people|"
    r"persons|households|"
    r"houses|homes|of (?:them|us)|times|please|thanks|thank you)$"
)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_DIGITS_ONE_BY_ONE = re.compile(r"(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)(?: |$)){2,}")


def _english_number(text: str) -> Decimal | None:
    for minus in ("minus ", "negative "):
        if text.startswith(minus):
            positive = _english_number(text.removeprefix(minus)) if not text.startswith(minus * 2) else None
            positive = Decimal(text.removeprefix(minus)) if _UNSIGNED.fullmatch(text.removeprefix(minus)) else positive
            return None if positive is None or positive < 0 else -positive
    if text in ("half", "a half", "one half"):
        return Decimal("0.5")
    if half := re.fullmatch(r"(?P<whole>.+) and a half", text):
        whole = _whole(half["whole"])
        return None if whole is None else whole + Decimal("0.5")
    if _DIGITS_ONE_BY_ONE.fullmatch(text):
        return Decimal(read_digits(text, "en") or "")
    if scaled := re.fullmatch(r"(?P<figures>[\d.,]+) (?P<scale>hundred|thousand|million|billion)", text):
        figures = scaled["figures"]
        return Decimal(figures) * _SCALES[scaled["scale"]] if _UNSIGNED.fullmatch(figures) else None
    whole_said, point, behind = text.partition("point ") if text.startswith("point ") else text.partition(" point ")
    number = Decimal(0) if point and whole_said in ("", "oh") else _whole(whole_said)
    if not point or number is None:
        return number
    fraction = read_digits(behind, "en")
    return None if fraction is None else number + Decimal(f"0.{fraction}")


_UNSIGNED = re.compile(r"\d+(?:\.\d+)?")


def _whole(text: str) -> Decimal | None:
    if text.isascii() and text.isdecimal():
        return Decimal(text)
    words = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text)
    words = re.sub(r"(?:^|(?<=thousand )|(?<=million ))a (?=hundred|thousand|million|dozen)", "one ", words)
    words = {"one dozen": "twelve", "dozen": "twelve", "nil": "zero"}.get(words, words)
    if re.match(r"(?:hundred|thousand|million|billion)\b|zero .", words) or not re.fullmatch(r"[a-z ]+", words):
        return None
    try:
        return Decimal(text2num(words, "en"))
    except ValueError:
        return None
