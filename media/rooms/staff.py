"""Who of the staff is on the line, what may be done to a call they are on, and what reaches them from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from media.messages import Out
from media.rooms.messages import Wish
from models import LegMode, Role

SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Staff:
    """A user as their token says they are."""

    id: int
    username: str
    name: str
    role: Role
    sip_address: str | None = None

    @property
    def leads(self) -> bool:
        return self.role in SUPERVISORS


class NoSuchUser(Exception):
    """A token names nobody who may be at work."""


def claimed_user(claims: Mapping[str, Any]) -> tuple[int, Role]:
    """The id and the role that a token claims. Raises NoSuchUser."""
    try:
        return int(claims["user"]), Role(str(claims["role"]))
    except (KeyError, TypeError, ValueError):
        raise NoSuchUser("this token names nobody who may be on the line") from None


class JoinRefused(Exception):
    """Somebody cannot have this call. `code` is for programs, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Ear(Protocol):
    """Where what somebody hears and is told of a call goes: an agent's page, or another process that passes it on."""

    def play(self, mulaw: bytes) -> None:
        """20 ms."""

    def clear(self) -> None: ...
    def tell(self, out: Out) -> None: ...

    def left(self, reason: str) -> None:
        """They are not on the call any more, for whatever reason. Once, and nothing comes after it."""


class Leg(Protocol):
    """Somebody's hold on a call, wherever it is carried. Nothing here waits; faults are told to the ear."""

    @property
    def call_id(self) -> str: ...
    @property
    def mode(self) -> LegMode: ...

    def say(self, mulaw: bytes) -> None: ...
    def do(self, wish: Wish) -> None: ...

    def lost(self, reason: str) -> None:
        """Whoever holds it has gone without a word."""
