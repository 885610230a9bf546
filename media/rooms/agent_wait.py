"""The flow's transfer to agents as one caller goes through it: waiting with music, talking, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ivr.events import DialEnded
from ivr.outputs import Transfer
from media.rooms import waiting
from media.rooms.members import TalkTools

if TYPE_CHECKING:
    from media.rooms.talk import Talk

log = structlog.get_logger("media")

COMFORT_S = 30.0
"""Who waits is told so often that they have not been forgotten."""
CLAIMED_S = 5.0
"""An agent who has taken the call must be heard within that, else it waits on."""


class AgentWait:
    """The transfer of answer `turn`. `ended`: how, when the caller was away just then. `on_telephone`: the caller talks
    with another telephone, by way of their line."""

    def __init__(self, talk: Talk, tools: TalkTools, turn: int, wish: Transfer) -> None:
        self.turn = turn
        self.talking_since: float | None = None
        self.ended: DialEnded | None = None
        self.on_telephone = False
        self._wish = wish
        self._talk = talk
        self._desk = tools.desk
        self._database = tools.parts.database
        self._clock = tools.parts.clock
        self._timers: list[asyncio.TimerHandle] = []
        self._log = log.bind(call=talk.call_id)

    @property
    def leave_key(self) -> str | None:
        """What a caller who has waited long enough may press, now."""
        return None if self.talking_since is not None or self.ended is not None else self._wish.leave_key

    def begin(self) -> None:
        self._talk.rows.later(self._begin)

    def wait(self) -> None:
        """With music, for the first agent or another."""
        self.talking_since = None
        self._talk.room.mixer.waiting = True
        self._talk.room.live = True
        self.stop_timers()
        self._in(self._wish.timeout_s, self.give_up)
        self._in(COMFORT_S, self._comfort)
        self._in(CLAIMED_S, self._see_to_claim, None)

    def give_up(self, *, final: bool = False) -> None:
        """Nobody came. An agent who has taken the call this very moment gets a little longer to be heard."""
        self._talk.rows.later(self._give_up, final=final)

    def talk_begins(self) -> None:
        self.talking_since = asyncio.get_running_loop().time()
        self.stop_timers()

    def talked_s(self) -> float:
        assert self.talking_since is not None
        return round(asyncio.get_running_loop().time() - self.talking_since, 1)

    def write_end(self) -> None:
        self._talk.rows.write(waiting.end, self._database, self._talk.call_id)

    def write_away(self, away: bool) -> None:
        """The caller's connection is lost, or back."""
        self._talk.rows.write(waiting.away, self._database, self._talk.call_id, self._clock() if away else None)

    def stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    # --- inside

    @property
    def _waits(self) -> bool:
        return self._talk.wait is self and self.talking_since is None

    async def _begin(self) -> None:
        try:
            somebody = await self._talk.rows.run(waiting.begin, self._database, self._talk.call_id, self._clock())
        except SQLAlchemyError as error:
            self._log.error("cannot_wait_for_agent", error=type(error).__name__)
            somebody = False
        if self._talk.wait is not self or self._talk.closed:
            return
        if not somebody:
            self._log.info("nobody_at_work")
            self._talk.dial_over(DialEnded("failed"))
            return
        self._log.info("waits_for_agent", timeout_s=self._wish.timeout_s)
        if self._talk.call is not None:
            self.wait()

    def _comfort(self) -> None:
        if self._waits:
            self._in(COMFORT_S, self._comfort)
            self._talk.telling.say("still_waiting")

    def _see_to_claim(self, claimed_by: int | None) -> None:
        self._talk.rows.later(self._look_at_claim, claimed_by)

    async def _look_at_claim(self, claimed_by: int | None) -> None:
        """An agent's process that died between taking the call and joining it keeps nobody else from it for long."""
        agent = await self._talk.rows.run(self._desk.agent_of, self._talk.call_id)
        if not self._waits or self._talk.call is None:
            return
        if agent is not None and agent == claimed_by:
            await self._talk.rows.run(self._desk.unclaim, self._talk.call_id, agent)
        self._in(CLAIMED_S, self._see_to_claim, agent)

    async def _give_up(self, *, final: bool) -> None:
        if not self._waits:
            return
        if await self._talk.rows.run(waiting.end, self._database, self._talk.call_id, unless_taken=not final):
            if self._waits:
                self._talk.dial_over(DialEnded("no-answer"))
        else:
            self._timers.append(asyncio.get_running_loop().call_later(CLAIMED_S, lambda: self.give_up(final=True)))

    def _in(self, seconds: float, function: Callable[..., None], *arguments: object) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, function, *arguments))
