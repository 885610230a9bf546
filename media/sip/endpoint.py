"""The SIP endpoint: one port, its calls, its trunk."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from aiosipua import generate_tag

from media.sip.admission import Admission
from media.sip.call import SipCall
from media.sip.client_transactions import State
from media.sip.clock import LoopClock
from media.sip.config import EndpointConfig
from media.sip.core import Core
from media.sip.dispatch import Dispatch
from media.sip.grammar import BadValue, read_uri
from media.sip.listening import CallListener
from media.sip.messages import Malformed, Request, Source, answer_unread, read
from media.sip.numbers import number_of, uri_of
from media.sip.outbound import OutboundCall, Plan
from media.sip.pinging import Ping
from media.sip.refusals import Refusals
from media.sip.registering import Registration
from media.sip.timing import Timing
from media.sip.transactions import TransactionLayer
from media.sip.transport import Transport
from media.sip.ways import Ways, is_address, read_server

log = structlog.get_logger("sip")

_LOOK_UP_TRUNK_S: Final = 60.0
_GOODBYE_S: Final = 2.0  # as long BYEs may take at a stop

# What a caller of `dial` may not set: it would change what the call is.
_OURS: Final = frozenset(
    {"via", "from", "to", "call-id", "cseq", "contact", "route", "record-route", "content-length", "content-type"}
)


class NoTrunk(RuntimeError):
    """There is no way to telephones: sip.trunk is not configured."""


class Unavailable(RuntimeError):
    """No call can be made just now: as many as may be, or stopping."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What an endpoint holds. When no call is left and half a minute has passed, all but `connections` are 0."""

    calls: int
    server_transactions: int
    client_transactions: int
    timers: int
    connections: int


