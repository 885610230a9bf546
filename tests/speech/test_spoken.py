"""What callers hear for a value, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from speech.spoken import FORMATS, say_value

TODAY = "2026-03-10"

SAID = [
    ("text", "Elm Street", "Elm Street", "Elm Street"),
    ("digits", "1388", "1 3 8 8", "幺三八八"),
    ("digits", "A-10 42", "1 0 4 2", "幺零四二"),
    ("number", 42, "42", "42"),
    ("number", -7, "minus 7", "负7"),
    ("number", 2026, "2026", "2026"),
    ("number", 1234567.5, "1234567.5", "一百二十三万四千五百六十七点五"),
    ("number", -20000, "minus 20000", "负两万"),
    ("number", 10005, "10005", "一万零五"),
    ("number", "12345678901234567890", "12345678901234567890", "12345678901234567890"),
    ("money", 20000, "200 yuan", "二百元"),
    ("money", 10530, "105 yuan 30", "一百零五元三角"),
    ("money", 12345, "123 yuan 45", "一百二十三元四角五分"),
    ("money", 12305, "123 yuan and 5 cents", "一百二十三元零五分"),
    ("money", 202, "2 yuan and 2 cents", "两元零二分"),
    ("money", 220000, "2200 yuan", "两千二百元"),
    ("money", 20, "20 cents", "两角"),
    ("money", 1, "1 cent", "一分"),
    ("money", 0, "0 yuan", "零元"),
    ("money", -1250, "minus 12 yuan 50", "负十二元五角"),
    ("ordinal", 1, "1st", "第一"),
    ("ordinal", 2, "2nd", "第二"),
    ("ordinal", 12, "12th", "第十二"),
    ("ordinal", "23", "23rd", "第二十三"),
    ("duration", 45, "45 seconds", "四十五秒"),
    ("duration", 1800, "half an hour", "半小时"),
    ("duration", 7200, "2 hours", "两小时"),
    ("duration", 4861, "1 hour 21 minutes", "一小时二十一分钟"),
    ("duration", 0, "0 seconds", "零秒"),
    ("minutes", 90, "1 hour 30 minutes", "一小时三十分钟"),
    ("date", "2026-03-10", "today", "今天"),
    ("date", "2026-03-11", "tomorrow", "明天"),
    ("date", "2026-03-09", "yesterday", "昨天"),
    ("date", "2026-03-12", "Thursday, March 12", "后天"),
    ("date", "2026-03-14", "Saturday, March 14", "3月14日星期六"),
    ("date", "2026-03-06", "Friday, March 6", "3月6日星期五"),
    ("date", "2026-05-01", "May 1", "5月1日"),
    ("date", "2026-12-01", "December 1, 2026", "二零二六年12月1日"),
    ("date", "2027-01-02", "January 2, 2027", "二零二七年1月2日"),
    ("date", "2011-01-02", "January 2, 2011", "二零一一年1月2日"),
    ("time", "14:30", "2:30 PM", "下午两点半"),
    ("time", "15:30", "3:30 PM", "下午三点半"),
    ("time", "00:05", "12:05 AM", "凌晨零点零五分"),
    ("time", "00:00", "midnight", "凌晨零点"),
    ("time", "12:00", "12 noon", "中午十二点"),
    ("time", "12:02", "12:02 PM", "中午十二点零二分"),
    ("time", "08:00", "8 AM", "早上八点"),
    ("time", "21:15:00", "9:15 PM", "晚上九点十五分"),
    ("datetime", "2026-03-11T08:30", "tomorrow at 8:30 AM", "明天早上八点半"),
    ("datetime", "2026-05-01T20:00:00", "May 1 at 8 PM", "5月1日晚上八点"),
    ("weekday", "2026-05-04", "Monday", "星期一"),
    ("weekday", "2026-03-15", "Sunday", "星期日"),
    ("month", "2026-02-01", "February", "2月"),
    ("month", "2025-12", "December 2025", "二零二五年12月"),
    ("phone", "+8613800138000", "1 3 8, 0 0 1 3, 8 0 0 0", "幺三八,零零幺三,八零零零"),
    ("phone", "+8657188571005", "0 5 7 1, 8 8 5 7, 1 0 0 5", "零五七幺,八八五七,幺零零五"),
    ("phone", "+8601012345678", "0 1 0, 1 2 3 4, 5 6 7 8", "零幺零,幺二三四,五六七八"),
    ("phone", "+442079460958", "plus 4 4, 2 0, 7 9 4 6, 0 9 5 8", "加四四,二零,七九四六,零九五八"),
    ("phone", "95598", "9 5 5 9 8", "九五五九八"),
    ("phone", "123", "1 2 3", "幺二三"),
    ("account", "1000571014", "1 0 0, 0 5 7, 1 0 1 4", "幺零零,零五七,幺零幺四"),
    ("account", "12345678", "1 2 3 4, 5 6 7 8", "幺二三四,五六七八"),
    ("account", "12345", "1 2, 3 4 5", "幺二,三四五"),
    ("account", "", "", ""),
    ("address", "18 People's Road, room 501", "18 People's Road, room 5 0 1", "18 People's Road, room 501"),
    ("address", "人民路18号3单元501室", "人民路18号3单元5 0 1室", "人民路18号3单元五零幺室"),
    ("yes_no", True, "yes", "是"),
    ("yes_no", "false", "no", "否"),
]


@pytest.mark.parametrize(("format", "value", "english", "mandarin"), SAID)
def test_a_value_is_said_as_people_say_it(format: str, value: Any, english: str, mandarin: str) -> None:
    assert say_value(value, format, "en", today=TODAY) == english
    assert say_value(value, format, "zh-CN", today=TODAY) == mandarin


def test_every_format_is_tried_above() -> None:
    assert {format for format, *_ in SAID} == FORMATS


@pytest.mark.parametrize(
    ("format", "value"),
    [
        ("shout", "x"),
        ("number", "many"),
        ("number", "nan"),
        ("ordinal", 0),
        ("ordinal", 1.5),
        ("ordinal", "first"),
        ("duration", -1),
        ("duration", "long"),
        ("minutes", "long"),
        ("weekday", "Monday"),
        ("datetime", "soon"),
        ("money", 12.5),
        ("money", True),
        ("date", "10 March"),
        ("time", "25:00"),
        ("month", "2026-13"),
        ("yes_no", "perhaps"),
    ],
)
def test_what_cannot_be_said_is_an_error_and_not_a_wrong_word(format: str, value: Any) -> None:
    with pytest.raises(ValueError):
        say_value(value, format, "en", today=TODAY)
