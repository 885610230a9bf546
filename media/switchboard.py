"""The calls that one media process carries, whatever their channel: room for more, their time limit, lost lines.

A call whose line is lost waits for it to come back where the channel can do that; else it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from ivr.calls import TurnAnswer
from media.call_tools import CallTools
from media.line import Line
from media.live_call import LiveCall
from media.parts import GatewayParts
from media.rows import Rows
from models import CallStatus

log = structlog.get_logger("media")


class AlreadyCarried(Exception):
    """Another line of this process has this call."""


@dataclass(slots=True)
class Carried:
    call: LiveCall
    line: Line
    limit: asyncio.TimerHandle


class Switchboard:
    """`gateway` is the process's name in the rows. Made inside the running loop."""

    def __init__(self, parts: GatewayParts, rows: Rows, tools: CallTools, gateway: str, *, most_calls: int) -> None:
        self._parts = parts
        self._rows = rows
        self._tools = tools
        self._gateway = gateway
        self._most_calls = most_calls
        self._carried: dict[str, Carried] = {}
        self._arriving = 0
        self._lost: dict[str, asyncio.Task[None]] = {}
        self.closing = False

    @property
    def calls(self) -> int:
        return len(self._carried)

    @property
    def full(self) -> bool:
        return self.calls + self._arriving >= self._most_calls

    @property
    def waits_for(self) -> int:
        """Calls whose lines are lost, and may come back."""
        return len(self._lost)

    def get(self, call_id: str) -> Carried | None:
        return self._carried.get(call_id)

    def all(self) -> list[Carried]:
        return list(self._carried.values())

    # --- calls come up

    def arrives(self) -> None:
        """A call is being made ready: it counts as carried until `arrived`."""
        self._arriving += 1

    def arrived(self) -> None:
        self._arriving -= 1

    def carry(self, answer: TurnAnswer, line: Line, *, again: bool = False) -> LiveCall:
        """Plays `answer` on `line`, and everything that follows from it. `again`: the call has come back to us.

        Raises AlreadyCarried.
        """
        call_id = answer.call_id
        if call_id in self._carried:
            raise AlreadyCarried("this call is already on another phone")
        self._wait_no_more(call_id)
        call = LiveCall(self._tools, call_id, line, over=lambda: self.drop(call_id, call))
        limit = asyncio.get_running_loop().call_later(
            self._parts.settings.callflows.cut_off_after_s, call.say_last, "too_long", "time limit"
        )
        self._carried[call_id] = Carried(call, line, limit)
        log.info("call_up", call=call_id, came_back=again, calls=self.calls)
        try:
            call.begin(answer, again=again)
        except Exception:
            self.drop(call_id, call)
            raise
        return call

    def drop(self, call_id: str, call: LiveCall) -> None:
        """`call` is not carried any more. Does nothing when another has taken its place."""
        carried = self._carried.get(call_id)
        if carried is not None and carried.call is call:
            carried.limit.cancel()
            del self._carried[call_id]

    # --- lines are lost

    async def lost(self, call_id: str, call: LiveCall) -> None:
        """The line is gone without a word. The call waits for it `media.reconnect_s`, then ends."""
        carried = self._carried.get(call_id)
        if carried is None or carried.call is not call or self.closing:
            return
        self.drop(call_id, call)
        message = await call.detach()
        if call.over or call_id in self._carried:  # it was hanging up; it has come back while its last turn was made
            return
        log.info("phone_lost", call=call_id, waits_s=self._parts.settings.media.reconnect_s)

        async def give_up() -> None:
            await asyncio.sleep(self._parts.settings.media.reconnect_s)
            ours = await self._still_ours(call_id)
            del self._lost[call_id]  # until here it may be found
            if ours:
                await call.left(message, "connection lost")
            else:
                self._tools.floor.over(call_id, "carried elsewhere")
                self._tools.tapes.left(call_id)

        self._lost[call_id] = asyncio.get_running_loop().create_task(give_up())

    def knows(self, call_id: str) -> bool:
        """It is carried, or waited for: it needs no room that another call could have."""
        return call_id in self._carried or call_id in self._lost

    @contextlib.contextmanager
    def found(self, call_id: str) -> Iterator[None]:
        """A lost call is being come back to: it is not given up meanwhile. Where that fails, it is waited for anew."""
        waited = self._wait_no_more(call_id)
        try:
            yield
        except BaseException:
            if waited and not self.closing:
                self._wait_for(call_id)
            raise

    async def adopt_orphans(self) -> None:
        """After a restart: calls that were up get the same time to come back as any other."""
        for call_id in await self._rows.up(self._gateway):
            self._wait_for(call_id)

    def _wait_no_more(self, call_id: str) -> bool:
        """Whether it was waited for."""
        waiting = self._lost.pop(call_id, None)
        if waiting is not None:
            waiting.cancel()
        return waiting is not None

    def _wait_for(self, call_id: str) -> None:
        self._lost[call_id] = asyncio.get_running_loop().create_task(self._give_up_orphan(call_id))

    async def _give_up_orphan(self, call_id: str) -> None:
        await asyncio.sleep(self._parts.settings.media.reconnect_s)
        ours = await self._still_ours(call_id)
        del self._lost[call_id]
        if ours:
            await self.end_orphan(call_id)

    async def _still_ours(self, call_id: str) -> bool:
        """A call that has come back elsewhere (to another gateway, to a carrier's webhooks) is not ours to end."""
        try:
            return await self._rows.carried_by(call_id) == self._gateway
        except Exception:
            log.exception("call_not_ended", call=call_id)
            return False

    async def end_orphan(self, call_id: str) -> None:
        """Ends the row of a call that nobody carries."""
        try:
            await self._rows.ended(call_id, CallStatus.COMPLETED, "connection lost")
        except Exception:
            log.exception("call_not_ended", call=call_id)

    def forsake(self) -> None:
        """Nothing is waited for any more: the process goes."""
        self.closing = True
        for waiting in self._lost.values():
            waiting.cancel()
