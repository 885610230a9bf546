"""Times of day in Mandarin: 晚上八点半, 下午三点一刻, 差五分九点, 中午, 二十点三十分."""

from __future__ import annotations

import re

from speech.day_parts import clock
from speech.heard_numbers import mandarin_whole

_PARTS = {
    "凌晨": "small hours", "清晨": "morning", "清早": "morning", "早上": "morning", "早晨": "morning", "早": "morning",
    "上午": "morning", "中午": "noon", "正午": "noon", "下午": "afternoon", "傍晚": "evening", "晚上": "晚上",
    "晚": "晚上", "夜里": "night", "夜间": "night", "半夜": "night", "深夜": "night",
}  # fmt: skip
_AROUND = re.compile(
    r"^(?:嗯|呃|额|那个|应?该?是|就是|就在|在|从|大概|大约|差不多|[,，])+|(?:吧|啊|呢|的|呀|开始|左右|的时候)+$"
)
_DAY = re.compile(r"^(?:(?:前|昨|今|明|后)[天日儿]|(?P<short>[昨今明])(?=[早晚]))的?")
_MINUTES = r"[\d零〇一二两三四五六七八九十]"
_TIME = re.compile(
    rf"(?P<part>{'|'.join(sorted(_PARTS, key=len, reverse=True))})?的?"
    rf"(?:差(?P<before>{_MINUTES}+?)(?P<before_unit>分钟?|刻)(?:到|就)?)?"
    rf"(?P<hour>{_MINUTES}+)[点时]"
    rf"(?:(?P<whole>钟|整)|(?P<half>半)|(?P<quarters>[一二三123])刻钟?|过?(?P<minutes>{_MINUTES}+)分?|"
    rf"差(?P<behind>{_MINUTES}+?)(?P<behind_unit>分钟?|刻))?"
)


def mandarin_time(text: str) -> str | None:
    """`text`: no spaces, no punctuation."""
    said = _DAY.sub("", _AROUND.sub("", text))
    said = _AROUND.sub("", re.sub(r"大概|大约|差不多", "", said))
    if said in ("中午", "正午"):
        return "12:00"
    if said in ("午夜", "零点", "零时", "半夜零点", "凌晨零点", "午夜零点", "晚上零点", "夜里零点"):
        return "00:00"
    found = _TIME.fullmatch(said)
    if not found:
        return None
    hour, minutes = mandarin_whole(found["hour"]), _past(found)
    if hour is None or minutes is None or hour > 24:
        return None
    part = _PARTS.get(found["part"] or "", "")
    exact = not part and (hour == 0 or (found["hour"].startswith("0") and len(found["hour"]) == 2))
    if part == "morning" and hour == 12:
        part = "noon"
    return clock(hour, minutes, part, exact=exact)


def _past(found: re.Match[str]) -> int | None:
    """Minutes past the hour that was named, below 0 before it; None where it says two things or nonsense."""
    for name in ("before", "behind"):
        if found[name]:
            others = found["half"] or found["quarters"] or found["minutes"] or found["whole"]
            number = mandarin_whole(found[name])
            if number is None or others or (found["before"] and found["behind"]):
                return None
            number *= 15 if found[f"{name}_unit"] == "刻" else 1
            return -number if 0 < number < 60 else None
    if found["half"]:
        return 30
    if found["quarters"]:
        quarters = mandarin_whole(found["quarters"])
        return None if quarters is None else 15 * quarters
    if not found["minutes"]:
        return 0
    said = found["minutes"]
    number = mandarin_whole(said.lstrip("零〇0") or "零")
    # 八点五 is no time; 八点零五, 八点十五 and 八点五分 are.
    spoken_whole = len(said) > 1 or found[0].endswith("分")
    return number if number is not None and number < 60 and spoken_whole else None
