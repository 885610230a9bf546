"""One call as the staff has it: its room, who is in it, and what becomes of it when somebody leaves.

What is decided is decided at once, on the loop; the rows follow in the same order, one after the other. The caller's
wait for an agent is `agent_wait`'s, what everybody is told `telling`'s.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ivr.events import DialEnded
from ivr.outputs import Transfer
from media.line import OtherTelephone
from media.live_call import LiveCall
from media.messages import Out
from media.rooms import waiting
from media.rooms.agent_wait import AgentWait
from media.rooms.desk_rows import LOST
from media.rooms.members import Member, TalkTools
from media.rooms.mixer import CALLER, TELEPHONE, Place
from media.rooms.offering import Offers
from media.rooms.pausing import RecordingPause
from media.rooms.room import Room, RoomLine
from media.rooms.rows_in_order import RowsInOrder
from media.rooms.staff import Ear, JoinRefused, Staff
from media.rooms.telephoning import Telephoning
from media.rooms.telling import Telling
from models import LegMode

log = structlog.get_logger("media")
HIDDEN_KEY = "•"


class Talk:
    """`over` is called once, when nobody but the caller is left and nobody is waited for. `call`: None while the
    caller's connection is lost. `wait`: the transfer that the flow stands at."""

    def __init__(self, tools: TalkTools, call: LiveCall, over: Callable[[], None]) -> None:
        self.call_id = call.call_id
        self.call: LiveCall | None = None
        self.wait: AgentWait | None = None
        self.members: dict[str, Member] = {}
        self.closed = False
        self.rows = RowsInOrder(tools.rows, call.call_id)
        self.room = Room(call.line, tools.music)
        self.offers = Offers(self, tools)
        self.telephoning = Telephoning(self)
        self.recording = RecordingPause(self, tools, call.tape)
        self.telling = Telling(self, tools)
        self._tools = tools
        self._desk = tools.desk
        self._tell_over = over
        self._named = 0
        self._log = log.bind(call=self.call_id)
        self.back(call)
        tools.ticker.add(self.room, lambda: self.over("the room has failed"))

    @property
    def talkers(self) -> list[Member]:
        return [member for member in self.members.values() if member.mode is LegMode.TALK]

    @property
    def talking(self) -> bool:
        return self.wait is not None and self.wait.talking_since is not None

    @property
    def waits(self) -> bool:
        """The flow stands at a transfer to agents that is not over: an agent may talk with the caller."""
        return self.wait is not None and self.wait.ended is None

    # --- the caller

    def caller_says(self, mulaw: bytes) -> None:
        self.room.mixer.push(CALLER, mulaw)

    def put_through_to(self, other: OtherTelephone | None) -> None:
        self.room.put_through_to(other)

    def other_says(self, mulaw: bytes) -> None:
        self.room.mixer.push(TELEPHONE, mulaw)

    def caller_presses(self, key: str, *, private: bool) -> None:
        """`private`: the hotline asks for something that nobody of the staff is shown."""
        if self.wait is not None and key == self.wait.leave_key:
            self.wait.give_up()
        self.room.tell_staff(Out("key", {"call": self.call_id, "digit": HIDDEN_KEY if private else key}))

    def lost(self) -> None:
        """The caller's connection is gone and may come back."""
        self.call = None
        self.room.line = None
        if self.wait is not None:
            self.wait.stop_timers()
            self.wait.write_away(True)
        self.telling.room()
        self.dissolve_if_empty()

    def back(self, call: LiveCall) -> None:
        self.call = call
        self.telling.language = call.language
        self.room.line = call.line
        call.enter(self, RoomLine(self.room, call.line, self.over))
        if self.wait is not None:
            self.wait.write_away(False)
        self.telling.room()

    # --- the flow's transfer to agents

    def put_through(self, turn: int, wish: Transfer) -> None:
        """The caller waits for an agent; again for the same turn after they were lost and came back."""
        wait = self.wait
        if wait is None or wait.turn != turn:
            self.wait = AgentWait(self, self._tools, turn, wish)
            self.wait.begin()
        elif wait.ended is not None:
            self.dial_over(wait.ended)
        elif wait.talking_since is None:
            wait.wait()

    def dial_over(self, ended: DialEnded) -> None:
        """It is over, and the flow goes on, once the caller is there."""
        wait = self.wait
        assert wait is not None
        wait.stop_timers()
        self.room.mixer.waiting = self.room.mixer.held = self.room.live = self.room.silent = False
        if self.call is None:
            wait.ended = ended
            return
        call, self.wait = self.call, None
        self.dissolve_if_empty()
        call.dialled(wait.turn, ended)

    def put_to_telephone(self, by: Member, *, stay: bool) -> None:
        """Another telephone has answered: the caller talks with it, and whoever put them through is free or stays."""
        if self.wait is not None and not self.closed:
            self.wait.on_telephone = True
            self.room.mixer.held = self.room.silent = False
            if not stay:
                self.leave(by, "transferred")
            self.telling.all_joined()

    def telephone_ended(self, ended: DialEnded) -> None:
        """The talk with the other telephone is over: so is the flow's transfer, unless an agent has stayed."""
        if self.wait is not None and not self.closed:
            self.wait.on_telephone = False
            if not self.talkers:
                self.wait.write_end()
                self.dial_over(ended)

    # --- the staff

    async def join(self, user: Staff, mode: LegMode, ear: Ear) -> Member:
        """Raises JoinRefused. They are told `joined` before they hear anything."""
        if mode is LegMode.TALK:
            await self._may_talk(user)
        elif not user.leads:
            raise JoinRefused("not_allowed", "only supervisors may join the calls of others")
        if any(member.user.id == user.id for member in self.members.values()):
            raise JoinRefused("already_joined", "you are on this call already")
        known = await self.rows.run(waiting.one, self._tools.parts.database, self.call_id)
        if known is not None:
            self.telling.number, self.telling.subject = known.number, known.subject
        leg_id = await self.rows.run(self._tools.legs.begins, self.call_id, user, mode)
        if self.closed or (mode is LegMode.TALK and not self.waits):
            await self.rows.run(self._tools.legs.ends, leg_id, "the call was over")
            raise JoinRefused("no_such_call", "this call is over")
        self._named += 1
        member = Member(f"staff {self._named}", user, mode, ear, leg_id)
        self.members[member.name] = member
        self.room.mixer.join(member.name, Place.of(mode))
        self.telling.joined(member)
        self.room.ears[member.name] = ear
        self._log.info("joined", user=user.username, mode=mode.value)
        if mode is LegMode.TALK:
            self._talk_begins(member)
        self.telling.room()
        return member

    async def _may_talk(self, user: Staff) -> None:
        if not self.waits:
            raise JoinRefused("not_waiting", "this caller does not wait for an agent")
        if self.call is None:
            raise JoinRefused("caller_lost", "the caller's telephone has lost its connection; they may come back")
        if self.offers.to(user.id) or await self.rows.run(self._desk.agent_of, self.call_id) == user.id:
            return
        raise JoinRefused("taken", "this call is another agent's")

    def _talk_begins(self, member: Member) -> None:
        assert self.wait is not None
        if self.wait.talking_since is None:
            self.wait.talk_begins()
            self.room.mixer.waiting = False
            self.room.mixer.prompts.clear()
            self.room.mixer.forget(CALLER)
            if self.call is not None:
                self.call.line.clear()
        self.offers.taken_by(member)

    def agent_is(self, member: Member | None) -> None:
        """Who talks with the caller; None: nobody any more, they wait again."""
        self.rows.write(self._desk.agent_is, self.call_id, None if member is None else member.user.id)

    def leave(self, member: Member, reason: str) -> None:
        """Who is lost is not told: nobody is there to hear it."""
        if self.members.pop(member.name, None) is None:
            return
        self.room.mixer.leave(member.name)
        self.room.ears.pop(member.name, None)
        self._log.info("left", user=member.user.username, mode=member.mode.value, reason=reason)
        self.rows.later(self._leg_ends, member, reason)
        self.recording.gone(member)
        self.offers.gone(member)
        self.telephoning.gone(member)
        member.ear.left(reason)
        if member.mode is LegMode.TALK and not self.closed:
            self._talker_left(reason)
        self.telling.room()
        self.dissolve_if_empty()

    def _talker_left(self, reason: str) -> None:
        wait = self.wait
        if wait is None or wait.talking_since is None or wait.on_telephone:
            return
        self.room.mixer.held = False
        if self.talkers:
            self.agent_is(self.talkers[0])
            self.telling.all_joined()
            return
        if reason not in LOST:
            wait.write_end()
            self.dial_over(DialEnded("answered", wait.talked_s()))
            return
        wait.talking_since = None
        self.agent_is(None)
        if self.call is not None:
            wait.wait()
            self.telling.say("another_colleague")

    def move(self, member: Member, mode: LegMode) -> None:
        """A supervisor listens, whispers or speaks from now on. Each is a leg of its own in the rows."""
        if member.mode is mode or member.mode is LegMode.TALK:
            return
        self.room.mixer.move(member.name, Place.of(mode))
        member.mode = mode
        self.rows.later(self._moved, member, mode)
        self.telling.joined(member)
        self.telling.room()

    async def _moved(self, member: Member, mode: LegMode) -> None:
        await self._leg_ends(member, f"changed to {mode.value}")
        member.leg_id = await self.rows.run(self._tools.legs.begins, self.call_id, member.user, mode)

    async def _leg_ends(self, member: Member, reason: str) -> None:
        await self.rows.run(self._tools.legs.ends, member.leg_id, reason)

    # --- the end

    def over(self, reason: str) -> None:
        """The call is over. The rows of the call itself are the runner's."""
        if self.closed:
            return
        self.closed = True
        if self.wait is not None:
            self.wait.stop_timers()
            self.wait = None
        self.offers.close()
        for member in list(self.members.values()):
            self.leave(member, reason)
        self._dissolve()

    def dissolve_if_empty(self) -> None:
        if not self.members and self.wait is None and not self.closed:
            self.closed = True
            self._dissolve()

    def _dissolve(self) -> None:
        self._tools.ticker.remove(self.room)
        self.room.flush()
        if self.call is not None:
            self.call.leave_room()
        self._tell_over()
