"""A telephone that says exactly what it is told to, so that lost, doubled and crossing messages can be played out."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol

from aiosipua import SipMessage, SipRequest, SipResponse

from media.sip.call import SipCall
from media.sip.clock import LoopClock, Timer
from media.sip.config import EndpointConfig
from media.sip.endpoint import SipEndpoint
from media.sip.listening import EndReason
from media.sip.timing import Timing

FAST = Timing(t1=0.02, t2=0.16, t4=0.1)
DEADLINE_S = 15.0

SDP = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio 6000 RTP/AVP 8 0 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=sendrecv
""".replace("\n", "\r\n")

_branches = itertools.count(1)
_Given = ParamSpec("_Given")


class Closing(Protocol):
    def close(self) -> Coroutine[Any, Any, None] | None: ...


_opened: list[Closing] = []

Message = SipRequest | SipResponse


def run(
    scenario: Coroutine[Any, Any, None], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> None:
    """Plays it on a loop of its own, and closes every phone and house it has opened."""

    async def limited() -> None:
        try:
            async with asyncio.timeout(4 * DEADLINE_S):
                await scenario
        finally:
            while _opened:
                closing = _opened.pop(0).close()
                if closing is not None:
                    await closing
            await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(limited())


def scenario(test: Callable[_Given, Coroutine[Any, Any, None]]) -> Callable[_Given, None]:
    """A test that is one scenario, which is played as `run` plays it."""

    @functools.wraps(test)
    def played(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        run(test(*args, **kwargs))

    return played


async def until(condition: Callable[[], bool], what: str = "") -> None:
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while not condition():
        assert asyncio.get_running_loop().time() < end, f"never came true: {what or condition}"
        await asyncio.sleep(0.005)


class Phone(asyncio.DatagramProtocol):
    """UDP. `messages` are what came and was not looked at yet."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.port = 0
        self.to = 0
        self.tag = "phone"
        self.call_id = f"call-{next(_branches)}@test"
        self.their_tag = ""
        self.cseq = 0
        self.branch = ""
        self.says_goodbye = True  # answers BYE by itself
        self._looked_at: set[tuple[str | None, int]] = set()
        self._asked: set[tuple[str, str | None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    @staticmethod
    async def open(to: int) -> Phone:
        phone = Phone()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: phone, local_addr=("127.0.0.1", 0))
        phone._transport = transport
        phone.port = transport.get_extra_info("sockname")[1]
        phone.to = to
        _opened.append(phone)
        return phone

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = SipMessage.parse(data)
        self.messages.put_nowait(message)
        if self.says_goodbye and isinstance(message, SipRequest) and message.method == "BYE":
            self.reply(message, 200)

    def send(self, data: str | bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(data.encode() if isinstance(data, str) else data, ("127.0.0.1", self.to))

    def request(
        self, method: str, body: str = "", *, headers: str = "", cseq: int | None = None, branch: str | None = None
    ) -> str:
        """Text of a request of this phone's one call; `headers` are whole lines."""
        if cseq is None and method not in ("ACK", "CANCEL"):
            self.cseq += 1
        if branch is None:
            branch = self.branch if method == "CANCEL" else f"z9hG4bK{next(_branches)}"
        if method == "INVITE":
            self.branch = branch
        tag = f";tag={self.their_tag}" if self.their_tag else ""
        kind = "" if not body or "Content-Type" in headers else "Content-Type: application/sdp\r\n"
        return (
            f"{method} sip:95598@127.0.0.1:{self.to} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch={branch}\r\n"
            f'From: "Li" <sip:013800571001@127.0.0.1>;tag={self.tag}\r\n'
            f"To: <sip:95598@127.0.0.1>{tag}\r\n"
            f"Call-ID: {self.call_id}\r\n"
            f"CSeq: {self.cseq if cseq is None else cseq} {method}\r\n"
            f"Contact: <sip:li@127.0.0.1:{self.port}>\r\n"
            "Max-Forwards: 70\r\n"
            f"{headers}{kind}"
            f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
        )

    async def response(self, status: int | None = None) -> SipResponse:
        """The next answer. Passed over, unless wanted: provisional ones, and what comes again of those looked at (a
        busy machine is slow to acknowledge, and the timers of these tests are quick)."""
        while True:
            message = await asyncio.wait_for(self.messages.get(), DEADLINE_S)
            if not isinstance(message, SipResponse):
                continue
            if status is None and message.status_code < 200:
                continue
            if status is not None and message.status_code < 200 and message.status_code != status:
                continue
            which = message.get_header("cseq"), message.status_code
            if status not in (None, message.status_code) and which in self._looked_at:
                continue
            assert status in (None, message.status_code), f"{message.status_code} {message.reason_phrase}"
            self._looked_at.add(which)
            to = message.to_addr
            invited = (message.get_header("cseq") or "").endswith("INVITE")
            if to is not None and to.tag and invited and message.status_code in (180, 200):
                self.their_tag = to.tag
            return message

    async def asked(self, method: str, *, again: bool = False) -> SipRequest:
        """The next request of theirs by that method; not the same once more, unless `again`."""
        while True:
            message = await asyncio.wait_for(self.messages.get(), DEADLINE_S)
            if isinstance(message, SipRequest) and message.method == method:
                which = method, message.get_header("via")
                if again or which not in self._asked:
                    self._asked.add(which)
                    return message

    def reply(
        self, request: SipRequest, status: int, body: str = "", *, tag: str = "callee", headers: str = ""
    ) -> None:
        vias = "".join(f"Via: {via}\r\n" for via in request.headers.get("via"))
        to = request.get_header("to") or ""
        if ";tag=" not in to:
            to += f";tag={tag}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(
            f"SIP/2.0 {status} Said\r\n{vias}From: {request.get_header('from')}\r\nTo: {to}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: {request.get_header('cseq')}\r\n"
            f"Contact: <sip:callee@127.0.0.1:{self.port}>\r\n{headers}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    async def invite(self, status: int, sdp: str = SDP, *, headers: str = "") -> SipResponse:
        """INVITE, and its answer, which is to be `status` and is not acknowledged."""
        self.send(self.request("INVITE", sdp, headers=headers))
        return await self.response(status)

    async def call(self, sdp: str = SDP, *, headers: str = "") -> SipResponse:
        """INVITE, 200, ACK."""
        answered = await self.invite(200, sdp, headers=headers)
        self.send(self.request("ACK"))
        return answered

    def acknowledge_refusal(self) -> None:
        """An ACK that bears the branch of the INVITE; that of a 200 has one of its own."""
        self.send(self.request("ACK", branch=self.branch))

    async def refused(self, status: int) -> SipResponse:
        """The next answer refuses the INVITE, and is acknowledged."""
        refusal = await self.response(status)
        self.acknowledge_refusal()
        return refusal

    async def hang_up(self) -> None:
        """BYE, 200."""
        self.send(self.request("BYE"))
        await self.response(200)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Notes:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def rings(self, call: SipCall) -> None:
        self.heard.append(("rings",))

    def answered(self, call: SipCall) -> None:
        self.heard.append(("answered",))

    def refused(self, call: SipCall, status: int, reason: str) -> None:
        self.heard.append(("refused", status))

    def ended(self, call: SipCall, reason: EndReason) -> None:
        self.heard.append(("ended", reason))

    def key(self, call: SipCall, digit: str) -> None:
        self.heard.append(("key", digit))

    def media_changed(self, call: SipCall) -> None:
        self.heard.append(("media_changed",))

    @property
    def over(self) -> bool:
        return bool(self.heard) and self.heard[-1][0] in ("refused", "ended")


class FastClock(LoopClock):
    """Goes `speed` times as fast as real time, for timers of minutes; `hurry` makes it faster while it runs."""

    def __init__(self, loop: asyncio.AbstractEventLoop, speed: float) -> None:
        super().__init__(loop)
        self._real = loop
        self._speed = speed
        self._since, self._then = loop.time(), loop.time() * speed
        self._waiting: dict[_HurriedTimer, float] = {}

    def time(self) -> float:
        return self._then + (self._real.time() - self._since) * self._speed

    def call_later(self, delay: float, callback: Callable[..., object], *args: object) -> Timer:
        timer = _HurriedTimer(self, callback, args)
        self._waiting[timer] = self.time() + delay
        timer.handle = self._real.call_later(delay / self._speed, timer)
        self.pending += 1
        return timer

    def hurry(self, times: float) -> None:
        self._then, self._since = self.time(), self._real.time()
        self._speed *= times
        for timer, due in list(self._waiting.items()):
            timer.reschedule(max(due - self._then, 0) / self._speed)

    def gone(self, timer: _HurriedTimer) -> None:
        self._waiting.pop(timer, None)
        self.pending -= 1


class _HurriedTimer:
    def __init__(self, clock: FastClock, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        self._clock, self._callback, self._args = clock, callback, args
        self.handle: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        self.handle = None
        self._clock.gone(self)
        self._callback(*self._args)

    def cancel(self) -> None:
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None
            self._clock.gone(self)

    def reschedule(self, delay: float) -> None:
        if self.handle is not None:
            self.handle.cancel()
            self.handle = asyncio.get_running_loop().call_later(delay, self)


class House:
    """An endpoint whose calls are accepted at once, unless `take` says otherwise."""

    def __init__(self, endpoint: SipEndpoint, clock: FastClock) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self.calls: list[SipCall] = []
        self.notes: list[Notes] = []
        self.take: Callable[[SipCall], None] = lambda call: call.accept(("127.0.0.1", 4000))

    @staticmethod
    async def open(config: EndpointConfig | None = None, timing: Timing = FAST, speed: float = 1) -> House:
        """`speed`: how much faster than real its clock goes."""
        house: House

        def on_call(call: SipCall) -> None:
            house.calls.append(call)
            notes = Notes()
            house.notes.append(notes)
            call.listener = notes
            house.take(call)

        clock = FastClock(asyncio.get_running_loop(), speed)
        house = House(SipEndpoint(config or EndpointConfig(port=0), on_call, timing=timing, clock=clock), clock)
        await house.endpoint.start()
        _opened.append(house)
        return house

    @property
    def port(self) -> int:
        return self.endpoint.port

    async def empty(self) -> None:
        """Until nothing is left of any call; the half minute that transactions stay is passed over."""
        await until(lambda: self.endpoint.calls == 0, "no calls are left")
        self.clock.hurry(20)

        def nothing_left() -> bool:
            counts = self.endpoint.counts
            return not (counts.calls or counts.server_transactions or counts.client_transactions)

        await until(nothing_left, "no calls and no transactions are left")
        # A timer each for the connections that are open still.
        await until(lambda: self.endpoint.counts.timers <= self.endpoint.counts.connections, "no timers are left")

    async def close(self) -> None:
        self.clock.hurry(20)  # who does not answer a goodbye is not waited for
        await self.endpoint.close()
