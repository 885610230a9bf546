"""What those in a room are told of it, and what the hotline says in it of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media import messages
from media.messages import Out
from media.rooms.members import Member, TalkTools
from models import LegMode

if TYPE_CHECKING:
    from media.rooms.talk import Talk


class Telling:
    """Of one talk. `number`, `subject`: of the caller, once somebody of the staff is there to be told."""

    def __init__(self, talk: Talk, tools: TalkTools) -> None:
        self.number = ""
        self.subject = ""
        self.language = ""
        self._talk = talk
        self._tools = tools

    def joined(self, member: Member) -> None:
        talk = self._talk
        fields = {
            "call": talk.call_id, "mode": member.mode.value, "muted": member.muted, "held": talk.room.mixer.held,
            "from": self.number, "subject": self.subject, "language": self.language,
            "recorded": talk.recording.recorded, "paused": talk.recording.on,
        }  # fmt: skip
        member.ear.tell(Out("joined", fields))

    def all_joined(self) -> None:
        for member in self._talk.members.values():
            self.joined(member)

    def room(self) -> None:
        """Agents are not told of who only listens."""
        members = self._talk.members.values()
        for member in members:
            people = [
                {"user": other.user.username, "name": other.user.name, "mode": other.mode.value}
                for other in members
                if other is member or other.mode is not LegMode.LISTEN or member.user.leads
            ]
            member.ear.tell(Out("room", {"call": self._talk.call_id, "caller": self._where(), "people": people}))

    def say(self, code: str) -> None:
        """Text `code` of `media.texts`, to everybody in the room while the caller waits."""
        self._talk.rows.start(self._say(code))

    async def _say(self, code: str) -> None:
        talk = self._talk
        say = self._tools.own_say(code, self.language)
        sound, _ = await self._tools.renderer.sound(say)
        if talk.call is not None and talk.wait is not None and not talk.talking:
            talk.room.mixer.prompts.push(sound)
            caption = messages.caption("hotline", say.text, self.language)
            talk.call.line.tell(caption)
            talk.room.tell_staff(caption)

    def _where(self) -> str:
        if self._talk.call is None:
            return "lost"
        if self._talk.room.mixer.held:
            return "held"
        return "here" if self._talk.talking else "flow"