class SipEndpoint:
    def __init__(
        self,
        config: EndpointConfig,
        on_call: Callable[[SipCall], None],
        *,
        timing: Timing | None = None,
        clock: LoopClock | None = None,
    ) -> None:
        """`timing` and `clock` are for trials of what takes long."""
        self._config = config
        self._on_call = on_call
        self._timing = timing or Timing()
        self._core: Core | None = None
        self._clock = clock
        self._registration: Registration | None = None
        self._ping: Ping | None = None
        self._looking: asyncio.Task[None] | None = None

    # life

    async def start(self) -> None:
        """Listens, and registers where that is wanted. OSError when the port is taken or `public_host` is no host."""
        loop = asyncio.get_running_loop()
        config = self._config
        clock = self._clock = self._clock or LoopClock(loop)
        refusals = Refusals(clock)
        ways = Ways(loop, socket.AF_INET6 if ":" in config.host else socket.AF_INET)
        transport = Transport(config.host, config.port, config.limits, clock, refusals, self._arrived)
        admission = Admission(config, clock, refusals)
        core = Core(config, clock, transport, ways, admission, refusals)
        dispatch = Dispatch(core, self._on_call)
        core.layer = TransactionLayer(clock, self._timing, transport.send, core.sent_by, dispatch, refusals)
        if config.public_host and not is_address(config.public_host):
            known = await ways.addresses(config.public_host)
            if not known:
                raise OSError(f"sip.public_host is {config.public_host!r}, of which no address is known")
            core.public_host = known[0]
        self._core = core
        await transport.start()
        if config.trunk is not None:
            await self._look_up_trunk()
            self._looking = loop.create_task(self._keep_looking())
            if config.trunk.register_s and config.trunk.username:
                self._registration = Registration(
                    core, self._find_trunk, config.trunk.username, config.trunk.register_s
                )
                self._registration.start()
            elif config.trunk.ping_s:
                self._ping = Ping(core, self._find_trunk, config.trunk.ping_s)
                self._ping.ask()
        log.info("SIP is listened for", host=config.host, port=self.port)

    async def close(self) -> None:
        """BYE, CANCEL or 503 to every call; waits for the answers a moment, then lets go of everything."""
        core = self._core
        if core is None:
            return
        core.closing = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for call in list(core.calls.values()):
            call.close_down()
        if self._registration is not None:
            self._registration.stop(lambda: None)
        if self._ping is not None:
            self._ping.stop()
        until = asyncio.get_running_loop().time() + _GOODBYE_S
        while self._waits_for_answers() and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
        await core.ways.close()
        core.layer.close()
        await core.transport.close()

    def _waits_for_answers(self) -> bool:
        core = self._running()
        return any(one.state in (State.CALLING, State.PROCEEDING) for one in core.layer.client.values())

    def _running(self) -> Core:
        if self._core is None:
            raise RuntimeError("the endpoint has not been started")
        return self._core

    # what is known of it

    @property
    def port(self) -> int:
        return self._core.transport.port if self._core is not None else self._config.port

    @property
    def calls(self) -> int:
        return len(self._core.calls) if self._core is not None else 0

    @property
    def registered(self) -> bool | None:
        """None: not wanted, or not answered yet."""
        return self._registration.registered if self._registration is not None else None

    @property
    def reachable(self) -> bool | None:
        """Whether the trunk answers. None: it is not asked, or has not answered yet."""
        return self._ping.reachable if self._ping is not None else None

    def trunk_missed(self) -> None:
        """A call through the trunk found nobody there: it is not `reachable` until it has answered again."""
        if self._ping is not None:
            self._ping.missed()

    @property
    def refusals(self) -> Mapping[str, int]:
        """How often what was refused since the start."""
        return self._core.refusals.counts if self._core is not None else {}

    @property
    def counts(self) -> Counts:
        core = self._running()
        timers = self._clock.pending if self._clock is not None else 0
        layer = core.layer
        return Counts(len(core.calls), len(layer.server), len(layer.client), timers, len(core.transport.connections))

    # the trunk

    async def _look_up_trunk(self) -> None:
        core, trunk = self._running(), self._config.trunk
        if trunk is None:
            return
        addresses = await core.ways.addresses(read_server(trunk.server)[0])
        if addresses:
            core.admission.trunk_hosts = frozenset(addresses)
        else:
            log.warning("the address of sip.trunk.server is not known", server=trunk.server)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_UP_TRUNK_S)
            await self._look_up_trunk()

    def _find_trunk(self, found: Callable[[Source | None], None]) -> None:
        trunk = self._config.trunk
        if trunk is None:
            found(None)
            return
        host, port = read_server(trunk.server)
        self._running().ways.find_host(host, port, trunk.transport.upper(), found)

    # calls

    def dial(
        self,
        to: str,
        *,
        from_number: str,
        rtp: tuple[str, int],
        ring_timeout_s: float,
        listener: CallListener,
        headers: Mapping[str, str] | None = None,
    ) -> SipCall:
        """Calls `to`, a number or a sip: URI, through the trunk; without a trunk a sip: URI is called directly.

        `from_number` "" withholds it. `rtp`: where our sound is heard; `headers`: further ones of the INVITE.
        NoTrunk, Unavailable, and ValueError for what is no number, no URI or no header.
        """
        core = self._running()
        trunk = self._config.trunk
        if core.closing:
            raise Unavailable("the SIP endpoint is stopping")
        if len(core.calls) >= self._config.max_calls:
            raise Unavailable(f"{self._config.max_calls} calls are carried, and sip.max_calls is as many")
        direct = to.lower().startswith("sip:")
        if trunk is None and not direct:
            raise NoTrunk("no telephone can be called by SIP: set sip.trunk.server to a provider or PBX")
        domain = core.trunk_domain() or core.told_host("")
        try:
            uri = uri_of(to, core.trunk_place() or domain)
            target = read_uri(uri)
        except BadValue as fault:
            raise ValueError(f"{to[:40]!r} cannot be called: {fault}") from None
        extra = _checked(headers or {})
        if from_number:
            from_header = f"<{uri_of(from_number, domain)}>"
        else:
            from_header = '"Anonymous" <sip:anonymous@anonymous.invalid>'
            extra = {**extra, "Privacy": "id"}
        to_number = number_of(to, self._config.region) if direct else to
        call_id = generate_tag() + generate_tag()
        plan = Plan(call_id, uri, from_header, from_number, to_number, rtp, ring_timeout_s, extra)
        call = OutboundCall(core, plan, listener)
        if trunk is None:
            core.ways.find(target, "UDP", call.go)
        else:
            self._find_trunk(call.go)
        return call

    # what arrives

    def _arrived(self, data: bytes, source: Source) -> None:
        core = self._core
        if core is None or not data.strip(b"\r\n\x00 "):  # a keepalive of NAT (RFC 5626)
            return
        try:
            message = read(data, source)
            if isinstance(message, Request):
                core.layer.request_arrived(message)
            elif not core.layer.response_arrived(message):
                core.refusals.note("an answer nobody waits for", source, f"{message.status} {message.method}")
        except Malformed as fault:
            self._refuse_malformed(fault, source)
        except Exception:
            log.exception("a message could not be dealt with", source=str(source), bytes=len(data))

    def _refuse_malformed(self, fault: Malformed, source: Source) -> None:
        core = self._running()
        core.refusals.note("a message that cannot be read", source, str(fault))
        if fault.raw is None or not core.admission.answers(source.host):
            return
        data = answer_unread(fault.raw, source, fault.status, "Bad Request" if fault.status == 400 else "")
        if data is not None:
            core.layer.send(data, source)


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _OURS:
            raise ValueError(f"the header {name} of a call is not the caller's to set")
        if not name.replace("-", "").isalnum() or not name.isascii() or not value.isprintable():
            raise ValueError(f"the header {name[:40]!r} cannot be sent: a name of letters and one line of text")
    return dict(headers)
