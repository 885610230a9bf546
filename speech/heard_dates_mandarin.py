"""Dates in Mandarin: 五月三号, 下周一, 大后天, 三天前, 这个月底, 二零二六年五月三日."""

from __future__ import annotations

import re
from datetime import date, timedelta

from speech.calendar_days import day_of, last_day, months_on, nearest, of_week
from speech.heard_numbers import mandarin_whole

_NEAR = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_DAY = re.compile(
    r"(?P<near>大前|前|昨|今|明|后|大后)(?:[天日]|儿个?)(?:早上|早晨|上午|中午|下午|傍晚|晚上|夜里)?|(?P<night>[昨今明])[晚早]上?"
)
_PART_OF_DAY = re.compile(r"(?<=[日号])(?:早上|早晨|上午|中午|下午|傍晚|晚上|夜里)$")
_AROUND = re.compile(r"^(?:嗯|呃|额|那个|应?该?是|就是|就在|在|从|[,，])+|(?:吧|啊|呢|的|呀|开始)+$")
_WEEK = re.compile(r"(?P<shift>上上|下下|上|下|这|本)个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天1-6])")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)(?P<day>[一二三四五六日天1-6])")
_SHIFTS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_COUNTED = re.compile(
    r"(?P<count>[^个天周星礼年月]+)(?:个?(?P<unit>天|周|星期|礼拜)|(?P<months>个月)|(?P<years>年))(?P<way>以?[前后]|之[前后])"
)
_NUMBER = r"[^年月日号个底末]"
_NAMED = re.compile(
    rf"(?:(?P<year>{_NUMBER}{{4}}|[今去明前后]年?)年?的?)?(?P<month>{_NUMBER}{{1,3}})月份?(?P<day>{_NUMBER}{{1,3}})[日号]?"
)
_OF_MONTH = re.compile(rf"(?P<shift>上|这|本|下|当)个?月(?P<day>{_NUMBER}{{1,3}})[日号]")
_MONTH_END = re.compile(
    rf"(?:(?P<shift>上|这|本|下|当)?个?月|(?:(?P<year>{_NUMBER}{{4}}|[今去明]年?)年?)?(?P<month>{_NUMBER}{{1,3}})月份?)的?(?:月?底|月?末|最后一天)"
)
_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2}


def mandarin_date(text: str, today: date) -> date | None:
    """`text`: no spaces, no punctuation."""
    said = _PART_OF_DAY.sub("", _AROUND.sub("", text))
    if near := _DAY.fullmatch(said):
        return today + timedelta(days=_NEAR[near["near"] or near["night"]])
    if week := _WEEK.fullmatch(said):
        return of_week(_SHIFTS[week["shift"]], _weekday(week["day"]), today)
    for reading in (_counted, _month_end):
        day = reading(said, today)
        if day is not None:
            return day
    return _named(said, today)


def _weekday(said: str) -> int:
    return 6 if said in "日天" else "一二三四五六".find(said) if not said.isdecimal() else int(said) - 1


def _counted(said: str, today: date) -> date | None:
    found = _COUNTED.fullmatch(said)
    count = mandarin_whole(found["count"]) if found else None
    if not found or count is None:
        return None
    count = -count if found["way"].endswith("前") else count
    if found["months"] or found["years"]:
        return months_on(today, count * (12 if found["years"] else 1))
    return today + timedelta(days=count * (1 if found["unit"] == "天" else 7))


def _month_end(said: str, today: date) -> date | None:
    found = _MONTH_END.fullmatch(said)
    if not found:
        return None
    if not found["month"]:
        first = months_on(today, {"上": -1, "下": 1}.get(found["shift"] or "", 0), 1)
        return first and last_day(first.year, first.month)
    month = mandarin_whole(found["month"])
    if month is None:
        return None
    year = _year(found["year"], today)
    if found["year"]:
        return None if year is None else last_day(year, month)
    first = nearest(month, 28, today)
    return first and last_day(first.year, month)


def _named(said: str, today: date) -> date | None:
    """A day of a month, with the day of the week before or behind it or without."""
    weekday = None
    for place in (_WEEKDAY.match(said), next((w for w in _WEEKDAY.finditer(said) if w.end() == len(said)), None)):
        if place:
            weekday, said = _weekday(place["day"]), said[: place.start()] + said[place.end() :]
            break
    if of_month := _OF_MONTH.fullmatch(said):
        number = mandarin_whole(of_month["day"])
        day = None if number is None else months_on(today, {"上": -1, "下": 1}.get(of_month["shift"], 0), number)
    else:
        day = _month_and_day(said, today)
    return day if day is None or weekday is None or day.weekday() == weekday else None


def _month_and_day(said: str, today: date) -> date | None:
    found = _NAMED.fullmatch(said)
    if not found:
        return None
    month, day = mandarin_whole(found["month"]), mandarin_whole(found["day"])
    if month is None or day is None:
        return None
    if found["year"] is None:
        return nearest(month, day, today)
    year = _year(found["year"], today)
    return None if year is None else day_of(year, month, day)


def _year(said: str | None, today: date) -> int | None:
    if not said:
        return None
    return today.year + _YEARS[said[0]] if said[0] in _YEARS else mandarin_whole(said)
