"""UDP and TCP on one port: bytes in, bytes out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

import structlog

from media.sip.clock import Clock
from media.sip.config import Limits
from media.sip.connections import Connection, Connections, Failed
from media.sip.messages import Source
from media.sip.refusals import Refusals

log = structlog.get_logger("sip")

_BUFFER: Final = 4 << 20  # a burst of calls must not be lost before it is read
_TRIES: Final = 20  # ports tried until one is free for UDP and TCP, where the kernel chooses


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, arrived: Callable[[bytes, Source], None]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._arrived(data, Source("UDP", addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        log.debug("a datagram could not be sent", fault=str(exc))


class Transport:
    """`arrived(data, source)` is told of every datagram and of every whole message of a stream."""

    def __init__(
        self,
        host: str,
        port: int,
        limits: Limits,
        clock: Clock,
        refusals: Refusals,
        arrived: Callable[[bytes, Source], None],
    ) -> None:
        self.host = host
        self.port = port
        self._arrived = arrived
        self.connections = Connections(limits, clock, refusals, self._from_stream)
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._local: dict[str, str] = {}

    async def start(self) -> None:
        """Binds both; raises OSError when the port, or every port tried, is taken."""
        tries = _TRIES if self.port == 0 else 1
        for last in range(1, tries + 1):
            try:
                await self._bind(self.port)
                return
            except OSError:
                await self.close()
                if last == tries:
                    raise

    async def _bind(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(
            lambda: Datagrams(self._arrived), local_addr=(self.host, port), reuse_port=False
        )
        self._udp = udp
        name = udp.get_extra_info("sockname")
        self.host, bound = str(name[0]), int(name[1])  # `localhost` is told to nobody
        sock = udp.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        self._tcp = await loop.create_server(self.connections.incoming, self.host, bound, backlog=1024)
        self.port = bound

    def _from_stream(self, data: bytes, connection: Connection) -> None:
        self._arrived(data, Source("TCP", connection.peer[0], connection.peer[1], connection))

    def send(self, data: bytes, to: Source, failed: Failed) -> None:
        """`failed(why)` may be told later, and may never be: UDP loses without a word."""
        if to.transport == "UDP":
            if self._udp is not None:
                self._udp.sendto(data, (to.host, to.port))
            return
        if isinstance(to.connection, Connection) and to.connection.send(data):
            return
        self.connections.send(data, (to.host, to.port), failed)

    def local_host(self, towards: str) -> str:
        """Our address as `towards` sees it, where we listen on all of them."""
        if self.host not in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
            return self.host
        known = self._local.get(towards)
        if known is None:
            if len(self._local) > 4096:
                self._local.clear()
            known = self._local[towards] = _route(towards)
        return known

    async def close(self) -> None:
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        if self._tcp is not None:
            self._tcp.close()
            self._tcp = None
        await self.connections.close()
        await asyncio.sleep(0)  # lets the datagram socket close


def _route(towards: str) -> str:
    """The address the kernel would send from; connecting a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in towards else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 9))
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
        return str(probe.getsockname()[0])
