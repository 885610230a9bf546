"""TCP connections of SIP: taken and opened, few enough, and closed when nobody needs them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from media.sip.clock import Clock, Timer
from media.sip.config import Limits
from media.sip.framing import PING, BadStream, Cutter
from media.sip.refusals import Refusals
from media.tasks import Tasks

Failed = Callable[[str], None]
Arrived = Callable[[bytes, "Connection"], None]

_MAX_UNSENT = 1 << 20  # bytes a far end that does not read may let pile up
_CONNECT_S = 5.0


class Connection(asyncio.Protocol):
    """One TCP connection. While a call `hold`s it, it is not closed for silence."""

    def __init__(self, pool: Connections, opened_to: tuple[str, int] | None = None) -> None:
        self._pool = pool
        self._cutter = Cutter(pool.limits.message_bytes)
        self._transport: asyncio.Transport | None = None
        self._idle: Timer | None = None
        self._held = 0
        self._spoke = False
        self.opened_to = opened_to
        self.peer = opened_to or ("", 0)
        self.local_host = ""
        self.last_heard = 0.0

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def held(self) -> bool:
        return self._held > 0

    def hold(self) -> None:
        self._held += 1

    def release(self) -> None:
        self._held -= 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's is an asyncio.Transport, or uvloop's own
        peer, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if not peer:
            self.close()
            return
        self.peer = (str(peer[0]), int(peer[1]))
        self.local_host = str(local[0])
        self.last_heard = self._pool.clock.time()
        if self._pool.add(self):
            first = self.opened_to is None
            wait = self._pool.limits.tcp_first_message_s if first else self._pool.limits.tcp_idle_s
            self._idle = self._pool.clock.call_later(wait, self._check_idle, wait)

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._cutter.feed(data)
        except BadStream as fault:
            self._pool.refusals.note("a TCP stream that cannot be cut into messages", self.peer_name, str(fault))
            self.close()
            return
        if messages:
            self._spoke = True
            self.last_heard = self._pool.clock.time()
        for message in messages:
            if message == PING:
                self.send(b"\r\n")
            else:
                self._pool.arrived(message, self)

    @property
    def peer_name(self) -> str:
        return f"tcp:{self.peer[0]}:{self.peer[1]}"

    def send(self, data: bytes) -> bool:
        if self._transport is None or self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() > _MAX_UNSENT:
            self._pool.refusals.note("a TCP connection that does not read", self.peer_name)
            self._transport.abort()
            return False
        self._transport.write(data)
        return True

    def _check_idle(self, wait: float) -> None:
        """A message begun and not finished does not count as heard: half-open connections do not live by dripping."""
        self._idle = None
        silent = self._pool.clock.time() - self.last_heard
        limit = self._pool.limits.tcp_idle_s
        if not self.held and silent >= (limit if self._spoke else wait):
            self.close()
            return
        self._idle = self._pool.clock.call_later(max(limit - silent, 1.0), self._check_idle, limit)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._pool.remove(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Connections:
    """All of them, found by the address of the far end."""

    def __init__(self, limits: Limits, clock: Clock, refusals: Refusals, arrived: Arrived) -> None:
        self.limits = limits
        self.clock = clock
        self.refusals = refusals
        self.arrived = arrived
        self._open: dict[tuple[str, int], Connection] = {}
        self._per_host: Counter[str] = Counter()
        self._opening: dict[tuple[str, int], list[tuple[bytes, Failed]]] = {}
        self._tasks = Tasks()

    def __len__(self) -> int:
        return len(self._open)

    def incoming(self) -> Connection:
        return Connection(self)

    def add(self, connection: Connection) -> bool:
        host = connection.peer[0]
        if connection.opened_to is None:
            if self._per_host[host] >= self.limits.tcp_connections_per_address:
                self.refusals.note("too many TCP connections from one address", connection.peer_name)
                connection.close()
                return False
            if len(self._open) >= self.limits.tcp_connections and not self._close_longest_silent():
                self.refusals.note("too many TCP connections", connection.peer_name)
                connection.close()
                return False
        self._open[connection.peer] = connection
        self._per_host[host] += 1
        return True

    def _close_longest_silent(self) -> bool:
        """Room for a newcomer: the one that said nothing for longest goes, unless it carries a call."""
        idle = [connection for connection in self._open.values() if not connection.held]
        if not idle:
            return False
        longest = min(idle, key=lambda connection: connection.last_heard)
        self.remove(longest)
        longest.close()
        return True

    def remove(self, connection: Connection) -> None:
        if self._open.get(connection.peer) is connection:
            del self._open[connection.peer]
            self._per_host[connection.peer[0]] -= 1
            if not self._per_host[connection.peer[0]]:
                del self._per_host[connection.peer[0]]

    def find(self, address: tuple[str, int]) -> Connection | None:
        connection = self._open.get(address)
        return connection if connection is not None and connection.alive else None

    def send(self, data: bytes, address: tuple[str, int], failed: Failed) -> None:
        """Over the connection there is, or a new one; `failed` is told why it cannot be sent, never at once."""
        connection = self.find(address)
        if connection is not None and connection.send(data):
            return
        waiting = self._opening.get(address)
        if waiting is not None:
            waiting.append((data, failed))
            return
        self._opening[address] = [(data, failed)]
        self._tasks.start(self._connect(address))

    async def _connect(self, address: tuple[str, int]) -> None:
        fault, connection = "", None
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self, address), address[0], address[1]
                )
        except TimeoutError:
            fault = "no TCP connection in time"
        except OSError as refused:
            fault = str(refused)
        for data, failed in self._opening.pop(address):
            if connection is None or not connection.send(data):
                failed(fault or "the TCP connection was closed")

    async def close(self) -> None:
        self._tasks.cancel()
        await self._tasks.settled()
        self._opening.clear()
        for connection in list(self._open.values()):
            connection.close()
        while self._open:
            await asyncio.sleep(0.001)
