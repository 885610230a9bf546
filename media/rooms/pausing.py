"""The recording of a call, paused by an agent while identity or payment facts are spoken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from models import LegMode

if TYPE_CHECKING:
    from media.rooms.members import Member, TalkTools
    from media.rooms.talk import Talk
    from media.taping.tape import CallTape


class RecordingPause:
    """Of one talk. It is one agent's, and ends when they leave the call, however they do."""

    def __init__(self, talk: Talk, tools: TalkTools, tape: CallTape) -> None:
        self._talk = talk
        self._legs = tools.legs
        self._tape = tape
        self._by: Member | None = None
        self._since = 0.0

    @property
    def recorded(self) -> bool:
        return self._tape.begun_at is not None

    @property
    def on(self) -> bool:
        return self._by is not None

    def set(self, by: Member, on: bool) -> None:
        """Any agent who talks on the call may end it."""
        if on is self.on or by.mode is not LegMode.TALK:
            return
        now = asyncio.get_running_loop().time()
        self._tape.pause(on, now)
        if on:
            self._by, self._since = by, now
            self._talk.rows.write(self._legs.recording_paused, self._talk.call_id, by.user)
        else:
            self._ended(by, now)

    def gone(self, member: Member) -> None:
        """They are not on the call any more."""
        if self._by is member:
            now = asyncio.get_running_loop().time()
            self._tape.pause(False, now)
            self._ended(member, now)
            self._talk.telling.all_joined()

    def _ended(self, by: Member, now: float) -> None:
        self._by = None
        seconds = round(now - self._since, 1)
        self._talk.rows.write(self._legs.recording_goes_on, self._talk.call_id, by.user, seconds)
