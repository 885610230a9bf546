"""An entry on the keypad as VoiceXML collects it."""

from __future__ import annotations

from ivr.events import Digits
from ivr.outputs import KeyInput

KEYS = frozenset("0123456789*#ABCD")


class KeyEntry:
    """Keys of one wait. The terminator ends it and is not part of it; `max_digits` ends it at once.

    An entry shorter than `min_digits` is handed over as it is: whether it fits is the flow's to say.
    """

    def __init__(self, rules: KeyInput) -> None:
        self.rules = rules
        self._digits = ""

    @property
    def begun(self) -> bool:
        return bool(self._digits)

    def press(self, key: str) -> Digits | None:
        """The finished entry, or None when it may go on."""
        if key == self.rules.terminator:
            return Digits(self._digits)
        self._digits += key
        return Digits(self._digits) if self.full else None

    @property
    def full(self) -> bool:
        """Ended by its length: a terminator that still follows belongs to it, and to no later wait."""
        return len(self._digits) >= self.rules.max_digits

    def timed_out(self) -> Digits:
        return Digits(self._digits, timed_out=True)
