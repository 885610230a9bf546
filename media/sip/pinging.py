"""Asks the trunk again and again whether it is there (RFC 3261 section 11), where it is not registered with."""

from __future__ import annotations

import random
from typing import Final

import structlog
from aiosipua import SipRequest, generate_call_id, generate_tag

from media.sip.asking import Asking
from media.sip.clock import Timer
from media.sip.core import Core
from media.sip.messages import Response, new_request
from media.sip.registering import FindTrunk

log = structlog.get_logger("sip")

_PATIENCE_S: Final = 8.0
"""Five times the question has been sent by then."""
_AGAIN_S: Final = 10.0
"""One that is gone is asked at least so often, so that it is not missed for long when it is back."""
_OUT_OF_SERVICE: Final = 503


class Ping:
    """`reachable`: None until the first answer. Any answer but 503 is one: many trunks know no OPTIONS and say so."""

    def __init__(self, core: Core, find_trunk: FindTrunk, every_s: float) -> None:
        self._core = core
        self._find_trunk = find_trunk
        self._every_s = every_s
        self._call_id = generate_call_id("hotline")
        self._tag = generate_tag()
        self._cseq = 0
        self._timer: Timer | None = None
        self._asking: Asking | None = None
        self.reachable: bool | None = None

    def ask(self) -> None:
        """Now; then again and again."""
        self._stop_waiting()
        asking = Asking(
            self._core.layer.request,
            lambda: self._request(asking),
            lambda response: self._answered(asking, response),
            self._core.login,
        )
        self._asking = asking
        self._timer = self._core.clock.call_later(_PATIENCE_S, self._given_up)
        self._find_trunk(asking.go)

    def missed(self) -> None:
        """A call found nobody there."""
        self._give_up()
        self._know(reachable=False, why="a call was not answered at all")

    def stop(self) -> None:
        self._stop_waiting()
        self._give_up()

    # --- inside

    def _request(self, asking: Asking) -> SipRequest:
        core = self._core
        self._cseq += 1
        trunk = core.config.trunk
        assert trunk is not None
        user = f"{trunk.username}@" if trunk.username else ""
        there = f"sip:{core.trunk_place()}"
        us = f"<sip:{user}{core.trunk_domain()}>;tag={self._tag}"
        request = new_request("OPTIONS", there, from_=us, to=f"<{there}>", call_id=self._call_id, cseq=self._cseq)
        headers = request.headers
        if asking.to is not None:
            headers.set_single("Contact", core.contact(asking.to))
        headers.set_single("Accept", "application/sdp")
        headers.set_single("User-Agent", core.config.user_agent)
        return request

    def _answered(self, asking: Asking, response: Response) -> None:
        if asking is not self._asking or response.status < 200:
            return
        self._asking = None
        there = not response.local and response.status != _OUT_OF_SERVICE
        self._know(reachable=there, why=f"{response.status} {response.reason}"[:100])

    def _given_up(self) -> None:
        self._timer = None
        self._give_up()
        self._know(reachable=False, why=f"no answer in {_PATIENCE_S:.0f} s")

    def _know(self, *, reachable: bool, why: str) -> None:
        self._stop_waiting()
        if self._core.closing:
            return
        if reachable is not self.reachable:
            (log.info if reachable else log.warning)("trunk answers" if reachable else "trunk does not answer", why=why)
        self.reachable = reachable
        pause = self._every_s if reachable else min(self._every_s, _AGAIN_S)
        spread = random.uniform(0.9, 1.1)  # noqa: S311  # so that not all ask at the same moment
        self._timer = self._core.clock.call_later(pause * spread, self.ask)

    def _give_up(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.withdraw()
            if asking.transaction is not None:
                asking.transaction.terminate()

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
