"""Session timers: a call whose far end has silently gone is found out and ended (RFC 4028)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiosipua.session_timer import parse_session_expires, peer_allows_update, watchdog_delay

from media.sip.clock import Clock, Timer
from media.sip.messages import Request, Response

MIN_SE: Final = 90  # seconds; RFC 4028 section 4

_MOST: Final = 86400  # seconds; who wants longer than a day between two signs of life wants none


class TooSmall(ValueError):
    """They want a shorter interval than we take: answered 422 with Min-SE."""


@dataclass(frozen=True, slots=True)
class Session:
    """What was agreed on. `interval` in seconds."""

    interval: int
    we_refresh: bool
    they_support: bool


def asked_for(request: Request, ours: int) -> Session:
    """As the called party: their interval where it is shorter than ours; they refresh where they can."""
    supports = "timer" in request.tokens("supported") or "timer" in request.tokens("require")
    wanted, refresher = parse_session_expires(request.header("session-expires") or "")
    least = max(MIN_SE, _seconds(request.header("min-se")))
    if wanted and wanted < MIN_SE:
        if supports:
            raise TooSmall
        wanted = 0
    interval = min(max(min(wanted, ours) if wanted else ours, least), _MOST)
    return Session(interval, we_refresh=not supports or refresher == "uas", they_support=supports)


def answered_with(response: Response, ours: int) -> Session:
    """As the calling party: what their 2xx says; where it says nothing, we refresh at our own pace."""
    value = response.header("session-expires")
    interval, refresher = parse_session_expires(value or "")
    if not interval:
        return Session(ours, we_refresh=True, they_support=False)
    return Session(min(max(interval, MIN_SE), _MOST), we_refresh=refresher != "uas", they_support=True)


def answer_headers(session: Session) -> dict[str, str]:
    """For our 2xx to an INVITE or UPDATE of theirs."""
    headers = {"Session-Expires": f"{session.interval};refresher={'uas' if session.we_refresh else 'uac'}"}
    if session.they_support and not session.we_refresh:
        headers["Require"] = "timer"
    return headers


def request_headers(interval: int, least: int = MIN_SE, *, refresher: str = "") -> dict[str, str]:
    """For our INVITE, or our refresh of a session."""
    return {
        "Session-Expires": f"{interval}{';refresher=' + refresher if refresher else ''}",
        "Min-SE": str(least),
    }


def least_of(response: Response) -> int:
    """The Min-SE of their 422; 0 when there is none."""
    return _seconds(response.header("min-se"))


def _seconds(value: str | None) -> int:
    text = (value or "").partition(";")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


class Watch:
    """The timer of one call: refreshes at half the interval, or waits for theirs."""

    def __init__(self, clock: Clock, refresh: Callable[[], None], expired: Callable[[], None]) -> None:
        self._clock = clock
        self._refresh = refresh
        self._expired = expired
        self._timers: list[Timer] = []
        self.session: Session | None = None

    def start(self, session: Session) -> None:
        """From now on; also after every refresh."""
        self.stop()
        self.session = session
        if session.we_refresh:
            self._timers.append(self._clock.call_later(session.interval / 2, self._refresh))
            self._timers.append(self._clock.call_later(session.interval, self._expired))
        else:
            self._timers.append(self._clock.call_later(watchdog_delay(session.interval), self._expired))

    def refreshed(self) -> None:
        if self.session is not None:
            self.start(self.session)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


def may_update(allow: list[str]) -> bool:
    """Whether a refresh may be an UPDATE; who does not say what is allowed gets a re-INVITE, which all know."""
    return bool(allow) and peer_allows_update(allow)
