"""All talks of one media process, as its calls and the legs of the staff find them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from ivr.events import DialEnded
from ivr.flow import AGENTS
from ivr.outputs import Say, Transfer
from media.line import HandedOver, TransferringLine
from media.live_call import LiveCall
from media.parts import GatewayParts
from media.rendering import Renderer
from media.rooms.desk_rows import LOST, DeskRows
from media.rooms.leg_rows import LegRows
from media.rooms.legs import TalkLeg
from media.rooms.members import TalkTools
from media.rooms.music import hold_music
from media.rooms.room import Ticker
from media.rooms.staff import Ear, JoinRefused, Staff
from media.rooms.talk import Talk
from media.rows import Rows
from media.tasks import Tasks
from models import LegMode

log = structlog.get_logger("media")
RESTARTED: Final = LOST[1]
BACK_WITHIN_S: Final = 4.0


class Floor:
    """A `media.call_tools.CallFloor`. Made inside the running loop."""

    def __init__(
        self, parts: GatewayParts, rows: Rows, renderer: Renderer, gateway: str, own_say: Callable[[str, str], Say]
    ) -> None:
        music = hold_music(parts.settings.media.hold_music)
        self._tools = TalkTools(
            parts, rows, DeskRows(parts, gateway), LegRows(parts), renderer, Ticker(), music, own_say
        )
        self._calls: dict[str, LiveCall] = {}
        self._talks: dict[str, Talk] = {}
        self._transfers = Tasks()

    @property
    def desk(self) -> DeskRows:
        return self._tools.desk

    @property
    def rooms(self) -> int:
        return self._tools.ticker.rooms

    # --- what calls tell

    def came(self, call: LiveCall) -> None:
        self._calls[call.call_id] = call
        talk = self._talks.get(call.call_id)
        if talk is not None:
            talk.back(call)

    def put_through(self, call: LiveCall, turn: int, wish: Transfer) -> None:
        if wish.to == AGENTS:
            self._talk(call).put_through(turn, wish)
            return
        self._transfers.start(_to_telephone(call, turn, wish))

    def lost(self, call: LiveCall) -> None:
        if self._calls.get(call.call_id) is call:
            del self._calls[call.call_id]
            if call.call_id in self._talks:
                self._talks[call.call_id].lost()

    def over(self, call_id: str, reason: str) -> None:
        self._calls.pop(call_id, None)
        talk = self._talks.get(call_id)
        if talk is not None:
            talk.over(reason)

    # --- what the staff does

    async def join(self, call_id: str, user: Staff, mode: LegMode, ear: Ear) -> TalkLeg:
        """Raises JoinRefused."""
        if mode is LegMode.TALK:
            await self._waited_for(call_id)
        talk = self._talks.get(call_id)
        if talk is None:
            call = self._calls.get(call_id)
            if call is None:
                raise JoinRefused("no_such_call", "this call is over, or its telephone has lost its connection")
            talk = self._talk(call)
        try:
            member = await talk.join(user, mode, ear)
        except JoinRefused:
            talk.dissolve_if_empty()
            raise
        return TalkLeg(talk, member)

    async def close(self) -> None:
        """The process goes: whoever is joined is told so, and may have their call back at once elsewhere."""
        for talk in list(self._talks.values()):
            for member in list(talk.members.values()):
                talk.leave(member, RESTARTED)
            await talk.rows.settled()
        await self._tools.ticker.close()

    # --- inside

    async def _waited_for(self, call_id: str) -> None:
        """A caller who has just come back hears the words before the transfer again, and only then waits again."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BACK_WITHIN_S
        while call_id in self._calls and loop.time() < until:
            talk = self._talks.get(call_id)
            if talk is not None and talk.waits:
                return
            await asyncio.sleep(0.05)

    def _talk(self, call: LiveCall) -> Talk:
        call_id = call.call_id
        if call_id not in self._talks:

            def over() -> None:
                if self._talks.get(call_id) is talk:
                    del self._talks[call_id]

            talk = self._talks[call_id] = Talk(self._tools, call, over)
        return self._talks[call_id]


async def _to_telephone(call: LiveCall, turn: int, wish: Transfer) -> None:
    """By the call's own line, where it can do that."""
    line = call.line
    if not isinstance(line, TransferringLine):
        call.cannot_be_put_through(turn)
        return
    try:
        ended = await line.transfer(wish.to, wish.timeout_s)
    except HandedOver:
        call.handed_over()
        return
    except Exception:
        log.exception("transfer_failed", call=call.call_id)
        ended = DialEnded("failed")
    call.dialled(turn, ended)
