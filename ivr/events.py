"""What can come in on a call. One frozen class an event; JSON at the edge through `to_json` and `from_json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class CallStarted(Event):
    """The call is up: a caller has reached us, or has answered. Begins the flow; `variables` go to it."""

    kind: ClassVar[str] = "call_started"
    from_number: str
    to_number: str
    direction: str  # inbound, outbound
    language: str
    today: str = ""  # ISO date in the utility's zone, so that "tomorrow" can be said without a clock
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Digits(Event):
    """Keys as pressed, without the terminator. `timed_out`: an inter-digit timeout ended the entry, not the caller."""

    kind: ClassVar[str] = "digits"
    digits: str
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Speech(Event):
    """An utterance. Speech that was heard and not recognised is an empty `text`, which is not silence."""

    kind: ClassVar[str] = "speech"
    text: str
    confidence: float  # 0..1


@dataclass(frozen=True, slots=True)
class NoInput(Event):
    kind: ClassVar[str] = "no_input"


@dataclass(frozen=True, slots=True)
class Recorded(Event):
    kind: ClassVar[str] = "recorded"
    recording_id: str
    seconds: float
    transcript: str = ""


@dataclass(frozen=True, slots=True)
class ServiceResult(Event):
    """`outcome` is one of the service's own, `error` when it failed, or `late` when its time was up."""

    kind: ClassVar[str] = "service_result"
    service: str
    outcome: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DialEnded(Event):
    """A transfer is over. `status`: answered, busy, no-answer, failed."""

    kind: ClassVar[str] = "dial_ended"
    status: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HungUp(Event):
    kind: ClassVar[str] = "hung_up"
    reason: str = "caller"


_KINDS: dict[str, type[Event]] = {
    c.kind: c for c in (CallStarted, Digits, Speech, NoInput, Recorded, ServiceResult, DialEnded, HungUp)
}


_FIELDS = {c: tuple(f.name for f in fields(c)) for c in _KINDS.values()}


def to_json(event: Event) -> dict[str, Any]:
    """Every turn passes here: written out, as `dataclasses.asdict` is many times as slow."""
    return {"kind": event.kind} | {name: getattr(event, name) for name in _FIELDS[type(event)]}


def from_json(data: Mapping[str, Any]) -> Event:
    """Raises ValueError for a kind that does not exist, TypeError for fields that do not fit."""
    fields = dict(data)
    kind = fields.pop("kind", None)
    if kind not in _KINDS:
        raise ValueError(f"no such event: {kind!r}")
    return _KINDS[kind](**fields)
