"""A person at a terminal playing a caller: what is typed, and what it means on a telephone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TextIO

_KEYS = re.compile("^[0-9*#]+$")


@dataclass(frozen=True, slots=True)
class Typed:
    """One line. `kind`: keys, words, silence or hang_up."""

    kind: str
    text: str = ""


def read_line(line: str) -> Typed:
    """Only digits, * and # are keys; nothing is silence; `/hangup` hangs up; the rest is said."""
    text = line.strip()
    if not text:
        return Typed("silence")
    if text == "/hangup":
        return Typed("hang_up")
    return Typed("keys" if _KEYS.match(text) else "words", text)


class Terminal:
    """Reads lines and shows them when they do not come from a keyboard, so that a script's call can be read back."""

    def __init__(self, source: TextIO, out: TextIO) -> None:
        self._source = source
        self._out = out
        self._typed_by_hand = source.isatty()

    def show(self, text: str = "") -> None:
        print(text, file=self._out, flush=True)

    def ask(self, prompt: str) -> Typed:
        """The end of the input, or Ctrl-C, hangs up."""
        if self._typed_by_hand:
            print(f"{prompt}> ", end="", file=self._out, flush=True)
        try:
            line = self._source.readline()
        except KeyboardInterrupt:
            line = ""
        if not line:
            if self._typed_by_hand:
                self.show()
            return Typed("hang_up")
        if not self._typed_by_hand:
            self.show(f"> {line.rstrip()}")
        return read_line(line)
