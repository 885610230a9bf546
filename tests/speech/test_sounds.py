"""What a caller, or a recogniser at 8 kHz, may take for something else."""

from __future__ import annotations

import pytest

from speech.sounds import ALIKE, unlike


@pytest.mark.parametrize(
    ("one", "other"),
    [("bill", "bell"), ("bill", "pill"), ("no", "know"), ("fix", "six"), ("i can pay", "i can't pay"), ("one", "won")],
)
def test_english_words_that_a_telephone_does_not_keep_apart(one: str, other: str) -> None:
    assert unlike(one, other, "en") < ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bill", "ball"), ("yes", "guess"), ("power is out", "power is on"), ("report", "repeat"),
        ("i have a bill", "i have no bill"), ("payment", "statement"), ("agent", "complaint"),
    ],
)  # fmt: skip
def test_english_words_that_are_only_somewhat_alike(one: str, other: str) -> None:
    assert unlike(one, other, "en") >= ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("缴费", "交费"),
        ("停电", "停店"),
        ("投诉", "投书"),
        ("是", "四"),
        ("兰州", "南州"),
        ("有电", "有电了"),
        ("人民", "人名"),
    ],
)
def test_mandarin_that_sounds_the_same_or_does_to_many(one: str, other: str) -> None:
    assert unlike(one, other, "zh-CN") < ALIKE


@pytest.mark.parametrize(
    ("one", "other"),
    [("停电", "来电"), ("查询电费", "查询电话"), ("有电", "没电"), ("电费", "欠费"), ("家里停电", "家里来电")],
)
def test_mandarin_that_differs_in_a_syllable(one: str, other: str) -> None:
    assert unlike(one, other, "zh-CN") >= ALIKE


def test_words_cut_in_another_way_sound_the_same() -> None:
    assert unlike("power line", "powerline", "en") == 0


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_is_silent_sounds_like_nothing(language: str) -> None:
    assert unlike("!?", "!?", language) == 1
    assert unlike("", "agent", language) == 1


def test_the_order_does_not_matter() -> None:
    for one, other, language in (("bill", "bell", "en"), ("投诉", "投书", "zh-CN"), ("danger", "stranger", "en")):
        assert unlike(one, other, language) == unlike(other, one, language)
