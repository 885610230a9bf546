"""The last output of a call, and a transfer: both only let the prompts be heard to their end."""

from __future__ import annotations

from ivr.events import DialEnded
from ivr.outputs import Hangup, Transfer
from media.actions import Action, Over, PutThrough, TurnOver


class LeaveWait:
    """Takes no input. A transfer is somebody else's until `dialled` says how it ended."""

    def __init__(self, turn: int, last: Hangup | Transfer) -> None:
        self._turn = turn
        self._last = last

    def prompts_heard(self, now: float) -> list[Action]:
        if isinstance(self._last, Hangup):
            return [Over(self._last.reason)]
        return [PutThrough(self._turn, self._last)]

    def dialled(self, turn: int, event: DialEnded) -> list[Action]:
        return [TurnOver(turn, event)] if turn == self._turn and isinstance(self._last, Transfer) else []

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
