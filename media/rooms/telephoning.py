"""A call put through to a telephone by an agent: it rings for the caller, who then talks with whoever picks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ivr.events import DialEnded
from ivr.outputs import RINGS_S
from media import messages
from media.line import CannotTransfer, HandedOver, TransferringLine
from media.messages import Out
from media.tasks import Tasks

if TYPE_CHECKING:
    from media.rooms.members import Member
    from media.rooms.talk import Talk

log = structlog.get_logger("media")


class Telephoning:
    """Of one talk. One telephone at a time."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._by: Member | None = None
        self._answered = False
        self._tasks = Tasks()

    @property
    def busy(self) -> bool:
        """A telephone rings for this call, or is on it."""
        return bool(self._tasks)

    def begin(self, by: Member, to: str, line: TransferringLine, *, stay: bool) -> None:
        self._by, self._answered = by, False
        self._tasks.start(self._put_through(by, to, line, stay))

    def gone(self, member: Member) -> None:
        """Whoever put the call through has left: nobody would take the caller back, so it rings no more."""
        if member is self._by and not self._answered:
            self._tasks.cancel()

    # --- inside

    async def _put_through(self, by: Member, to: str, line: TransferringLine, stay: bool) -> None:
        """The caller hears it ring, from their own line, and nobody hears them meanwhile."""
        talk = self._talk
        mixer, call = talk.room.mixer, talk.call
        mixer.held = talk.room.silent = True
        self._tell(by, to, "ringing")

        def has_answered() -> None:
            self._answered = True
            self._tell(by, to, "answered")
            talk.put_to_telephone(by, stay=stay)

        try:
            ended = await line.transfer(to, RINGS_S, answered=has_answered)
        except HandedOver:
            self._answered = True
            talk.over("transferred")
            if call is not None:
                call.handed_over()
            return
        except CannotTransfer as error:
            by.ear.tell(messages.error("cannot_transfer_here", str(error)))
            ended = DialEnded("failed")
        except Exception:
            log.exception("transfer_failed", call=talk.call_id)
            ended = DialEnded("failed")
        finally:
            if not self._answered:
                mixer.held = talk.room.silent = False
        if ended.status == "answered" and not self._answered:
            has_answered()
        self._tell(by, to, "ended" if self._answered else ended.status)
        if self._answered:
            talk.telephone_ended(ended)
        else:
            talk.telling.all_joined()

    def _tell(self, by: Member, to: str, state: str) -> None:
        if by.name in self._talk.members:
            by.ear.tell(Out("transfer", {"call": self._talk.call_id, "to": to, "state": state}))
