"""What we ask of others, sent again until it is answered (RFC 3261 section 17.1, RFC 6026)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aiosipua import CaseInsensitiveDict, SipRequest, generate_branch

from media.sip.clock import Timer
from media.sip.grammar import NameAddr, Via
from media.sip.messages import REASONS, Response, Source

if TYPE_CHECKING:
    from media.sip.transactions import TransactionLayer

Answered = Callable[[Response], None]

_LARGEST_DATAGRAM: Final = 1300  # bytes; larger requests go over TCP (RFC 3261 section 18.1.1)


class State(enum.Enum):
    CALLING = enum.auto()  # nothing has come yet
    PROCEEDING = enum.auto()  # something provisional has
    COMPLETED = enum.auto()  # a final answer has; of an INVITE: one that refuses
    ACCEPTED = enum.auto()  # INVITE: a 2xx has, and further ones may
    TERMINATED = enum.auto()


class ClientTransaction:
    """`answered` is told of provisional answers, of the final one, and of every 2xx to an INVITE.

    A final answer always comes: 408 of our own when time is up, 503 when it could not be sent.
    """

    def __init__(self, layer: TransactionLayer, request: SipRequest, to: Source, answered: Answered) -> None:
        self._layer = layer
        self.request = request
        self.to = to
        self.branch = generate_branch()
        self.state = State.CALLING
        self._invite = request.method == "INVITE"
        self._answered: Answered | None = answered
        self._pause = layer.timing.t1
        self._resend: Timer | None = None
        self._end: Timer | None = None
        self._by_datagram: Source | None = None
        self._data = b""

    @property
    def key(self) -> tuple[str, str]:
        return self.branch, self.request.method

    def start(self) -> None:
        self._write()
        if self.to.transport == "UDP" and len(self._data) > _LARGEST_DATAGRAM:
            self._by_datagram = self.to
            self.to = Source("TCP", self.to.host, self.to.port)
            self._write()
        self._end = self._layer.clock.call_later(self._layer.timing.giving_up, self._timed_out)  # timers B and F
        self._send()

    def start_with(self, branch: str) -> None:
        """A CANCEL: it bears the branch of what it cancels, and goes the same way."""
        self.branch = branch
        self._layer.remember_client(self)
        self.start()

    def _write(self) -> None:
        self._layer.write_via(self.request, self.to, self.branch)
        self._data = bytes(self.request)

    def _send(self) -> None:
        self._layer.send(self._data, self.to, self._not_sent)
        if self.to.transport == "UDP":
            self._resend = self._layer.clock.call_later(self._pause, self._again)  # timers A and E

    def _again(self) -> None:
        self._resend = None
        longest = self._layer.timing.giving_up if self._invite else self._layer.timing.t2
        self._pause = min(2 * self._pause, longest)
        self._send()

    def _not_sent(self, why: str) -> None:
        if self.state is not State.CALLING:
            return
        if self._by_datagram is not None:
            # They do not take TCP: rather a datagram that may be cut up on its way than none.
            self.to, self._by_datagram = self._by_datagram, None
            self._write()
            self._send()
            return
        self._over(503, f"cannot be reached: {why}"[:120])

    def _timed_out(self) -> None:
        self._end = None
        self._over(408, REASONS[408])

    def _over(self, status: int, reason: str) -> None:
        tell = self._answered
        self.terminate()
        if tell is not None:
            tell(self._own_answer(status, reason))

    def _own_answer(self, status: int, reason: str) -> Response:
        via = Via(self.to.transport, self.to.host, self.to.port, {"branch": self.branch})
        call_id = self.request.headers.get_first("call-id") or ""
        cseq = int((self.request.headers.get_first("cseq") or "0").split()[0])
        to = NameAddr("", "", {})
        none = CaseInsensitiveDict()
        return Response(status, reason, none, b"", via, to, call_id, cseq, self.request.method, local=True)

    def response(self, response: Response) -> None:
        if self.state is State.ACCEPTED:
            if response.status < 300:
                self._tell(response)
            return
        if self.state is State.COMPLETED:
            if self._invite and response.status >= 300:
                self._acknowledge(response)
            return
        if self.state is State.TERMINATED:
            return
        timing = self._layer.timing
        if response.status < 200:
            if self.state is State.CALLING and self._invite:
                self._stop_sending()
                self._stop_waiting()  # from here on a caller waits as long as it likes
            elif self._resend is not None:
                self._pause = timing.t2
            self.state = State.PROCEEDING
            self._tell(response)
            return
        self._stop_sending()
        self._stop_waiting()
        reliable = self.to.transport == "TCP"
        if self._invite and response.status < 300:
            self.state = State.ACCEPTED
            self._end = self._layer.clock.call_later(timing.giving_up, self.terminate)  # timer M
            self._tell(response)
            return
        self.state = State.COMPLETED
        if self._invite:
            self._acknowledge(response)
        linger = 0.0 if reliable else timing.giving_up if self._invite else timing.t4  # timers D and K
        if linger:
            self._end = self._layer.clock.call_later(linger, self.terminate)
        tell, self._answered = self._answered, None
        if not linger:
            self.terminate()
        if tell is not None:
            tell(response)

    def _tell(self, response: Response) -> None:
        if self._answered is not None:
            self._answered(response)

    def _acknowledge(self, response: Response) -> None:
        """The ACK to a refusal is part of this transaction (RFC 3261 section 17.1.1.3)."""
        given = self.request.headers
        ack = SipRequest(method="ACK", uri=self.request.uri)
        ack.headers.append("Via", given.get_first("via") or "")
        for name in ("From", "Call-ID", "Max-Forwards"):
            ack.headers.set_single(name, given.get_first(name) or "")
        ack.headers.set_single("To", response.headers.get_first("to") or given.get_first("to") or "")
        ack.headers.set_single("CSeq", f"{response.cseq} ACK")
        for route in given.get("route"):
            ack.headers.append("Route", route)
        self._layer.send(bytes(ack), self.to)

    def cancel(self, answered: Answered) -> None:
        """CANCEL of an INVITE of which something provisional has been heard (RFC 3261 section 9.1)."""
        given = self.request.headers
        request = SipRequest(method="CANCEL", uri=self.request.uri)
        for name in ("From", "To", "Call-ID", "Max-Forwards"):
            request.headers.set_single(name, given.get_first(name) or "")
        request.headers.set_single("CSeq", f"{(given.get_first('cseq') or '1').split()[0]} CANCEL")
        for route in given.get("route"):
            request.headers.append("Route", route)
        ClientTransaction(self._layer, request, self.to, answered).start_with(self.branch)

    def give_up_after(self, delay: float) -> None:
        """A cancelled INVITE that is not even answered 487 ends by itself, with a 408 of our own."""
        self._stop_waiting()
        self._end = self._layer.clock.call_later(delay, self._timed_out)

    def _stop_sending(self) -> None:
        if self._resend is not None:
            self._resend.cancel()
            self._resend = None

    def _stop_waiting(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def terminate(self) -> None:
        self._stop_sending()
        self._stop_waiting()
        self.state = State.TERMINATED
        self._answered = None
        self._layer.forget_client(self)
