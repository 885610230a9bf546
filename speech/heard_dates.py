"""Spoken dates read back, in either language.

A day without a year is the nearest one, so never more than half a year away. 下周一 is the Monday of the next calendar
week, which begins on Monday; so is "next Monday", but "next Friday" on a Wednesday, which some mean for this week, is
nobody's guess. Nor is a day of the week alone, or a day of the month alone.
"""

from __future__ import annotations

import re
from datetime import date

from speech.heard_dates_english import english_date
from speech.heard_dates_mandarin import mandarin_date
from speech.transcripts import mandarin, plain, without_hesitation

_ISO = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})")


def read_date(text: str, language: str, today: date) -> date | None:
    """ "march third", "the 3rd of March 2026", "next Monday", "two days ago", 三月三号, 下周一, 后天, "2026-03-03"."""
    said = plain(text).strip(".。,，!！?？ ")
    if iso := _ISO.fullmatch(said):
        try:
            return date(int(iso["year"]), int(iso["month"]), int(iso["day"]))
        except ValueError:
            return None
    try:
        if mandarin(language):
            return mandarin_date(re.sub(r"[\s,，.。!！、]", "", said), today)
        return english_date(" ".join(re.sub(r"[,.!]", " ", without_hesitation(said)).split()), today)
    except OverflowError:  # "a million weeks ago"
        return None
