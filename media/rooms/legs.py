"""What somebody of the staff may do to a call of this process that they are on."""

from __future__ import annotations

import re
from typing import Final

from media import messages
from media.line import PressingLine, TransferringLine
from media.rooms.desk_rows import LOST
from media.rooms.members import Member
from media.rooms.messages import Hold, Leave, Mode, Mute, PauseRecording, Press, Transfer, Wish
from media.rooms.talk import Talk
from models import LegMode
from speech.audio import dtmf, pcm_to_mulaw

TONE_MS: Final = 160
_NUMBER = re.compile(r"\+?[0-9]{3,15}|sips?:[^\s<>]{3,70}")


class TalkLeg:
    """A `media.rooms.staff.Leg`."""

    def __init__(self, talk: Talk, member: Member) -> None:
        self.call_id = talk.call_id
        self._talk = talk
        self._member = member

    @property
    def mode(self) -> LegMode:
        return self._member.mode

    def say(self, mulaw: bytes) -> None:
        self._talk.room.mixer.push(self._member.name, mulaw)

    def lost(self, reason: str = LOST[0]) -> None:
        self._talk.leave(self._member, reason)

    def do(self, wish: Wish) -> None:
        if self._member.name not in self._talk.members:
            return
        match wish:
            case Mute(on):
                self._member.muted = on
                self._talk.room.mixer.mute(self._member.name, on)
                self._talk.telling.joined(self._member)
            case Mode(mode):
                if self._talks("a supervisor's mode cannot be changed while you talk as the agent", other=True):
                    self._talk.move(self._member, mode)
            case Leave():
                self._talk.leave(self._member, "hung up")
            case Hold(on):
                if self._talks("only the agent can put the caller on hold"):
                    self._hold(on)
            case PauseRecording(on):
                if self._talks("only the agent can pause the recording"):
                    self._pause_recording(on)
            case Press(digit):
                if self._talks("only the agent can press keys"):
                    self._press(digit)
            case Transfer(to, stay):
                if self._talks("only the agent can transfer the call"):
                    self._begin_transfer(to, stay=stay)

    # --- inside

    def _talks(self, otherwise: str, *, other: bool = False) -> bool:
        if (self._member.mode is LegMode.TALK) is not other:
            return True
        self._complain("not_allowed", otherwise)
        return False

    def _hold(self, on: bool) -> None:
        self._talk.room.mixer.held = on
        self._talk.telling.all_joined()
        self._talk.telling.room()

    def _pause_recording(self, on: bool) -> None:
        if on and not self._talk.recording.recorded:
            self._complain("not_recorded", "this call is not recorded")
            return
        self._talk.recording.set(self._member, on)
        self._talk.telling.all_joined()

    def _press(self, digit: str) -> None:
        line: object = self._talk.room.line
        if isinstance(line, PressingLine):
            line.press(digit)
        else:
            self._talk.room.mixer.prompts.push(pcm_to_mulaw(dtmf(digit, TONE_MS)))

    def _begin_transfer(self, to: str, *, stay: bool) -> None:
        kind, _, username = to.partition(":")
        line: object = self._talk.room.line
        to_agent = kind == "agent" and bool(username)
        if not to_agent and not _NUMBER.fullmatch(to):
            self._complain("bad_number", f"'{to}' is neither a telephone number nor agent:USERNAME")
        elif self._talk.offers.ringing or self._talk.telephoning.busy:
            self._complain("already_ringing", "it rings somewhere for this call already, or another telephone is on it")
        elif to_agent:
            self._talk.offers.begin(self._member, username, stay=stay)
        elif not isinstance(line, TransferringLine):
            self._complain("cannot_transfer", "a browser phone cannot be put through to a telephone; take a message")
        elif stay and line.carrier_dials:
            self._complain("cannot_stay", "the carrier puts this call through: nobody of the hotline can stay on it")
        else:
            self._talk.telephoning.begin(self._member, to, line, stay=stay)

    def _complain(self, code: str, text: str) -> None:
        self._member.ear.tell(messages.error(code, text))
