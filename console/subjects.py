"""Subjects that the shipped flows give to tickets, and reasons we write into histories, in the language of the page.

Others are shown as they stand.
"""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext

from callqueue.attempts import NOBODY

_KNOWN: Final = {
    "Danger": lazy_gettext("Danger"),
    "Call back": lazy_gettext("Call back"),
    "Complaint": lazy_gettext("Complaint"),
    "No power": lazy_gettext("No power"),
    "No power in the area": lazy_gettext("No power in the area"),
    NOBODY: lazy_gettext("no browser phone is open at this number, and no carrier is set up"),
}


def subject(text: str) -> str:
    return str(_KNOWN.get(text, text))
