"""Subjects that the shipped flows give to tickets, and reasons we write into histories, in the language of the page.

Others are shown as they stand.
"""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext

from callqueue.attempts import NOBODY

_KNOWN: Final = {
    "Danger": lazy_gettext("Danger"),
    "Life support": lazy_gettext("Life support"),
    "Call back": lazy_gettext("Call back"),
    "Complaint": lazy_gettext("Complaint"),
    "No power": lazy_gettext("No power"),
    "No power in the area": lazy_gettext("No power in the area"),
    "Part of the power is out": lazy_gettext("Part of the power is out"),
    "Voltage": lazy_gettext("Voltage"),
    "Charging pile": lazy_gettext("Charging pile"),
    "Help during planned work": lazy_gettext("Help during planned work"),
    "Tip-off": lazy_gettext("Tip-off"),
    "Suggestion": lazy_gettext("Suggestion"),
    "Opinion": lazy_gettext("Opinion"),
    "Praise": lazy_gettext("Praise"),
    "New connection": lazy_gettext("New connection"),
    "Change of name": lazy_gettext("Change of name"),
    "Reconnection": lazy_gettext("Reconnection"),
    "Payment not shown": lazy_gettext("Payment not shown"),
    "Call when the power is back": lazy_gettext("Call when the power is back"),
    NOBODY: lazy_gettext("no browser phone is open at this number, and no carrier is set up"),
}


def subject(text: str) -> str:
    return str(_KNOWN.get(text, text))


def subjects() -> dict[str, str]:
    """All that are known, for scripts of the page."""
    return {text: str(shown) for text, shown in _KNOWN.items() if text != NOBODY}
