"""Who may call in: the networks that are allowed, the trunk, and accounts with their password. Nobody else."""

from __future__ import annotations

import enum
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from media.sip.clock import Clock
from media.sip.config import EndpointConfig
from media.sip.digests import Gate
from media.sip.messages import Request
from media.sip.refusals import Refusals

_MOST_ADDRESSES: Final = 10_000


class Answer(enum.Enum):
    LET_IN = enum.auto()
    ASK = enum.auto()  # 401 with `challenges`
    REFUSE = enum.auto()  # 403
    IGNORE = enum.auto()  # nothing


@dataclass(frozen=True, slots=True)
class Admitted:
    answer: Answer
    user: str | None = None
    trunk: bool = False  # it comes from the trunk: its asserted identities are believed
    challenges: tuple[str, ...] = ()


class Tally:
    """How often something happened per address within a period; the oldest addresses are forgotten first."""

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock = clock
        self._period = period_s
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, host: str) -> int:
        since, count = self._counts.get(host, (0.0, 0))
        return count if self._clock.time() - since < self._period else 0

    def add(self, host: str) -> int:
        count = self.count(host) + 1
        since = self._counts[host][0] if count > 1 else self._clock.time()
        self._counts[host] = (since, count)
        self._counts.move_to_end(host)
        while len(self._counts) > _MOST_ADDRESSES:
            self._counts.popitem(last=False)
        return count

    def forget(self, host: str) -> None:
        self._counts.pop(host, None)


class Admission:
    def __init__(self, config: EndpointConfig, clock: Clock, refusals: Refusals) -> None:
        self._config = config
        self._refusals = refusals
        self._gate = Gate(config.accounts, config.realm, clock.time)
        self._failures = Tally(clock, config.limits.forget_s)
        self._refused = Tally(clock, config.limits.forget_s)
        self.trunk_hosts: frozenset[str] = frozenset()

    def is_trunk(self, host: str) -> bool:
        return host in self.trunk_hosts

    def allowed(self, host: str) -> bool:
        """Without a password."""
        try:
            address = _plain(ip_address(host))
        except ValueError:
            return False
        return any(address in network for network in self._config.allow)

    def may_be_refused(self, host: str) -> bool:
        """Whether a stranger is answered once more, or not at all: answers must not help who floods or scans."""
        return self._refused.add(host) <= self._config.limits.refusals_per_address

    def answers(self, host: str) -> bool:
        """Whether what is no call of ours is answered: from the trunk and allowed networks always."""
        return self.is_trunk(host) or self.allowed(host) or self.may_be_refused(host)

    def of(self, request: Request) -> Admitted:
        host = request.source.host
        trunk = self.is_trunk(host)
        if trunk or self.allowed(host):
            return Admitted(Answer.LET_IN, trunk=trunk)
        if not self._config.accounts:
            self._refusals.note("a caller whose network is not allowed", request.source, request.method)
            return Admitted(Answer.REFUSE if self.may_be_refused(host) else Answer.IGNORE)
        if self._failures.count(host) >= self._config.limits.failures_per_address:
            self._refusals.note("too many wrong passwords from one address", request.source, request.method)
            return Admitted(Answer.IGNORE)
        verdict = self._gate.check(request)
        if verdict.user is not None:
            self._refused.forget(host)  # a PBX is asked at each of its calls, however many they are
            return Admitted(Answer.LET_IN, user=verdict.user)
        if verdict.failed:
            self._failures.add(host)
            self._refusals.note("a wrong user name or password", request.source, request.method)
        if not self.may_be_refused(host):
            return Admitted(Answer.IGNORE)
        return Admitted(Answer.ASK, challenges=tuple(self._gate.challenges(host, stale=verdict.stale)))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 caller on a socket for both is ::ffff:1.2.3.4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
