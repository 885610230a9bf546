"""UDP ports of calls: an even one for sound and the next for reports, each from a range."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket
from collections import deque
from dataclasses import dataclass
from typing import Final

_EXPEDITED: Final = 0xB8  # DSCP EF: sound goes first where a network keeps an order
_TAKEN: Final = frozenset({errno.EADDRINUSE, errno.EACCES})


class NoPortLeft(Exception):
    """No call more can have sound: says why, and what would mend it."""


@dataclass(frozen=True, slots=True)
class PortPair:
    """Two bound sockets that do not block."""

    number: int
    sound: socket.socket
    reports: socket.socket

    def close(self) -> None:
        self.sound.close()
        self.reports.close()


class Ports:
    """Whichever was free longest is taken next, so that what is still under way to a call reaches no other."""

    def __init__(self, host: str, first: int, last: int) -> None:
        self._host = host
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._range = f"{first} to {last}"
        self._free = deque(range(first + first % 2, last, 2))
        self._all = len(self._free)

    @property
    def given(self) -> int:
        """How many calls have one. Reckoned from what is free: calls come and go on two threads, and a count of its own
        would be wrong for ever once they meet."""
        return self._all - len(self._free)

    def make_room(self) -> None:
        """Descriptors for a call on every port, as far as the system lets us: many start with 1,024."""
        wanted = 2 * len(self._free) + 1024
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

    def take(self) -> PortPair:
        """Raises NoPortLeft."""
        for _ in range(len(self._free)):
            number = self._free.popleft()
            try:
                pair = self._bound(number)
            except OSError as problem:
                self._free.append(number)
                if problem.errno in _TAKEN:  # by somebody else, for now
                    continue
                raise NoPortLeft(_why(self._host, problem)) from problem
            return pair
        raise NoPortLeft(
            f"no UDP port from {self._range} on {self._host} is free, {self.given} calls have one; widen sip.rtp_ports"
        )

    def give_back(self, pair: PortPair) -> None:
        pair.close()
        self._free.append(pair.number)

    def _bound(self, number: int) -> PortPair:
        with contextlib.ExitStack() as undo:
            made = []
            for port in (number, number + 1):
                one = undo.enter_context(socket.socket(self._family, socket.SOCK_DGRAM))
                one.setblocking(False)
                with contextlib.suppress(OSError):  # not everywhere allowed, and nowhere needed
                    if self._family == socket.AF_INET:
                        one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED)
                    else:
                        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED)
                one.bind((self._host, port))
                made.append(one)
            undo.pop_all()
        return PortPair(number, made[0], made[1])


def _why(host: str, problem: OSError) -> str:
    if problem.errno in (errno.EMFILE, errno.ENFILE):
        return "no file descriptor is left for a call's sound (two each); raise the limit (ulimit -n, LimitNOFILE)"
    if problem.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; mend sip.host"
    return f"no socket for sound on {host}: {problem.strerror or problem}"
