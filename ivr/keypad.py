"""An entry on the keypad, key by key, as VoiceXML collects it: for every channel that hears the keys itself.

The terminator ends an entry and is not part of it. `max_digits` keys end it at once, and so does a command that no
longer one begins with. An entry shorter than `min_digits` is handed over as it is: the flow says whether it fits.
"""

from __future__ import annotations

from ivr.events import Digits
from ivr.outputs import KeyInput

KEYS = frozenset("0123456789*#ABCD")


class KeyEntry:
    """The keys of one wait."""

    def __init__(self, rules: KeyInput) -> None:
        self.rules = rules
        self._digits = ""
        self._complete = False

    @property
    def begun(self) -> bool:
        return bool(self._digits)

    @property
    def full(self) -> bool:
        """Ended by itself: a terminator that still follows belongs to it, and to no later wait."""
        return self._complete

    def press(self, key: str) -> Digits | None:
        """The finished entry, or None when it may go on."""
        if key == self.rules.terminator:
            return Digits(self._digits)
        self._digits += key
        if self._may_become_longer_command():
            return None
        self._complete = self._digits in self.rules.commands or len(self._digits) >= self.rules.max_digits
        return Digits(self._digits) if self._complete else None

    def timed_out(self) -> Digits:
        return Digits(self._digits, timed_out=True)

    def _may_become_longer_command(self) -> bool:
        entered = self._digits
        return any(len(command) > len(entered) and command.startswith(entered) for command in self.rules.commands)


def keyed(keys: str, rules: KeyInput) -> tuple[Digits, str]:
    """The entry that `keys` make when they are pressed one after the other and then no more, and what is left of them.

    A terminator right behind an entry that ended by itself is not left.
    """
    entry = KeyEntry(rules)
    for index, key in enumerate(keys, start=1):
        digits = entry.press(key)
        if digits is not None:
            rest = keys[index:]
            return digits, rest.removeprefix(rules.terminator) if entry.full and rules.terminator else rest
    return entry.timed_out(), ""
