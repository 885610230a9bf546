"""What the engine asks of a channel, in order. The last output of a turn is a wait or the end of the call.

Outputs that are neither speech nor a wait (`NodeEntered`, `Heard`, `ServiceCalled`, `LanguageChanged`) ask nothing
of a channel: they are the call's timeline, stored with the turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, ClassVar, Final

RECORDED_NOTICE: Final = "recorded_notice"
"""The prompt that tells callers they are recorded. It is said in calls that are, and recording begins with it."""
RINGS_S: Final = 30.0
"""How long a telephone rings that a caller is put through to, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Output:
    kind: ClassVar[str]


# --- said


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of speech: `text` as spoken in `language`. A fixed prompt has its id, so a recording may replace it."""

    text: str
    language: str
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Say(Output):
    kind: ClassVar[str] = "say"
    segments: tuple[Segment, ...]
    barge_in: bool = True
    private: bool = False  # masked in logs and captions kept after the call

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


# --- waits: exactly one ends a turn


@dataclass(frozen=True, slots=True)
class KeyInput:
    """Which keys end the wait. `max_digits` reached, or `terminator`, or `inter_digit_s` after a digit.

    `commands` are entries that are no value but a wish (`*7`, `*0`): one that is complete, and that no longer one
    begins with, ends the wait at once.
    """

    min_digits: int = 1
    max_digits: int = 1
    terminator: str = "#"  # "" for none
    inter_digit_s: float = 3.0
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeechInput:
    """What may be said: `phrases` are the grammar; `digits` for a spoken number; `free` for anything.

    `values` is the kind of value, of `speech.vocabulary`, whose words may be said as well: `ivr.listening.grammar`.
    """

    phrases: tuple[str, ...] = ()
    digits: bool = False
    free: bool = False
    end_silence_s: float = 0.8
    max_s: float = 15.0
    values: str = ""


@dataclass(frozen=True, slots=True)
class Gather(Output):
    """Wait for keys or speech. The timeout of `first_input_s` starts when the last prompt has finished."""

    kind: ClassVar[str] = "gather"
    language: str
    keys: KeyInput | None
    speech: SpeechInput | None
    first_input_s: float = 5.0
    barge_in: bool = True
    private: bool = False  # what is asked for is not recorded


@dataclass(frozen=True, slots=True)
class Record(Output):
    """Record a message. `commands` are single keys that end the wait with what they stand for instead of a message."""

    kind: ClassVar[str] = "record"
    max_s: float
    end_silence_s: float = 4.0
    terminator: str = "#"
    beep: bool = True
    commands: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class CallService(Output):
    """Run a service and resume with its `ServiceResult`. Never reaches a channel: the runner answers it."""

    kind: ClassVar[str] = "call_service"
    service: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    budget_s: float = 1.5


@dataclass(frozen=True, slots=True)
class Transfer(Output):
    """`to`: a telephone, or `agents`. `leave_key`: who waits for an agent leaves by it; "" for none."""

    kind: ClassVar[str] = "transfer"
    to: str
    timeout_s: float = RINGS_S
    leave_key: str = ""


@dataclass(frozen=True, slots=True)
class Hangup(Output):
    kind: ClassVar[str] = "hangup"
    reason: str = "flow"


# --- the timeline


@dataclass(frozen=True, slots=True)
class NodeEntered(Output):
    kind: ClassVar[str] = "node_entered"
    flow: str
    node: str
    node_kind: str


@dataclass(frozen=True, slots=True)
class Heard(Output):
    """What was made of an input. `by`: keys, speech, silence. `text` is masked when the slot is private.

    `verdict`: match (an option or a value was taken), no_match, no_input, help, invalid (a value that cannot be),
    confirm (asked back whether it was understood), corrected (asked back after the caller mended it).
    """

    kind: ClassVar[str] = "heard"
    node: str
    by: str
    verdict: str
    text: str = ""
    confidence: float | None = None
    option: str | None = None
    phrase: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceCalled(Output):
    """A service's answer as the timeline shows it. Values of private outputs are not in it."""

    kind: ClassVar[str] = "service_called"
    service: str
    outcome: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    took_us: int = 0


@dataclass(frozen=True, slots=True)
class LanguageChanged(Output):
    kind: ClassVar[str] = "language_changed"
    language: str


@dataclass(frozen=True, slots=True)
class Fault(Output):
    """The flow could not go on (too many steps, a value that does not fit). The caller has heard an apology."""

    kind: ClassVar[str] = "fault"
    message: str


WAITS = (Gather, Record, CallService, Transfer, Hangup)

_KINDS: dict[str, type[Output]] = {
    c.kind: c
    for c in (
        Say, Gather, Record, CallService, Transfer, Hangup,
        NodeEntered, Heard, ServiceCalled, LanguageChanged, Fault,
    )
}  # fmt: skip


_FIELDS: dict[type[Any], tuple[str, ...]] = {
    c: tuple(f.name for f in fields(c)) for c in (*_KINDS.values(), Segment, KeyInput, SpeechInput)
}


_FLAT = frozenset(
    {NodeEntered, Heard, LanguageChanged, Hangup, Fault, Transfer}
)  # nothing in them but texts and numbers


def to_json(output: Output) -> dict[str, Any]:
    """Every turn of every call passes here, so it is written out: `dataclasses.asdict` is ten times as slow."""
    return _gather_json(output) if isinstance(output, Gather) else _written(output)


@lru_cache(maxsize=1000)
def _gather_json(output: Gather) -> dict[str, Any]:
    """What a node waits for is the same for every caller. Not to be changed by who gets it."""
    return _written(output)


def _written(output: Output) -> dict[str, Any]:
    if type(output) in _FLAT:
        return {"kind": output.kind} | {name: getattr(output, name) for name in _FIELDS[type(output)]}
    return {"kind": output.kind} | {name: _plain(getattr(output, name)) for name in _FIELDS[type(output)]}


def _plain(value: Any) -> Any:
    if isinstance(value, Segment | KeyInput | SpeechInput):
        return {name: _plain(getattr(value, name)) for name in _FIELDS[type(value)]}
    if isinstance(value, tuple):
        return [_plain(item) for item in value] if value and isinstance(value[0], Segment) else list(value)
    return value


def from_json(data: Mapping[str, Any]) -> Output:
    values = dict(data)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise ValueError(f"no such output: {kind!r}")
    if kind == "say":
        values["segments"] = tuple(Segment(**segment) for segment in values["segments"])
    if kind == "record":
        values["commands"] = tuple(values.get("commands", ()))
    if kind == "gather":
        if values["keys"]:
            values["keys"] = KeyInput(**{**values["keys"], "commands": tuple(values["keys"].get("commands", ()))})
        if values["speech"]:
            values["speech"] = SpeechInput(**{**values["speech"], "phrases": tuple(values["speech"]["phrases"])})
    return _KINDS[kind](**values)
