"""What a call sounded like: its recording as the player shows it, and the transcript that runs beside it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from console.hearing import Play, may_hear_call, plays
from console.sessions import SignedIn
from models import Call, CallStatus, Recording, RecordingKind, RecordingStatus, Speaker, TranscriptLine

_MOST_LINES = 2_000


@dataclass(frozen=True, slots=True)
class CallRecording:
    id: str
    status: RecordingStatus
    seconds: float
    begins_ms: int  # since the call was answered
    left_out: tuple[tuple[int, int, bool], ...]  # from_ms, to_ms, and whether it is private (else it was not kept)


@dataclass(frozen=True, slots=True)
class Line:
    """`sound` and `second`: the recording it is heard in, and where; None and 0 when it is in none."""

    at_ms: int
    speaker: Speaker
    language: str
    text: str
    private: bool
    sound: str | None
    second: float


@dataclass(frozen=True, slots=True)
class SoundView:
    """`open`: this user may hear and read it. `any`: there is something. `plays` are for those who lead."""

    call_id: str
    live: bool
    open: bool
    any: bool
    language: str
    recordings: tuple[CallRecording, ...] = ()
    lines: tuple[Line, ...] = ()
    plays: tuple[Play, ...] = ()


def sound_view(rows: Session, user: SignedIn, call: Call) -> SoundView:
    live = call.status is CallStatus.IN_PROGRESS
    found = list(
        rows.scalars(
            sa.select(Recording)
            .where(Recording.call_id == call.id, Recording.kind == RecordingKind.CALL)
            .order_by(Recording.created_at)
        )
    )
    if not may_hear_call(rows, user, call):
        return SoundView(call.id, live, open=False, any=bool(found), language=call.language)
    began = call.answered_at or call.started_at
    recordings = tuple(_recording(one, round((one.created_at - began).total_seconds() * 1000)) for one in found)
    said = rows.scalars(
        sa.select(TranscriptLine)
        .where(TranscriptLine.call_id == call.id)
        .order_by(TranscriptLine.at_ms, TranscriptLine.id)
        .limit(_MOST_LINES)
    )
    lines = tuple(_line(one, recordings) for one in said)
    return SoundView(
        call.id, live, open=True, any=bool(recordings or lines or live), language=call.language,
        recordings=recordings, lines=lines, plays=plays(rows, [one.id for one in found]) if user.leads else (),
    )  # fmt: skip


def _recording(row: Recording, begins_ms: int) -> CallRecording:
    left_out = [(start, end, True) for start, end in row.pauses] + [(start, end, False) for start, end in row.gaps]
    return CallRecording(row.id, row.status, row.seconds, begins_ms, tuple(sorted(left_out)))


def _line(row: TranscriptLine, recordings: tuple[CallRecording, ...]) -> Line:
    heard_in = next((one for one in reversed(recordings) if one.begins_ms <= row.at_ms + 500), None)
    second = max(0.0, (row.at_ms - heard_in.begins_ms) / 1000) if heard_in else 0.0
    return Line(
        row.at_ms, row.speaker, row.language, row.text, row.private, heard_in.id if heard_in else None, round(second, 2)
    )
