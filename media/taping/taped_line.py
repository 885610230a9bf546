"""A call's line that tells the tape what is heard on it, whoever plays it: prompts, agents, music."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from media.line import LastResortLine, Line, PressingLine, TransferringLine
from media.messages import Out

if TYPE_CHECKING:
    from media.taping.tape import CallTape


class TapedLine:
    """A `media.line.Line`; it can do what the line in it can."""

    def __init__(self, line: Line, tape: CallTape) -> None:
        self.line = line
        self._tape = tape
        self._now = asyncio.get_running_loop().time
        if isinstance(line, PressingLine):
            self.press = line.press
        if isinstance(line, TransferringLine):
            self.transfer, self.carrier_dials = line.transfer, line.carrier_dials
        if isinstance(line, LastResortLine):
            self.put_through_at_last = line.put_through_at_last

    def play(self, mulaw: bytes) -> None:
        self._tape.heard_by_caller(mulaw, self._now())
        self.line.play(mulaw)

    def mark(self, name: str) -> None:
        self._tape.said()
        self.line.mark(name)

    def clear(self) -> None:
        self._tape.cleared(self._now())
        self.line.clear()

    def tell(self, out: Out) -> None:
        self.line.tell(out)

    def hang_up(self, reason: str) -> None:
        self.line.hang_up(reason)
