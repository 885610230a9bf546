"""A call offered by one agent to another: their line rings until they answer, decline, or the time is up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from media import messages
from media.messages import Out
from media.rooms.staff import JoinRefused
from media.tasks import Tasks

if TYPE_CHECKING:
    from media.rooms.members import Member, TalkTools
    from media.rooms.talk import Talk

log = structlog.get_logger("media")

RINGS_S: Final = 25.0
LOOK_S: Final = 0.4


@dataclass(slots=True)
class _Offer:
    by: Member
    to: str  # as it was asked for
    line_id: str
    stay: bool
    answered: bool = False
    withdrawn: bool = False


class Offers:
    """Of one talk."""

    def __init__(self, talk: Talk, tools: TalkTools) -> None:
        self._talk = talk
        self._tools = tools
        self._offers: dict[int, _Offer] = {}  # by the user to whom
        self._tasks = Tasks()

    def to(self, user_id: int) -> bool:
        return user_id in self._offers

    @property
    def ringing(self) -> bool:
        """A line of a colleague rings for this call, or is about to."""
        return bool(self._tasks)

    def begin(self, by: Member, username: str, *, stay: bool) -> None:
        self._tasks.start(self._ring(by, username, stay))

    def taken_by(self, member: Member) -> None:
        """The one to whom the call was offered has joined: who offered it leaves, unless they wanted to stay."""
        offer = self._offers.pop(member.user.id, None)
        if offer is None:
            return
        offer.answered = True
        _tell(self._talk, offer.by, offer.to, "answered")
        if not offer.stay:
            self._talk.agent_is(member)
            self._talk.leave(offer.by, "transferred")

    def gone(self, member: Member) -> None:
        """Whoever offered the call is not on it any more."""
        for user_id, offer in list(self._offers.items()):
            if offer.by is member:
                offer.withdrawn = True
                del self._offers[user_id]

    def close(self) -> None:
        for offer in self._offers.values():
            offer.withdrawn = True
        self._offers.clear()

    async def _ring(self, by: Member, username: str, stay: bool) -> None:
        desk, run, call_id = self._tools.desk, self._tools.rows.run, self._talk.call_id
        to = f"agent:{username}"
        try:
            user_id, line_id = await run(desk.offer, call_id, username)
        except JoinRefused as refused:
            by.ear.tell(messages.error(refused.code, str(refused)))
            _tell(self._talk, by, to, "failed")
            return
        offer = self._offers[user_id] = _Offer(by, to, line_id, stay)
        _tell(self._talk, by, to, "ringing")
        outcome = await self._outcome(offer)
        self._offers.pop(user_id, None)
        if not offer.answered:
            await run(desk.withdraw, call_id, line_id)
            if not offer.withdrawn:
                _tell(self._talk, by, to, outcome)

    async def _outcome(self, offer: _Offer) -> str:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + RINGS_S
        while loop.time() < ends_at and not (offer.answered or offer.withdrawn):
            await asyncio.sleep(LOOK_S)
            offered = await self._tools.rows.run(self._tools.desk.still_offered, self._talk.call_id, offer.line_id)
            if not offered:
                await asyncio.sleep(LOOK_S)  # it was answered, and they are about to join
                return "declined"
        return "no-answer"


def _tell(talk: Talk, member: Member, to: str, state: str) -> None:
    member.ear.tell(Out("transfer", {"call": talk.call_id, "to": to, "state": state}))
