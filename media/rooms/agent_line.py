"""The line of somebody of the staff at work: one a user, whatever page of theirs holds it, with at most one call."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from sqlalchemy.exc import SQLAlchemyError

from media import messages
from media.messages import Media, Out
from media.parts import GatewayParts
from media.rooms import messages as agent_messages
from media.rooms.desk_phone import DeskPhone, rung
from media.rooms.desk_rows import LOST, DeskRows
from media.rooms.joining import Joining
from media.rooms.messages import AgentMessage, Answer, Away, Decline, Join, Leave, Ready
from media.rooms.staff import JoinRefused, Leg, Staff
from media.rooms.watching import watch
from media.rows import Rows
from media.sockets import Close, PhoneSocket
from media.tasks import Tasks
from models import LegMode, LineState

log = structlog.get_logger("media")


class AgentLine:
    """A `media.rooms.staff.Ear`. `row_id` is its row's."""

    def __init__(
        self, parts: GatewayParts, rows: Rows, desk: DeskRows, joining: Joining, user: Staff, socket: PhoneSocket
    ) -> None:
        self.user = user
        self.socket = socket
        self.row_id = ""
        self._parts = parts
        self._rows = rows
        self._desk = desk
        self._joining = joining
        self._wants = LineState.AWAY  # what it is when it carries no call
        self._kind = "browser"
        self._leg: Leg | None = None
        self._offered: str | None = None
        self._last_told: dict[str, Out] = {}
        self._tasks = Tasks(lambda error: self._log.error("agent_line_failed", exc_info=error))
        self._watching: asyncio.Task[None] | None = None
        self._phone: DeskPhone | None = None  # hears and speaks in place of the page
        self._ringing: asyncio.Task[None] | None = None
        self._log = log.bind(agent=user.username)

    # --- where it is

    @property
    def state(self) -> LineState:
        return LineState.TALKING if self._leg is not None else self._wants

    @property
    def on_telephone(self) -> bool:
        """A talk by the telephone on the desk does without the page."""
        return self._phone is not None and self._leg is not None

    @property
    def deserted(self) -> bool:
        """Its page is gone, and nothing goes on without one."""
        return not self.socket.open and not self.on_telephone

    def tell_state(self) -> None:
        call = self._leg.call_id if self._leg is not None else None
        self.socket.send(Out("line", {"state": self.state.value, "call": call, "by": self._kind}))

    def moves_to(self, socket: PhoneSocket) -> None:
        """Another page of the same user has taken the line over, with whatever goes on on it."""
        self.socket.close(Close.ALREADY_CONNECTED, "your line is open on another page")
        self.socket = socket
        self.tell_state()
        for out in self._last_told.values():
            socket.send(out)

    async def gone(self, reason: str = LOST[0]) -> None:
        """Its page is gone."""
        if self._ringing is not None:
            self._ringing.cancel()
        if self._leg is not None:
            self._leg.lost(reason)
        await self._tasks.settled()

    # --- from the call

    def play(self, mulaw: bytes) -> None:
        if self._phone is not None:
            self._phone.play(mulaw)
        else:
            self.socket.send(agent_messages.media(mulaw))

    def clear(self) -> None:
        self.socket.send(Out("clear"))

    def tell(self, out: Out) -> None:
        if out.event in ("joined", "room"):
            self._last_told[out.event] = out  # for another page of theirs
        self.socket.send(out)

    def left(self, reason: str) -> None:
        leg, self._leg = self._leg, None
        for event in ("joined", "room"):
            self._last_told.pop(event, None)
        if self._watching is not None:
            self._watching.cancel()
        self._hang_up_phone()
        if leg is not None:
            self.socket.send(Out("left", {"call": leg.call_id, "reason": reason}))
            self.tell_state()
            self._tasks.start(self._set_row())

    # --- from the page

    async def heard(self, message: AgentMessage) -> None:
        """Whatever it asks for and cannot have is told to it."""
        try:
            await self._heard(message)
        except JoinRefused as refused:
            self.socket.send(messages.error(refused.code, str(refused)))
        except SQLAlchemyError as error:
            self._log.warning("agent_not_served", error=type(error).__name__)
            self.socket.send(messages.error("failed", "the hotline is out of order at the moment; try again"))

    async def _heard(self, message: AgentMessage) -> None:
        match message:
            case Media(mulaw):
                if self._leg is not None and self._phone is None:
                    self._leg.say(mulaw)
            case Ready(by):
                await self._ready(by)
            case Away():
                self._wants = LineState.AWAY
                await self._set_row()
                self.tell_state()
            case Answer(call) if self._kind == "sip":
                self._ring_phone(call)
            case Answer(call):
                await self._answer(call)
            case Leave() if self._ringing is not None:
                self._ringing.cancel()
            case Decline(call):
                if self._offered == call:
                    await self._rows.run(self._desk.withdraw, call, self.row_id)
                    self.ring_stopped("declined")
            case Join(call, mode):
                await self._join(call, mode)
            case _:
                if self._leg is None:
                    raise JoinRefused("no_call", "there is no call on your line")
                self._leg.do(message)

    async def _ready(self, by: str) -> None:
        if by == "sip" and self.user.sip_address is None:
            raise JoinRefused("no_telephone", "no telephone of yours is known here; ask an administrator to enter it")
        if by == "sip" and await self._rows.run(self._desk.sip_process) is None:
            raise JoinRefused("no_telephone", "telephones cannot be rung now; take calls in the browser")
        self._wants, self._kind = LineState.READY, by
        if self._leg is None:
            await self._set_row()
            lost = await self._rows.run(
                self._desk.may_come_back_to, self.user.id, self._parts.settings.media.reconnect_s
            )
            if lost is not None and by == "browser":
                with contextlib.suppress(JoinRefused):  # another was quicker, or the caller's phone is not back yet
                    await self._answer(lost)
        self.tell_state()

    async def _answer(self, call_id: str) -> None:
        if self._leg is not None:
            raise JoinRefused("talking", "there is a call on your line already")
        offered = self._offered == call_id
        self._rings_no_more()
        if offered:
            place = await self._rows.run(self._desk.accept, call_id, self.row_id)
        else:
            place = await self._rows.run(self._desk.claim, call_id, self.user.id, self.row_id)
        try:
            self._leg = await self._joining.join(place, call_id, self.user, LegMode.TALK, self)
        except BaseException:
            await self._rows.run(self._desk.unclaim, call_id, self.user.id)
            await self._set_row()
            raise
        self._is_on_call()

    async def _join(self, call_id: str, mode: LegMode) -> None:
        if not self.user.leads:
            raise JoinRefused("not_allowed", "only supervisors may join the calls of others")
        if self._leg is not None or self._ringing is not None:
            raise JoinRefused("talking", "there is a call on your line already")
        place = await self._rows.run(self._desk.place_of, call_id)
        self._leg = await self._joining.join(place, call_id, self.user, mode, self)
        await self._rows.run(self._desk.set_line, self.row_id, LineState.AWAY, self._kind, call_id)
        self._is_on_call()

    def _is_on_call(self) -> None:
        self.tell_state()
        self._watching = asyncio.get_running_loop().create_task(watch(lambda: self.socket))

    # --- the telephone on their desk

    def _ring_phone(self, call_id: str) -> None:
        """It rings first, and the call is theirs when they have picked up: nobody waits for an empty desk."""
        if self._ringing is not None or self._leg is not None:
            raise JoinRefused("talking", "there is a call on your line already")
        self._ringing = self._tasks.start(self._by_phone(call_id))

    async def _by_phone(self, call_id: str) -> None:
        self._tell_phone("ringing")
        try:
            url = await self._rows.run(self._desk.sip_process)
            if url is None or self.user.sip_address is None:
                raise JoinRefused("no_telephone", "telephones cannot be rung now; take calls in the browser")
            self._phone = await rung(
                self._parts.settings, url, self.user.sip_address, self._said_into_phone, self._phone_ended
            )
            self._tell_phone("answered")
            await self._answer(call_id)
            self._unless_put_down()
        except JoinRefused as refused:
            self.socket.send(messages.error(refused.code, str(refused)))
        finally:
            self._ringing = None
            if self._leg is None:
                phone, self._phone = self._phone, None
                if phone is not None:
                    phone.hang_up()
                self._tell_phone("idle")

    def _unless_put_down(self) -> None:
        """Who hangs up in the very moment in which the call comes is not talking with anybody."""
        if self._phone is None and self._leg is not None:
            self._leg.lost(LOST[0])

    def _tell_phone(self, state: str) -> None:
        self._last_told["telephone"] = told = Out("telephone", {"state": state})
        self.socket.send(told)

    def _said_into_phone(self, mulaw: bytes) -> None:
        if self._leg is not None:
            self._leg.say(mulaw)

    def _phone_ended(self) -> None:
        """They have hung up."""
        self._phone = None
        if self._leg is not None:
            self._leg.do(Leave())

    def _hang_up_phone(self) -> None:
        phone, self._phone = self._phone, None
        if phone is not None:
            phone.hang_up()
            self._tell_phone("idle")

    # --- offers

    @property
    def offered(self) -> str | None:
        """The call that rings here."""
        return self._offered

    def ring(self, call_id: str, told: Out) -> None:
        if self._leg is None:
            self._offered = call_id
            self._last_told["ringing"] = told
            self.socket.send(told)

    def ring_stopped(self, reason: str) -> None:
        self.socket.send(Out("ring_stopped", {"call": self._offered, "reason": reason}))
        self._rings_no_more()

    # --- inside

    def _rings_no_more(self) -> None:
        self._offered = None
        self._last_told.pop("ringing", None)

    async def _set_row(self) -> None:
        if self._leg is None:
            await self._rows.run(self._desk.set_line, self.row_id, self._wants, self._kind)
