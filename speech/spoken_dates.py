"""Days and times as they are said: near ones by their name, the year only where it could be taken for another."""

from __future__ import annotations

from datetime import date, datetime, time

from babel.dates import format_date

from speech.calendar_days import nearest
from speech.spoken_numbers import spell_mandarin
from speech.transcripts import mandarin

_NEAR_DAYS = {
    False: {-1: "yesterday", 0: "today", 1: "tomorrow"},
    True: {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"},
}
_THIS_WEEK = 6  # days; so near, the day of the week is said as well
_WEEKDAYS = "一二三四五六日"
_YEAR_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_DAY_PARTS = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))


def say_date(day: date, language: str, today: date | None = None) -> str:
    """ "today", "Saturday, March 14", "May 1", "January 2, 2027"; 今天, 3月14日星期六, 5月1日, 二零二七年1月2日."""
    if today is not None and (day - today).days in (near := _NEAR_DAYS[mandarin(language)]):
        return near[(day - today).days]
    weekday = today is not None and abs((day - today).days) <= _THIS_WEEK
    # Without a year a caller takes the nearest such day, as `heard_dates` does.
    other_year = today is not None and (day.year != today.year or nearest(day.month, day.day, today) != day)
    if mandarin(language):
        said = (_mandarin_year(day.year) if other_year else "") + f"{day.month}月{day.day}日"
        return said + (say_weekday(day, language) if weekday else "")
    said = format_date(day, "MMMM d, y" if other_year else "MMMM d", locale="en")
    return f"{say_weekday(day, language)}, {said}" if weekday else str(said)


def say_month(day: date, language: str, today: date | None = None) -> str:
    other_year = today is not None and day.year != today.year
    if mandarin(language):
        return (_mandarin_year(day.year) if other_year else "") + f"{day.month}月"
    return str(format_date(day, "MMMM y" if other_year else "MMMM", locale="en"))


def say_weekday(day: date, language: str) -> str:
    return f"星期{_WEEKDAYS[day.weekday()]}" if mandarin(language) else str(format_date(day, "EEEE", locale="en"))


def say_time(at: time, language: str) -> str:
    """Twelve hours with the part of the day: "2:30 PM", "12 noon", 下午两点半."""
    hour = at.hour % 12 or 12
    if not mandarin(language):
        if at.hour % 12 == 0 and not at.minute:
            return "12 noon" if at.hour else "midnight"
        minutes = f":{at.minute:02d}" if at.minute else ""
        return f"{hour}{minutes} {'AM' if at.hour < 12 else 'PM'}"
    part = next(name for until, name in _DAY_PARTS if at.hour < until)
    said = f"{part}{spell_mandarin(str(at.hour if at.hour <= 12 else hour))}点"
    if at.minute == 30:
        return said + "半"
    minutes = spell_mandarin(str(at.minute), counting=False)
    return said if at.minute == 0 else f"{said}{'零' if at.minute < 10 else ''}{minutes}分"


def say_datetime(at: datetime, language: str, today: date | None = None) -> str:
    """ "tomorrow at 8:30 AM", 明天早上八点半. `at` in the caller's zone."""
    day, hour = say_date(at.date(), language, today), say_time(at.time(), language)
    return day + hour if mandarin(language) else f"{day} at {hour}"


def _mandarin_year(year: int) -> str:
    return "".join(_YEAR_DIGITS[d] for d in str(year)) + "年"
