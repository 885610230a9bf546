"""When a test takes place, as it is written: local time of the utility, and whether storm mode is on."""

from __future__ import annotations

from datetime import datetime

from ivr.reading import Reader


def moment(reader: Reader, key: str) -> datetime | None:
    """`2026-11-23 14:30`, local time of the utility."""
    entry = reader.entry(key)
    text = reader.text(key)
    try:
        read_at = datetime.fromisoformat(text)
    except ValueError:
        read_at = None
    if read_at is None or read_at.tzinfo is not None:
        place = entry.value.place if entry else reader.place
        reader.fault(place, f"'{key}' is '{text}', not a date and time such as 2026-11-23 14:30.")
        return None
    return read_at


def on_off(reader: Reader, key: str) -> bool:
    text = reader.text(key)
    if text not in ("on", "off", "true", "false"):
        reader.fault(reader.mapping.entries[key].value.place, f"'{key}' is '{text}', not on or off.")
    return text in ("on", "true")
