"""The last output of a call, and the one this channel cannot do: both only let the prompts be heard to their end."""

from __future__ import annotations

from ivr.events import DialEnded
from ivr.outputs import Hangup, Transfer
from media.actions import Action, Notice, Over, TurnOver


class LeaveWait:
    """Takes no input. Agents' own media is not built yet, so a transfer ends as failed, and the caller is told."""

    def __init__(self, turn: int, last: Hangup | Transfer) -> None:
        self._turn = turn
        self._last = last

    def prompts_heard(self, now: float) -> list[Action]:
        if isinstance(self._last, Hangup):
            return [Over(self._last.reason)]
        return [Notice("no_transfer"), TurnOver(self._turn, DialEnded("failed"))]

    def key(self, key: str, now: float) -> list[Action]:
        return []

    def frame(self, frame: bytes, now: float) -> list[Action]:
        return []

    def words(self, text: str, now: float) -> list[Action]:
        return []

    def recognized(self, utterance: int, text: str, confidence: float) -> list[Action]:
        return []

    def tick(self, now: float) -> list[Action]:
        return []

    def deadline(self) -> float | None:
        return None
