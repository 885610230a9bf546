"""Times of day read back as "HH:MM".

With a part of the day ("pm", "in the evening", 下午), or said as on a 24-hour clock ("fourteen thirty", 二十点,
"08:30"), a time is exact. An hour of 1 to 12 with neither is taken as between 07:00 and 18:59, the hours in which
people are up and a utility works: "half past eight" is 08:30, 三点 is 15:00, "twelve" is noon. "About eight" is eight.
"""

from __future__ import annotations

import re

from speech.heard_times_english import english_time
from speech.heard_times_mandarin import mandarin_time
from speech.transcripts import mandarin, plain, without_hesitation

_CLOCK = re.compile(r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?::\d{2})?")


def read_time(text: str, language: str) -> str | None:
    """ "half past eight", "quarter to nine pm", "14:30", 晚上八点半, 下午三点一刻, 中午 -> "HH:MM"."""
    said = plain(text).strip(".。,，!！?？ ")
    if mandarin(language):
        return mandarin_time(re.sub(r"[\s,，.。!！、]", "", _CLOCK.sub(r"\g<hour>点\g<minute>分", said)))
    return english_time(" ".join(re.sub(r"[,!]", " ", without_hesitation(said)).split()))
