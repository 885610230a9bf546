"""How values are written on pages: numbers masked and whole, times in the utility's zone, durations, money."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from flask import Flask
from flask_babel import format_currency, format_date, format_datetime, format_time, to_user_timezone
from flask_babel import gettext as _
from markupsafe import Markup

from callqueue.numbers import masked, written
from console.current import now
from console.subjects import subject

CURRENCY: Final = "CNY"
_E164: Final = re.compile(r"\+[1-9]\d{7,14}")


def init_formats(app: Flask) -> None:
    app.jinja_env.filters.update(
        subject=subject,
        shown=shown,
        phone=written,
        masked=masked,
        time=time,
        day=day,
        money=money,
        length_of=length_of,
        milliseconds=milliseconds,
    )


def shown(value: object, whole_numbers: bool) -> str:
    """A value of a flow as text; telephone numbers in it are whole for those who may see them, else masked."""
    text = "–" if value is None else str(value)
    return text if whole_numbers else _E164.sub(lambda found: masked(found[0]), text)


def time(at: datetime, *, seconds: bool = False) -> Markup:
    """A <time>: the clock today, day and clock before that; all of it in its title."""
    local, today = to_user_timezone(at).date(), to_user_timezone(now()).date()
    shown = format_time(at, "HH:mm:ss" if seconds else "HH:mm")
    if local != today:
        pattern = _("d MMM") if local.year == today.year else _("d MMM y")
        shown = f"{format_date(at, pattern)} {shown}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"), format_datetime(at, "medium"), shown
    )


def day(value: date) -> str:
    """A date that stands for itself, in no zone."""
    return str(format_date(value, "medium", rebase=False))


def money(cents: int) -> str:
    return str(format_currency(cents / 100, CURRENCY))


def length_of(seconds: float) -> str:
    """0:07, 12:40, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def milliseconds(microseconds: int) -> str:
    return f"{microseconds / 1000:.0f} ms" if microseconds >= 1000 else "< 1 ms"
