"""Spoken values read back: what was said -> the value, or None.

Never a guess: one word that does not belong, or two values it could be, and it is None. A module a subject, `heard_*`;
values from the keypad are in `speech.keyed`, corrections of a value just read back in `speech.corrections`.
"""

from __future__ import annotations

from speech.heard_addresses import read_address
from speech.heard_answers import read_yes_no
from speech.heard_dates import read_date
from speech.heard_digits import read_account, read_digits
from speech.heard_money import read_money
from speech.heard_numbers import read_number
from speech.heard_phones import read_phone
from speech.heard_times import read_time

__all__ = [
    "read_account",
    "read_address",
    "read_date",
    "read_digits",
    "read_money",
    "read_number",
    "read_phone",
    "read_time",
    "read_yes_no",
]
