"""Tells the trunk where we are, again and again (RFC 3261 section 10)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import structlog
from aiosipua import SipRequest, generate_call_id, generate_tag

from media.sip.asking import Asking
from media.sip.clock import Timer
from media.sip.core import Core
from media.sip.grammar import DEFAULT_PORT, BadValue, read_name_addr, read_uri
from media.sip.messages import Response, Source, new_request

log = structlog.get_logger("sip")

_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 300.0
_EARLY: Final = 0.8  # of the time granted: renewed before it is over

FindTrunk = Callable[[Callable[[Source | None], None]], None]


class Registration:
    """`registered`: None until the first answer. After a failure it is tried again with growing pauses, for ever."""

    def __init__(self, core: Core, find_trunk: FindTrunk, user: str, seconds: int) -> None:
        self._core = core
        self._find_trunk = find_trunk
        self._address = f"sip:{user}@{core.trunk_domain()}"
        self._registrar = f"sip:{core.trunk_place()}"
        self._seconds = seconds
        self._call_id = generate_call_id("hotline")
        self._tag = generate_tag()
        self._cseq = 0
        self._pause = _FIRST_PAUSE_S
        self._timer: Timer | None = None
        self._asking: Asking | None = None
        self._leaving: Callable[[], None] | None = None
        self.registered: bool | None = None

    def start(self) -> None:
        self._timer = None
        self._ask(self._seconds)

    def stop(self, done: Callable[[], None]) -> None:
        """Takes our address back; `done` is told when that was answered, or there is nothing to take back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._asking is not None:
            self._asking.withdraw()
        if not self.registered:
            done()
            return
        self._leaving = done
        self._ask(0)

    def _ask(self, seconds: int) -> None:
        asking = Asking(
            self._core.layer.request,
            lambda: self._request(asking, seconds),
            lambda response: self._answered(asking, response),
            self._core.login,
        )
        self._asking = asking
        self._find_trunk(asking.go)

    def _request(self, asking: Asking, seconds: int) -> SipRequest:
        self._cseq += 1
        us = f"<{self._address}>"
        request = new_request(
            "REGISTER", self._registrar, from_=f"{us};tag={self._tag}", to=us, call_id=self._call_id, cseq=self._cseq
        )
        headers = request.headers
        if asking.to is not None:
            headers.set_single("Contact", self._core.contact(asking.to))
        headers.set_single("Expires", str(seconds))
        headers.set_single("User-Agent", self._core.config.user_agent)
        return request

    def _answered(self, asking: Asking, response: Response) -> None:
        if response.status < 200:
            return
        self._asking = None
        if self._leaving is not None:
            self._leaving()
            return
        if self._core.closing:
            return
        if response.status < 300 and asking.to is not None:
            self._renewed(response, asking.to)
        elif response.status == 423 and self._seconds < _min_expires(response) < 86400:
            self._seconds = _min_expires(response)
            self._ask(self._seconds)
        else:
            self._failed(response)

    def _renewed(self, response: Response, to: Source) -> None:
        if not self.registered:
            log.info("registered at the trunk", as_=self._address)
        self.registered = True
        self._pause = _FIRST_PAUSE_S
        granted = self._granted(response, to)
        self._timer = self._core.clock.call_later(max(granted * _EARLY, 1.0), self.start)

    def _failed(self, response: Response) -> None:
        self.registered = False
        pause = self._pause * random.uniform(0.8, 1.2)  # noqa: S311  # so that not all come back at the same moment
        log.warning(
            "not registered at the trunk", status=response.status, why=response.reason[:100], again_in_s=round(pause)
        )
        self._timer = self._core.clock.call_later(pause, self.start)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_S)

    def _granted(self, response: Response, to: Source) -> int:
        """Seconds: what our own Contact says among those they list, else Expires, else what we asked for.

        A registrar may list other telephones of the account, and may write an address of ours as it sees it.
        """
        host, port = self._core.sent_by(to)
        ours, at_our_port = 0, []
        for value in response.headers.get("contact"):
            try:
                contact = read_name_addr(value)
                uri = read_uri(contact.uri)
            except BadValue:
                continue
            granted = _number(contact.params.get("expires"))
            if granted and (uri.port or DEFAULT_PORT) == port:
                at_our_port.append(granted)
                ours = ours or (granted if uri.bare_host == host else 0)
        return ours or min(at_our_port, default=0) or _number(response.header("expires")) or self._seconds


def _min_expires(response: Response) -> int:
    return _number(response.header("min-expires"))


def _number(text: str | None) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
