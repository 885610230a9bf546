"""A telephone network that does as it is told: the far side of a trunk, on a SIP endpoint of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network

from media.rtp import RtpEngine, RtpStream
from media.sip.call import SipCall
from media.sip.config import EndpointConfig, Trunk
from media.sip.endpoint import SipEndpoint
from media.sip.listening import EndReason
from tests.ports import free_port


@dataclass
class Quiet:
    """Listens to the signalling of a call, and to its sound through `ear`; only remembers."""

    keys: list[str] = field(default_factory=list)
    sound_bytes: bytearray = field(default_factory=bytearray)
    ended_by: EndReason | None = None
    was_answered: bool = False
    refused_with: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    stream: RtpStream | None = None

    def rings(self, call: SipCall) -> None: ...

    def media_changed(self, call: SipCall) -> None:
        self.connect(call)

    def connect(self, call: SipCall) -> None:
        if self.stream is not None and call.remote is not None and call.codec is not None:
            self.stream.connect(call.remote.address, call.codec, call.remote.dtmf_type)

    def answered(self, call: SipCall) -> None:
        self.was_answered = True
        self.connect(call)

    def refused(self, call: SipCall, status: int, reason: str) -> None:
        self.refused_with = status
        self._close()

    def ended(self, call: SipCall, reason: EndReason) -> None:
        self.ended_by = reason
        self._close()

    def key(self, call: SipCall, digit: str) -> None:
        self.keys.append(digit)

    def _close(self) -> None:
        self.over.set()
        if self.stream is not None:
            self.stream.close()


@dataclass
class Ear:
    """What a stream brings goes to `quiet`."""

    quiet: Quiet

    def sound(self, mulaw: bytes) -> None:
        self.quiet.sound_bytes += mulaw

    def key(self, digit: str) -> None:
        self.quiet.keys.append(digit)

    def heard(self, mark: str) -> None: ...
    def silent(self, seconds: float) -> None: ...


Answer = Callable[[SipCall], None]


@dataclass
class Network:
    """`called` are the calls that came; `answers` says what becomes of the next ones, the last repeats."""

    endpoint: SipEndpoint
    engine: RtpEngine
    answers: list[Answer] = field(default_factory=list)
    called: list[SipCall] = field(default_factory=list)
    listening: list[Quiet] = field(default_factory=list)

    def on_call(self, call: SipCall) -> None:
        listener = Quiet()
        call.listener = listener
        self.called.append(call)
        self.listening.append(listener)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        answer(call)

    def pick_up(self, call: SipCall) -> None:
        """Answers and sends silence until it is over."""
        listener = self.listening[self.called.index(call)]
        listener.stream = self.engine.open(Ear(listener))
        call.accept(listener.stream.local)
        listener.connect(call)

    @staticmethod
    def refuse(status: int) -> Answer:
        return lambda call: call.reject(status)

    @staticmethod
    def ring(call: SipCall) -> None:
        call.ring()


@contextlib.asynccontextmanager
async def network(*answers: Answer | str, port: int = 0) -> AsyncIterator[Network]:
    """`answers`: "pick up", "ring", or what is to be done with a call."""
    engine = RtpEngine("127.0.0.1", (first := free_port(240)), first + 239, asyncio.get_running_loop())
    engine.start()
    config = EndpointConfig(port=port or free_port(), allow=(ip_network("127.0.0.0/8"),), max_calls=1000)
    made: Network
    endpoint = SipEndpoint(config, lambda call: made.on_call(call))
    made = Network(endpoint, engine)
    named: dict[str, Answer] = {"pick up": made.pick_up, "ring": made.ring}
    made.answers = [named[answer] if isinstance(answer, str) else answer for answer in answers]
    await endpoint.start()
    try:
        yield made
    finally:
        await endpoint.close()
        engine.close()


@dataclass
class Caller:
    """Somebody who phones in and only listens. `heard` is of the newest call."""

    endpoint: SipEndpoint
    engine: RtpEngine
    heard: Quiet = field(default_factory=Quiet)

    async def dial(self, number: str, *, from_number: str = "+8613800571001") -> SipCall:
        """A call that has begun; `call.hang_up` ends it whatever became of it."""
        heard = self.heard = Quiet()
        heard.stream = self.engine.open(Ear(heard))
        return self.endpoint.dial(
            number, from_number=from_number, rtp=heard.stream.local, ring_timeout_s=60, listener=heard
        )


@contextlib.asynccontextmanager
async def caller(port: int) -> AsyncIterator[Caller]:
    """Calls go to `port` of this machine."""
    engine = RtpEngine("127.0.0.1", (first := free_port(240)), first + 239, asyncio.get_running_loop())
    engine.start()
    endpoint = SipEndpoint(
        EndpointConfig(port=free_port(), trunk=Trunk(f"127.0.0.1:{port}"), max_calls=1000),
        lambda call: call.reject(480),
    )
    await endpoint.start()
    try:
        yield Caller(endpoint, engine)
    finally:
        await endpoint.close()
        engine.close()
