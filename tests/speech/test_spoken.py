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
    ("number", 1234567.5, "1234567.5", "1234567.5"),
    ("number", "12345678901234567890", "12345678901234567890", "12345678901234567890"),
    ("money", 12300, "123 yuan", "123元"),
    ("money", 12345, "123.45 yuan", "123元4角5分"),
    ("money", 12305, "123.05 yuan", "123元零5分"),
    ("money", 40, "0.40 yuan", "4角"),
    ("money", 5, "0.05 yuan", "5分"),
    ("money", 0, "0 yuan", "0元"),
    ("money", -1250, "minus 12.50 yuan", "负12元5角"),
    ("date", "2026-03-10", "today", "今天"),
    ("date", "2026-03-11", "tomorrow", "明天"),
    ("date", "2026-03-09", "yesterday", "昨天"),
    ("date", "2026-05-01", "May 1", "5月1日"),
    ("date", "2027-01-02", "January 2, 2027", "二零二七年1月2日"),
    ("date", "2011-01-02", "January 2, 2011", "二零一一年1月2日"),
    ("time", "14:30", "2:30 PM", "下午2点半"),
    ("time", "00:05", "12:05 AM", "凌晨0点零5分"),
    ("time", "12:00", "12 PM", "中午12点"),
    ("time", "21:15:00", "9:15 PM", "晚上9点15分"),
    ("month", "2026-02-01", "February", "2月"),
    ("month", "2025-12", "December 2025", "二零二五年12月"),
    ("phone", "+8613800138000", "1 3 8, 0 0 1 3, 8 0 0 0", "幺三八,零零幺三,八零零零"),
    ("phone", "95598", "9 5 5 9, 8", "九五五九,八"),
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
