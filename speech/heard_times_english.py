"""Times of day in English: "half past eight", "quarter to nine pm", "eight oh five", "fourteen hundred"."""

from __future__ import annotations

import re

from speech.day_parts import clock

_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_NOUGHT = ("oh", "o", "zero")
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_AROUND = re.compile(
    r"^(?:(?:well|so|it's|it is|it was|that's|at|about|around|roughly|since|from|yesterday|today|tomorrow|the)\s)+|"
    r"\s(?:please|thanks|thank you|yesterday|today|tomorrow|or so|exactly|sharp)$"
)
_PART = re.compile(
    r"(?:\s|(?<=\d))(?:(?P<am>a\.? ?m\b\.?)|(?P<pm>p\.? ?m\b\.?)|(?:(?:in|of) the|this|yesterday|"
    r"tomorrow) (?P<named>morning|"
    r"afternoon|evening)|"
    r"(?P<night>at night|tonight|last night|in the night))$"
)
_WORD = r"[a-z]+(?:[- ][a-z]+)?|\d{1,2}"
_TO = re.compile(
    rf"(?:(?P<half>half)|(?:a )?(?P<quarter>quarter)|(?P<minutes>{_WORD})(?: minutes?)?) (?P<way>past|after|to|of|"
    rf"before|till) (?P<hour>.+)"
)
_FIGURES = re.compile(r"(?P<hour>\d{1,2})(?:[:.]?(?P<minute>\d{2}))?(?::\d{2})?")


def english_time(text: str) -> str | None:
    """`text`: small letters, no commas."""
    said = _AROUND.sub("", text)
    part = ""
    if found := _PART.search(said):
        part = "am" if found["am"] else "pm" if found["pm"] else found["named"] or "night"
        said = _AROUND.sub("", said[: found.start()].rstrip())
    if found := re.fullmatch(r"(?P<noon>(?:twelve |12 )?noon|midday)|(?:twelve |12 )?midnight", said):
        return None if part else "12:00" if found["noon"] else "00:00"
    if found := _TO.fullmatch(said):
        minutes = (
            30 if found["half"] else 15 if found["quarter"] else _number(re.sub(r" minutes?$", "", found["minutes"]))
        )
        hour = _hour(found["hour"])
        if hour is None or not minutes or (found["half"] and found["way"] not in ("past", "after")):
            return None
        minutes = minutes if found["way"] in ("past", "after") else -minutes
        if found["hour"] in ("noon", "midnight"):
            return clock(hour, minutes, "", exact=True)
        doubtful = hour == 12 and minutes < 0 and part in ("am", "pm")  # "ten to twelve am" is said of both
        return None if doubtful else clock(hour, minutes, part)
    return _hour_and_minutes(said, part)


def _hour(said: str) -> int | None:
    named = {"noon": 12, "midnight": 0}.get(said)
    hour = named if named is not None else _number(said.removesuffix(" o'clock"))
    return hour if hour is not None and hour <= 24 else None


def _hour_and_minutes(said: str, part: str) -> str | None:
    if found := _FIGURES.fullmatch(said):
        exact = (found["hour"].startswith("0") and len(found["hour"]) == 2) or int(found["hour"]) > 12
        if int(found["hour"]) > 24 or (part and found["hour"].startswith("0") and int(found["hour"]) == 0):
            return None
        if exact and not found["minute"]:
            return None  # "13" or "08" alone is a number
        return clock(int(found["hour"]), int(found["minute"] or 0), part, exact=exact)
    if hours := re.fullmatch(r"(?P<oh>(?:oh|o|zero) )?(?P<hour>.+?) hundred(?: hours)?", said):
        hour = _number(hours["hour"])
        whole = hour is not None and not part and hour <= 23 and (hour >= 10 or hours["oh"] is not None)
        return clock(hour or 0, 0, "", exact=True) if whole else None
    if said.endswith(" o'clock"):
        hour = _number(said.removesuffix(" o'clock"))
        return None if hour is None or not 1 <= hour <= 12 else clock(hour, 0, part)
    words = said.replace("-", " ").split()
    readings = {reading for cut in range(1, len(words) + 1) if (reading := _cut(words, cut, part))}
    return readings.pop() if len(readings) == 1 else None


def _cut(words: list[str], cut: int, part: str) -> str | None:
    """The first `cut` words are the hour, the rest the minutes."""
    hour_said, minutes_said = " ".join(words[:cut]), words[cut:]
    exact = words[0] in _NOUGHT
    hour = _number(" ".join(words[1:cut])) if exact and cut > 1 else 0 if exact and minutes_said else _number(hour_said)
    if hour is None or hour > 24 or (exact and hour > 9):
        return None
    if not minutes_said:
        return clock(hour, 0, part) if 1 <= hour <= 12 and not exact else None
    if minutes_said[0] in _NOUGHT and len(minutes_said) == 2:
        minutes = _number(minutes_said[1])
        minutes = minutes if minutes is not None and minutes <= 9 else None
    else:
        minutes = _number(" ".join(minutes_said))
        minutes = minutes if minutes is not None and (minutes >= 10) else None
    return None if minutes is None else clock(hour, minutes, part, exact=exact)


def _number(said: str) -> int | None:
    """0 to 59."""
    if said.isascii() and said.isdecimal():
        return int(said)
    if said in _SMALL:
        return _SMALL.index(said)
    tens, _, unit = said.replace("-", " ").partition(" ")
    if tens not in _TENS:
        return None
    if not unit:
        return _TENS[tens]
    return _TENS[tens] + _SMALL.index(unit) if unit in _SMALL[1:10] else None
