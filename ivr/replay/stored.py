"""A call as it was stored, ready to be played again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr import events, outputs
from ivr.events import Event
from ivr.moment import Moment
from ivr.outputs import Output, ServiceCalled
from ivr.routing import MASK


class NotPlayable(Exception):
    """The stored call cannot be played again; the message says why."""


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """`event` and `outputs` as JSON, as `models.CallTurn` keeps them."""

    number: int
    event: Mapping[str, Any]
    outputs: Sequence[Mapping[str, Any]]
    moment: Moment


@dataclass(frozen=True, slots=True)
class StoredCall:
    id: str
    flow: str
    revision: str
    turns: tuple[StoredTurn, ...]


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """`masked`: what the caller said or pressed was private, and is not kept."""

    number: int
    event: Event
    outputs: tuple[Output, ...]
    moment: Moment
    masked: bool

    @property
    def services(self) -> tuple[ServiceCalled, ...]:
        return tuple(output for output in self.outputs if isinstance(output, ServiceCalled))


def read_turns(call: StoredCall) -> tuple[ReadTurn, ...]:
    """Raises NotPlayable for a call without turns, or with one that another release has written."""
    if not call.turns:
        raise NotPlayable("the call has no turns: it was never answered, or they were deleted (recordings.keep_days)")
    return tuple(_read(turn) for turn in sorted(call.turns, key=lambda turn: turn.number))


def _read(turn: StoredTurn) -> ReadTurn:
    try:
        event = events.from_json(turn.event)
        said = tuple(outputs.from_json(output) for output in turn.outputs)
    except (ValueError, TypeError, KeyError) as error:
        raise NotPlayable(f"turn {turn.number} was written by another release: {error}") from error
    masked = MASK in (turn.event.get("digits"), turn.event.get("text"))
    return ReadTurn(turn.number, event, said, turn.moment, masked)
