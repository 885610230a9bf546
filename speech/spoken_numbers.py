"""Numbers, money and lengths of time as they are said.

Figures stay figures where the voice reads them right, so that captions read well: espeak-ng's Mandarin does so below
ten thousand, and says 二 where people say 两, so amounts and larger numbers are spelled out.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

import cn2an

from speech.transcripts import mandarin

_SPELLED_FROM = 10_000
_LONGEST = 16  # digits that cn2an can spell
_FIGURES = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


def say_number(value: float | str, language: str) -> str:
    """Every figure it has, and no zeros behind the point. Raises ValueError for what is no number."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    text = f"{abs(number):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if mandarin(language) and abs(number) >= _SPELLED_FROM:
        text = spell_mandarin(text)
    if number < 0:
        return ("负" if mandarin(language) else "minus ") + text
    return text


def say_money(cents: int, language: str) -> str:
    """Yuan. 12345 -> "123 yuan 45", 一百二十三元四角五分; whole amounts without a fraction."""
    yuan, rest = divmod(abs(cents), 100)
    said = _mandarin_money(yuan, rest) if mandarin(language) else _english_money(yuan, rest)
    return said if cents >= 0 else ("负" if mandarin(language) else "minus ") + said


def say_ordinal(value: int | str, language: str) -> str:
    """ "3rd", 第三. Raises ValueError for what is no whole number from 1 on."""
    number = Decimal(str(value)) if re.fullmatch(r"\d{1,15}(?:\.0+)?", str(value)) else Decimal(0)
    if number < 1 or number != int(number):
        raise ValueError(f"{value!r} is nobody's place in a row")
    if mandarin(language):
        return "第" + spell_mandarin(str(int(number)), counting=False)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(int(number) % 10, "th")
    return f"{int(number)}{'th' if 11 <= int(number) % 100 <= 13 else ending}"


def say_duration(seconds: float | str, language: str) -> str:
    """ "1 hour 20 minutes", 一小时二十分钟; seconds only below an hour. Raises ValueError below 0."""
    whole = round(float(seconds))
    if whole < 0:
        raise ValueError(f"{seconds!r} is no length of time")
    if whole == 1800:
        return "半小时" if mandarin(language) else "half an hour"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "hour", "小时"), (minutes, "minute", "分钟"), (0 if hours else left, "second", "秒")]
    said = [part for part in parts if part[0]] or [(0, "second", "秒")]
    if mandarin(language):
        return "".join(spell_mandarin(str(count)) + unit for count, _, unit in said)
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit, _ in said)


def spell_mandarin(figures: str, *, counting: bool = True) -> str:
    """Figures (no sign) in characters. `counting`: before a measure word, 两 for a lone 2."""
    whole, _, behind = figures.partition(".")
    if len(whole) > _LONGEST:
        return figures
    said = str(cn2an.an2cn(int(whole), "low"))
    said = re.sub(r"^一十", "十", said)
    said = re.sub(r"(?<![十百零])二(?=[千万亿])", "两", said)
    if counting and said == "二" and not behind:
        said = "两"
    return said + ("点" + "".join(_FIGURES[d] for d in behind) if behind else "")


def _english_money(yuan: int, rest: int) -> str:
    cents = f"{rest} cent{'' if rest == 1 else 's'}"
    if not yuan:
        return cents if rest else "0 yuan"
    # "12 yuan 5" could be fifty: below ten the cents are named.
    return f"{yuan} yuan" if not rest else f"{yuan} yuan {rest}" if rest >= 10 else f"{yuan} yuan and {cents}"


def _mandarin_money(yuan: int, rest: int) -> str:
    jiao, fen = divmod(rest, 10)
    said = f"{spell_mandarin(str(yuan))}元" if yuan or not rest else ""
    if jiao:
        said += f"{spell_mandarin(str(jiao))}角"
    elif fen and yuan:
        said += "零"
    return said + (f"{spell_mandarin(str(fen), counting=not said.endswith('零'))}分" if fen else "")
