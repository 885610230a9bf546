"""Amounts of money as people say them, in cents."""

from __future__ import annotations

import re
from decimal import Decimal

from speech.heard_numbers import exact_number
from speech.transcripts import mandarin, plain, without_hesitation

_LONGEST = 200  # characters; no amount is longer, and a talker is not parsed in every way he could be
_END = ".。,，!！?？ "


def read_money(text: str, language: str) -> int | None:
    """An amount in cents: "twelve yuan fifty" -> 1250, 三块五 -> 350, 五毛 -> 50. A bare number is yuan.

    "twelve fifty" is 12.50 as prices are said; "one fifty" may be 150 and is nobody's guess.
    """
    if len(text) > _LONGEST:
        return None
    said = re.sub(r"(?<=\d),(?=\d{3})", "", plain(text).strip(_END))
    said = _MANDARIN_AROUND.sub("", said) if mandarin(language) else _ENGLISH_AROUND.sub("", without_hesitation(said))
    said = re.sub(r"^¥ ?", "", said.strip(_END))
    bare = exact_number(said, language)
    if bare is not None:
        return None if _COUNTED.search(said) else _cents(bare)
    return _mandarin_money(said) if mandarin(language) else _english_money(said)


# What `exact_number` would pass over though it is no money: five days, 五度.
_COUNTED = re.compile(
    r"[户家台次度天人位间层瓦岁个]|\b(?:hours?|kwh|units?|degrees|days?|people|persons|households|houses|homes|times|"
    r"of)\b"
)
_MANDARIN_AROUND = re.compile(
    r"^(?:嗯|呃|额|那个|我?(?:交|付|欠|充|缴)?了?|一共|总共|是|就是|就|[,，\s])+|(?:啊|吧|呢|的)$"
)
_ENGLISH_AROUND = re.compile(
    r"^(?:(?:well|so|it's|it was|it is|that's|i paid|i owe|exactly|the (?:amount|bill|balance) (?:is|was)|just|"
    r"only)[, ]+)+|,? (?:please|"
    r"thanks|thank you|exactly)$"
)
_UNIT = r"[^元块毛角分钱整]"
_MANDARIN_MONEY = re.compile(
    rf"(?P<minus>负)?(?:(?P<yuan>{_UNIT}+)(?:元|块钱?|圆)(?P<half>半)?)?"
    rf"(?:零?(?P<jiao>{_UNIT})(?:角|毛)(?P<half_jiao>半)?)?"
    rf"(?P<gap>零)?(?:(?P<fen>{_UNIT})(?P<fen_unit>分)?)?钱?整?"
)


def _mandarin_money(text: str) -> int | None:
    said = re.sub(r"^人民币|人民币$", "", text.replace(" ", "")).replace("块钱", "块")
    found = _MANDARIN_MONEY.fullmatch(said)
    if not found or not (found["yuan"] or found["jiao"] or found["fen_unit"]):
        return None
    yuan, jiao, fen = (exact_number(p, "zh-CN") if p else Decimal(0) for p in found.group("yuan", "jiao", "fen"))
    if yuan is None or jiao is None or fen is None or max(jiao, fen) > 9 or min(yuan, jiao, fen) < 0:
        return None
    rest = found["jiao"] or found["fen"]
    if (found["half"] and rest) or (rest and yuan != int(yuan)) or (found["gap"] and not found["fen"]):
        return None
    if found["fen"] and not found["fen_unit"]:  # 三块五 has five jiao, 三块零五 and 三块五毛五 have five fen
        if found["half_jiao"]:
            return None
        fen = fen if found["jiao"] or found["gap"] else fen * 10
    fen += 50 if found["half"] else 5 if found["half_jiao"] else 0
    cents = _cents(yuan + jiao / 10 + fen / 100)
    return None if cents is None else -cents if found["minus"] else cents


_ENGLISH_MONEY = re.compile(
    r"(?P<minus>minus )?(?:(?P<half>half a yuan)|(?:(?P<yuan>.+?) ?(?:yuan|rmb|kuai|renminbi|¥))?"
    r"(?:,? ?(?:and )?(?P<jiao>[a-z]+|\d) (?:jiao|mao))?(?:,? ?(?:and )?(?P<rest>.+?))?(?P<cents> ?(?:cents?|fen))?)"
)


def _english_money(text: str) -> int | None:
    text = re.sub(r"^(?:rmb|renminbi|cny) ?(.+)", r"\1 yuan", text)
    found = _ENGLISH_MONEY.fullmatch(text)
    if found and found["half"]:
        return -50 if found["minus"] else 50
    if not found or not (found["yuan"] or found["jiao"] or found["cents"]):
        return _price(text)
    parts = [exact_number(p, "en") if p else Decimal(0) for p in found.group("yuan", "jiao", "rest")]
    if any(part is None or part < 0 for part in parts):
        return None
    yuan, jiao, rest = (part or Decimal(0) for part in parts)
    if jiao > 9 or rest >= 100 or (found["jiao"] and rest > 9) or rest != int(rest):
        return None
    if (found["rest"] or found["jiao"]) and yuan != int(yuan):
        return None
    if (
        found["rest"]
        and not found["cents"]
        and (rest < 10 or found["jiao"])
        and not re.match(r"(?:oh|zero) .", found["rest"])
    ):
        return None  # "twelve yuan five": five cents or fifty?
    cents = _cents(yuan + jiao / 10 + rest / 100)
    return None if cents is None else -cents if found["minus"] else cents


def _price(text: str) -> int | None:
    """ "twelve fifty", "twenty five ninety nine"; only where no way to part it gives another amount."""
    words = text.replace("-", " ").split()
    readings = set()
    for cut in range(1, len(words)):
        yuan, rest = exact_number(" ".join(words[:cut]), "en"), exact_number(" ".join(words[cut:]), "en")
        if yuan is not None and rest is not None and 10 <= rest <= 99 and yuan >= 10 and yuan == int(yuan):
            readings.add(int(yuan * 100 + rest))
    return readings.pop() if len(readings) == 1 and text.replace("-", " ").replace(" ", "").isalpha() else None


def _cents(yuan: Decimal) -> int | None:
    cents = yuan * 100
    return int(cents) if cents == int(cents) else None
