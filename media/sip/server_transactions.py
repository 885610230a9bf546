"""Answers to what others ask of us, sent again when they get lost (RFC 3261 section 17.2, RFC 6026)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from media.sip.clock import Timer
from media.sip.messages import Request, reply_to

if TYPE_CHECKING:
    from media.sip.transactions import TransactionLayer


class State(enum.Enum):
    PROCEEDING = enum.auto()
    COMPLETED = enum.auto()  # a final answer is out; of an INVITE: one that refuses
    CONFIRMED = enum.auto()  # INVITE: the refusal was acknowledged
    ACCEPTED = enum.auto()  # INVITE: a 2xx is out
    TERMINATED = enum.auto()


class ServerTransaction:
    """One request and its answers. What is asked twice is answered twice, and reaches the call once."""

    __slots__ = (
        "_end",
        "_invite",
        "_last",
        "_layer",
        "_pause",
        "_resend",
        "_to",
        "cancelled",
        "key",
        "merge_key",
        "state",
        "tag",
        "unacknowledged",
    )

    def __init__(self, layer: TransactionLayer, key: Hashable, request: Request) -> None:
        """The request itself is not kept: a transaction outlives its call by half a minute."""
        self._layer = layer
        self.key = key
        self.merge_key: Hashable = None
        self.tag = ""  # INVITE: the To tag of its answers, which the answer to a CANCEL shares
        self._invite = request.method == "INVITE"
        self._to = reply_to(request.via, request.source)
        self.state = State.PROCEEDING
        self.unacknowledged: Callable[[], None] | None = None  # INVITE: told when no ACK to our 2xx has come
        self.cancelled: Callable[[], None] | None = None  # INVITE: told when they give up before our final answer
        self._last: bytes | None = None
        self._resend: Timer | None = None
        self._end: Timer | None = None
        self._pause = layer.timing.t1

    @property
    def answered(self) -> bool:
        """Whether a final answer is out."""
        return self.state is not State.PROCEEDING

    @property
    def silent(self) -> bool:
        """Whether nothing at all was answered yet."""
        return self._last is None

    def reply(self, status: int, data: bytes) -> None:
        """The first final answer counts; what comes after it is not sent."""
        if self.state is not State.PROCEEDING:
            return
        self._last = data
        self._send()
        if status < 200:
            return
        self.cancelled = None
        timing = self._layer.timing
        reliable = self._to.transport == "TCP"
        if not self._invite:
            self.state = State.COMPLETED
            self._end_after(0.0 if reliable else timing.giving_up)  # timer J
            return
        self.state = State.ACCEPTED if status < 300 else State.COMPLETED
        self._end_after(timing.giving_up)  # timers L and H
        # A 2xx is sent again over TCP as well: behind a proxy it may travel on by UDP (RFC 3261 section 13.3.1.4).
        if status < 300 or not reliable:
            self._resend = self._layer.clock.call_later(self._pause, self._again)  # timer G

    def _send(self) -> None:
        if self._last is not None:
            self._layer.send(self._last, self._to)

    def _again(self) -> None:
        self._send()
        self._pause = min(2 * self._pause, self._layer.timing.t2)
        self._resend = self._layer.clock.call_later(self._pause, self._again)

    def repeated(self) -> None:
        """The request has come again: they have not seen our answer."""
        if self.state in (State.PROCEEDING, State.COMPLETED):
            self._send()

    def acknowledged(self) -> None:
        """The ACK is there: to a refusal as part of this transaction, to a 2xx as the call says."""
        if self._resend is not None:
            self._resend.cancel()
            self._resend = None
        self.unacknowledged = None
        if self.state is State.COMPLETED:
            self.state = State.CONFIRMED
            self._end_after(0.0 if self._to.transport == "TCP" else self._layer.timing.t4)  # timer I

    def _end_after(self, delay: float) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if delay:
            self._end = self._layer.clock.call_later(delay, self._ended)
        else:
            self.terminate()

    def _ended(self) -> None:
        told = self.unacknowledged if self.state is State.ACCEPTED else None
        self._end = None
        self.terminate()
        if told is not None:
            told()

    def terminate(self) -> None:
        self.state = State.TERMINATED
        self.unacknowledged = self.cancelled = None
        for timer in (self._resend, self._end):
            if timer is not None:
                timer.cancel()
        self._resend = self._end = None
        self._layer.forget_server(self)
