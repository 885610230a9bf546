"""What a queue of call-backs asks of a telephone network, and what it gets back. No network of its own.

The row of the attempt is committed before `dial` is called. A process that dies after the network took the call and
before it wrote down the network's id asks `find` first when it comes back, so that nobody is rung twice.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class DialError(enum.StrEnum):
    BAD_NUMBER = "bad_number"  # the network says nobody can have this number
    REFUSED = "refused"  # understood and not allowed: country, caller id, blocked number
    NOT_CONFIGURED = "not_configured"  # no account, no number of ours, no public address
    AUTHENTICATION = "authentication"  # the account's id or token is wrong
    RATE_LIMITED = "rate_limited"  # too many calls a second
    UNAVAILABLE = "unavailable"  # not reached at all, or it answered that it is out of order: no call was begun
    UNKNOWN = "unknown"  # the answer was lost: the call may have been begun; ask `find` before dialling again


@dataclass(frozen=True, slots=True)
class DialRequest:
    """`call_id` is our call's row, already committed; the network names it when somebody answers."""

    call_id: str
    to_number: str  # E.164
    ring_timeout_s: int


@dataclass(frozen=True, slots=True)
class DialResult:
    """Either `provider_id` (the network's id of the call) or `error` with a `reason` that may be shown to staff."""

    provider_id: str | None = None
    error: DialError | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.provider_id is not None

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without anybody changing a number or a setting."""
        return self.error in {DialError.RATE_LIMITED, DialError.UNAVAILABLE, DialError.UNKNOWN}


class Dialer(Protocol):
    def dial(self, request: DialRequest) -> DialResult:
        """Begins the call and returns at once; it rings for `ring_timeout_s`. Never raises for the network's faults."""
        ...

    def find(self, to_number: str, since: datetime, call_id: str, known: Collection[str] = ()) -> str | None:
        """The network's id of a call to `to_number` begun since then and not in `known`, or None if there is none.

        Raises `DialerUnavailable` when the network cannot be asked: then nobody knows, and dialling must wait.
        """
        ...


class DialerUnavailable(Exception):
    """The network could not be asked what became of a call."""
