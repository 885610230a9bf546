"""A transfer by REFER: the far end calls somebody else, and tells us how that goes (RFC 3515)."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from media.sip.clock import Clock, Timer
from media.sip.listening import ReferOutcome
from media.sip.messages import REASONS, Request, Response

_FRAGMENT: Final = re.compile(rb"\s*SIP/2\.0\s+(\d{3})(?:[ \t]+([^\r\n]{0,120}))?", re.IGNORECASE)


def progress_in(notify: Request) -> tuple[int, str] | None:
    """The status line of a NOTIFY's message/sipfrag."""
    found = _FRAGMENT.match(notify.body)
    return (int(found[1]), (found[2] or b"").decode("utf-8", "replace")) if found else None


class Transfer:
    """One REFER. It is over when the new call is answered or refused, when the far end hangs up, or in time."""

    def __init__(self, clock: Clock, give_up_s: float) -> None:
        self._outcome: asyncio.Future[ReferOutcome] = asyncio.get_running_loop().create_future()
        self._last: tuple[int, str] = (0, "")
        self._timer: Timer | None = clock.call_later(give_up_s, self._given_up)
        self.accepted = False

    async def outcome(self) -> ReferOutcome:
        return await self._outcome

    def answered(self, response: Response) -> None:
        """To the REFER itself. A NOTIFY may have come before it."""
        if response.status < 200:
            return
        if response.status >= 300:
            self._over(done=False, status=response.status, reason=response.reason)
            return
        self.accepted = True
        if not self._last[0]:
            self._last = (response.status, response.reason)

    def notified(self, notify: Request) -> None:
        progress = progress_in(notify)
        if progress is not None:
            self._last = progress
        self.accepted = True
        status, reason = self._last
        ended = (notify.header("subscription-state") or "").lower().startswith("terminated")
        if status >= 200 and (progress is not None or ended):
            self._over(done=status < 300, status=status, reason=reason or REASONS.get(status, ""))
        elif ended:
            self._over(done=False, status=status, reason="the far end tells no more of it")

    def call_ended(self) -> None:
        """They hung up: whoever took our REFER has gone to the new call; who did not has just gone."""
        status, reason = self._last
        if self.accepted and status < 300:
            self._over(done=True, status=status, reason=reason)
        else:
            self._over(done=False, status=status or 487, reason="the call ended")

    def _given_up(self) -> None:
        self._timer = None
        self._over(done=False, status=408, reason="nothing was told of the new call in time")

    def _over(self, *, done: bool, status: int, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._outcome.done():
            self._outcome.set_result(ReferOutcome(done, status, reason))
