"""When a wait is worth a warning, by what waits. The page shows it in words and a sign, never by colour alone.

Source: a fault order is received and dispatched within 3 minutes, a complainant is contacted within 24 hours, an
enquiry is answered within 5 working days, a tip-off within 10 days (norms of Chinese power hotlines, second-hand,
2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Flask
from flask_babel import gettext as _

from console.current import now
from models import TicketType

_HOUR_S: Final = 3600
_DAY_S: Final = 24 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of waiting from which a ticket is due soon, and late."""

    soon_s: int
    late_s: int


DANGER: Final = Patience(60, 180)
PATIENCE: Final = {
    TicketType.FAULT: Patience(120, 180),
    TicketType.COMPLAINT: Patience(20 * _HOUR_S, 24 * _HOUR_S),
    TicketType.TIP_OFF: Patience(8 * _DAY_S, 10 * _DAY_S),
    **{
        type_: Patience(3 * _DAY_S, 5 * _DAY_S)
        for type_ in (
            TicketType.ENQUIRY,
            TicketType.APPLICATION,
            TicketType.SUGGESTION,
            TicketType.OPINION,
            TicketType.PRAISE,
        )
    },
}


def patience(type_: TicketType, danger: bool) -> Patience:
    return DANGER if danger else PATIENCE[type_]


def level(since: datetime, limits: Patience) -> str:
    """ok, soon or late: as the page is made; the page's own clock goes on from there."""
    waited = (now() - since).total_seconds()
    return "late" if waited >= limits.late_s else "soon" if waited >= limits.soon_s else "ok"


def hours_pattern() -> str:
    return str(_("{h} h {m}"))


def days_pattern() -> str:
    return str(_("{d} d {h} h"))


def spell(since: datetime) -> str:
    """0:42, 12:07, 3 h 05, 2 d 4 h: as the script writes it on, by the same patterns."""
    seconds = max(0, int((now() - since).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // _HOUR_S, seconds // _DAY_S
    if days:
        return days_pattern().format(d=days, h=hours % 24)
    if hours:
        return hours_pattern().format(h=hours, m=f"{minutes % 60:02}")
    return f"{minutes}:{seconds % 60:02}"


def init_waiting(app: Flask) -> None:
    app.jinja_env.filters["waited"] = spell
    app.jinja_env.globals.update(
        patience=patience, wait_level=level, hours_pattern=hours_pattern, days_pattern=days_pattern
    )
