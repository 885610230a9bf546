"""From a URI or a host to an address that can be sent to. Names are looked up in a thread, never on the loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from media.sip.grammar import BadValue, Uri, read_host_port
from media.sip.messages import Source
from media.tasks import Tasks

_REMEMBERED_S: Final = 60.0
_MOST_NAMES: Final = 1000

Found = Callable[[Source | None], None]


class Ways:
    """Names that were looked up are remembered for a minute. `family`: of the socket we send from."""

    def __init__(self, loop: asyncio.AbstractEventLoop, family: socket.AddressFamily) -> None:
        self._loop = loop
        self._family = family
        self._known: dict[str, tuple[float, list[str]]] = {}
        self._tasks = Tasks()

    def find(self, uri: Uri, transport: str, found: Found) -> None:
        """Tells `found` where the URI's host is: at once where it is an address, None where there is no such host."""
        transport = (uri.params.get("transport") or transport).upper()
        if uri.scheme != "sip" or transport not in ("UDP", "TCP"):
            found(None)  # TLS ends on the border controller
            return
        self.find_host(uri.bare_host, uri.port or 5060, transport, found)

    def find_host(self, host: str, port: int, transport: str, found: Found) -> None:
        if is_address(host):
            found(Source(transport, host, port))
            return
        self._tasks.start(self._look_up(host, port, transport, found))

    async def _look_up(self, host: str, port: int, transport: str, found: Found) -> None:
        addresses = await self.addresses(host)
        found(Source(transport, addresses[0], port) if addresses else None)

    async def addresses(self, host: str) -> list[str]:
        """All of them; empty where there is no such host, or nobody who knows."""
        if is_address(host):
            return [host]
        known = self._known.get(host)
        if known is not None and self._loop.time() - known[0] < _REMEMBERED_S:
            return known[1]
        try:
            answers = await self._loop.getaddrinfo(host, None, family=self._family, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError):
            # Who was known a while ago is likelier to be there still than nowhere.
            return known[1] if known is not None else []
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        if len(self._known) >= _MOST_NAMES:
            self._known.clear()
        self._known[host] = (self._loop.time(), addresses)
        return addresses

    async def close(self) -> None:
        self._tasks.cancel()
        await self._tasks.settled()


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def read_server(server: str) -> tuple[str, int]:
    """`host`, `host:port`, `[::1]:5060` -> host without brackets, port."""
    try:
        host, port = read_host_port(server)
    except BadValue:
        raise ValueError(f"sip.trunk.server is {server!r}: it must be host or host:port") from None
    return host.strip("[]"), port or 5060


def answerable_at(target: Uri, source: Source) -> bool:
    """Whether requests can go where a Contact says: not to a private address when they are elsewhere (NAT)."""
    if not is_address(target.bare_host):
        return True
    given, seen = ip_address(target.bare_host), ip_address(source.host)
    if given.is_unspecified:
        return False
    return given == seen or not given.is_private or seen.is_private
