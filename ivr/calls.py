"""What a channel says of a call, what it gets back, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.outputs import Hangup, Output
from models import Channel


class CallError(Exception):
    """A bad request: it names a call or a turn that is not there. Mapped once at each channel's edge."""


class NoSuchCall(CallError):
    pass


class StaleTurn(CallError):
    """The event answers a turn that has not been given."""


class CallEnded(CallError):
    pass


class WrongInput(CallError):
    """The event does not fit what the call is waiting for."""


@dataclass(frozen=True, slots=True)
class NewCall:
    """An inbound call as a channel sees it. `language` None: the known customer's, else the utility's default."""

    channel: Channel
    provider_id: str
    from_number: str
    to_number: str
    language: str | None = None
    flow: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    gateway: str | None = None  # the media process that its sound runs through, where one of ours does that


@dataclass(frozen=True, slots=True)
class NewRecording:
    """A recording that comes in with an event. `path` is inside the home's recordings folder, written and synced."""

    id: str
    seconds: float
    path: str | None = None
    remote_url: str | None = None
    provider_id: str | None = None
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class TurnAnswer:
    """What the caller is to perceive now. The next event must name `turn`."""

    call_id: str
    turn: int
    outputs: tuple[Output, ...]
    language: str
    replayed: bool = False

    @property
    def ended(self) -> bool:
        return isinstance(self.outputs[-1], Hangup)
