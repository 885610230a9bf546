"""The grammar of a recogniser is made of what is read, in words it can pronounce."""

from __future__ import annotations

from datetime import date

import pocketsphinx
import pytest

from speech import heard
from speech.pronunciations import phones_of
from speech.vocabulary import KINDS, vocabulary

TODAY = date(2026, 3, 11)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_english_word_can_be_pronounced(kind: str) -> None:
    decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
    words = {word for phrase in vocabulary(kind, "en").phrases for word in phrase.split()}
    assert not [word for word in words if not phones_of(word, decoder.lookup_word)]


def test_every_english_date_that_can_be_heard_is_read_unless_there_is_no_such_day() -> None:
    unread = [phrase for phrase in vocabulary("date", "en").phrases if heard.read_date(phrase, "en", TODAY) is None]
    doubtful = {"last monday", "last tuesday", "next thursday", "next friday", "next saturday", "next sunday"}
    never = {f"{month} {day}" for month in ("april", "june", "september", "november") for day in ("thirty first",)}
    never |= {f"february {day}" for day in ("twenty ninth", "thirtieth", "thirty first")}
    never |= {f"the {day} of {month}" for month, day in (phrase.split(" ", 1) for phrase in never)}
    assert set(unread) == doubtful | never


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_is_heard_piece_by_piece_is_read(language: str) -> None:
    said = {
        "en": [
            ("time", "half past eight", "in the evening"),
            ("time", "ten fifteen", "a m"),
            ("money", "three hundred and", "twenty", "yuan"),
            ("number", "two thousand", "a hundred and", "five"),
            ("digits", "one", "double", "three"),
        ],
        "zh-CN": [
            ("time", "晚上", "八", "点", "半"),
            ("money", "三", "块", "五"),
            ("number", "一", "百", "零", "五"),
            ("digits", "幺", "三", "八"),
            ("date", "五", "月", "三", "号"),
        ],
    }[language]
    readers = {name: getattr(heard, f"read_{name}") for name in KINDS}
    for kind, *pieces in said:
        assert set(pieces) <= set(vocabulary(kind, language).phrases)
        day = (TODAY,) if kind == "date" else ()
        assert readers[kind](" ".join(pieces), language, *day) is not None, pieces


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_no_phrase_is_there_twice_and_other_kinds_are_refused(language: str) -> None:
    for kind in KINDS:
        phrases = vocabulary(kind, language).phrases
        assert len(set(phrases)) == len(phrases)
    with pytest.raises(KeyError):
        vocabulary("address", language)
