"""A call read back: what was said, heard and done, in order. Pure: rows in, entries out, for the pages and the CLI."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from ivr import events, outputs
from models import Call, CallTurn

MASK: Final = "•••"  # the sign `ivr.routing` writes for what is private
_UNSET: Final = datetime.min.replace(tzinfo=UTC)
_Read = TypeVar("_Read")


class EntryKind(enum.StrEnum):
    STARTED = "started"  # text: the number that called, or was called
    NODE = "node"  # text: flow/node; by: the node's kind
    SAID = "said"  # text, language
    HEARD = "heard"  # by (keys, speech, silence), text, confidence, verdict, option
    SERVICE = "service"  # text: its name; verdict: its outcome; took_us; values: inputs and outputs
    RECORDING = "recording"  # "the caller may speak now"
    RECORDED = "recorded"  # recording_id, seconds, text: transcript
    LANGUAGE = "language"  # language
    TRANSFER = "transfer"  # text: the number
    TRANSFERRED = "transferred"  # verdict: answered, busy, ...; seconds
    FAULT = "fault"  # text
    HANGUP = "hangup"  # we hung up; text: why
    HUNG_UP = "hung_up"  # the other side did
    ENDED = "ended"  # verdict: final status; text: reason; seconds


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line. `turn` is the number of the answer it belongs to; `turn_took_us` stands on a turn's first entry."""

    at: datetime
    kind: EntryKind
    text: str = ""
    turn: int | None = None
    turn_took_us: int | None = None
    by: str = ""
    verdict: str = ""
    option: str = ""
    confidence: float | None = None
    language: str = ""
    recording_id: str = ""
    seconds: float | None = None
    took_us: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    private: bool = False


def timeline(call: Call, turns: Iterable[CallTurn]) -> list[TimelineEntry]:
    """Every entry of `call`, oldest first. What is private shows as `MASK`.

    `turns` may come in any order. A turn whose JSON a newer or older release wrote shows as a fault, not an error.
    """
    entries: list[TimelineEntry] = []
    ordered = sorted(turns, key=lambda turn: turn.number)
    if not any(turn.event.get("kind") == events.CallStarted.kind for turn in ordered):
        other = call.to_number if call.direction == "outbound" else call.from_number
        entries.append(TimelineEntry(call.started_at, EntryKind.STARTED, other, language=call.language))
    for turn in ordered:
        entries.extend(_turn(call, turn))
    if call.ended_at is not None:
        entries.append(
            TimelineEntry(
                call.ended_at, EntryKind.ENDED, call.end_reason or "", verdict=call.status.value, seconds=talked_s(call)
            )
        )
    return entries


def turns_expired(call: Call, turns: Sequence[CallTurn]) -> bool:
    """Whether there were turns and they have been deleted (recordings.keep_days)."""
    return call.turn >= 0 and not turns


def talked_s(call: Call) -> float | None:
    """Seconds from answer to end; None for a call not answered or not yet over."""
    if call.answered_at is None or call.ended_at is None:
        return None
    return max(0.0, (call.ended_at - call.answered_at).total_seconds())


def _turn(call: Call, turn: CallTurn) -> list[TimelineEntry]:
    came_in = _read(events.from_json, turn.event)
    went_out = [_read(outputs.from_json, made) for made in turn.outputs]
    lines = [*_came_in(call, came_in, went_out), *(line for made in went_out for line in _went_out(made))]
    return [
        replace(line, at=turn.at, turn=turn.number, turn_took_us=None if place else turn.took_us)
        for place, line in enumerate(lines)
    ]


def _read(parse: Callable[[Mapping[str, Any]], _Read], data: Mapping[str, Any]) -> _Read | outputs.Fault:
    try:
        return parse(data)
    except (ValueError, TypeError, KeyError):
        return outputs.Fault(f"written by another release: {data.get('kind', '?')}")


def _came_in(
    call: Call, event: events.Event | outputs.Fault, went_out: Sequence[outputs.Output]
) -> Iterator[TimelineEntry]:
    """What came in, where no `Heard` among the outputs already tells it."""
    heard = any(isinstance(made, outputs.Heard) for made in went_out)
    match event:
        case events.CallStarted():
            other = event.to_number if event.direction == "outbound" else event.from_number
            yield _entry(EntryKind.STARTED, other, language=event.language)
        case events.Recorded():
            yield _entry(EntryKind.RECORDED, event.transcript, recording_id=event.recording_id, seconds=event.seconds)
        case events.DialEnded():
            yield _entry(EntryKind.TRANSFERRED, verdict=event.status, seconds=event.seconds)
        case events.HungUp():
            yield _entry(EntryKind.HUNG_UP, event.reason)
        case events.NoInput() if not heard:
            yield _entry(EntryKind.HEARD, by="silence", verdict="no_input")
        case events.Digits() | events.Speech() if not heard:
            # Nobody judged it, so nobody knows whether it is private.
            by = "keys" if isinstance(event, events.Digits) else "speech"
            yield _entry(EntryKind.HEARD, MASK, by=by, private=True)
        case outputs.Fault():
            yield _entry(EntryKind.FAULT, event.message)


def _went_out(made: outputs.Output) -> Iterator[TimelineEntry]:
    match made:
        case outputs.NodeEntered():
            yield _entry(EntryKind.NODE, f"{made.flow}/{made.node}", by=made.node_kind)
        case outputs.Say():
            language = made.segments[0].language if made.segments else ""
            text = MASK if made.private else made.text
            yield _entry(EntryKind.SAID, text, language=language, private=made.private)
        case outputs.Heard() if made.by != "recording":  # the event tells that, with the recording's id
            yield _entry(
                EntryKind.HEARD, made.text, by=made.by, verdict=made.verdict, confidence=made.confidence,
                option=made.option or "", private=made.text == MASK,
            )  # fmt: skip
        case outputs.ServiceCalled():
            yield _entry(
                EntryKind.SERVICE, made.service, verdict=made.outcome, took_us=made.took_us,
                values={**made.inputs, **made.outputs},
            )  # fmt: skip
        case outputs.LanguageChanged():
            yield _entry(EntryKind.LANGUAGE, language=made.language)
        case outputs.Record():
            yield _entry(EntryKind.RECORDING, seconds=made.max_s)
        case outputs.Transfer():
            yield _entry(EntryKind.TRANSFER, made.to)
        case outputs.Hangup():
            yield _entry(EntryKind.HANGUP, made.reason)
        case outputs.Fault():
            yield _entry(EntryKind.FAULT, made.message)


def _entry(kind: EntryKind, text: str = "", **fields: Any) -> TimelineEntry:
    """An entry whose time and turn `_turn` fills in."""
    return TimelineEntry(_UNSET, kind, text, **fields)
