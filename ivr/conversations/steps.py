"""A conversation test as it is played: who calls, what the services answer, and the talk, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.yaml_source import Place

# --- the talk


@dataclass(frozen=True, slots=True)
class Step:
    place: Place


@dataclass(frozen=True, slots=True)
class Hear(Step):
    """What is said since the caller last did something. `whole`: all of it (None: not compared), where `...` stands for
    any words. The other fields look for pieces."""

    whole: str | None = None
    contains: tuple[str, ...] = ()
    starts: str = ""
    ends: str = ""
    without: tuple[str, ...] = ()  # `not` in the file


@dataclass(frozen=True, slots=True)
class Press(Step):
    keys: str


@dataclass(frozen=True, slots=True)
class Speak(Step):
    text: str
    confidence: float = 1.0  # 0..1


@dataclass(frozen=True, slots=True)
class Silence(Step):
    pass


@dataclass(frozen=True, slots=True)
class LeaveMessage(Step):
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class HangUp(Step):
    pass


@dataclass(frozen=True, slots=True)
class TransferEnds(Step):
    status: str  # answered, busy, no-answer, failed


@dataclass(frozen=True, slots=True)
class ClockSet(Step):
    """From the next thing the caller does it is `at`, local time of the utility."""

    at: datetime


@dataclass(frozen=True, slots=True)
class StormSet(Step):
    on: bool


@dataclass(frozen=True, slots=True)
class TooLong(Step):
    """The call passes its length limit before the next thing the caller does."""


@dataclass(frozen=True, slots=True)
class Expect(Step):
    """Where the call stands and what has happened since the caller last did something. None: not looked at."""

    node: str | None = None  # node, or flow/node
    passed: tuple[str, ...] = ()
    service: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)  # of `service`: those named must be so
    outcome: str | None = None
    not_service: tuple[str, ...] = ()
    transfer: str | None = None
    heard: str | None = None  # a verdict of ivr.outputs.Heard
    option: str | None = None
    language: str | None = None
    ended: str | None = None  # "true", "false", or the reason


# --- who calls, and what the house answers


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answers once. `inputs`: what it must have been asked with."""

    outcome: str
    outputs: Mapping[str, Any]
    inputs: Mapping[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class Stub:
    """`each`: one answer a call, in order; else the one answer holds for every call."""

    answers: tuple[Answer, ...]
    each: bool
    place: Place
    shared: bool  # stands in the preamble: a test need not use it


@dataclass(frozen=True, slots=True)
class Setting:
    """What a call begins with. `at` is local time of the utility, without a zone. `language` None: as for a caller
    nobody knows. `real`: services that have no stub run on the demo database."""

    flow: str
    from_number: str
    to_number: str
    direction: str
    language: str
    at: datetime
    storm: bool
    variables: Mapping[str, Any]
    stubs: Mapping[str, Stub]
    real: bool


@dataclass(frozen=True, slots=True)
class Conversation:
    """One test. `talk` begins with the preamble's."""

    name: str
    place: Place
    setting: Setting
    talk: tuple[Step, ...]

    @property
    def title(self) -> str:
        return f"{self.place.file}: {self.name}"
