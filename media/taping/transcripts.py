"""Lines of transcripts into their table: those of all calls of a process in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from database import Database
from media.taping.tape import SaidLine
from models import Call, TranscriptLine


@dataclass(frozen=True, slots=True)
class Transcripts:
    """Called in threads."""

    database: Database
    clock: Callable[[], datetime]

    def keep(self, said: Sequence[tuple[str, SaidLine]], loop_now: float) -> None:
        """`said`: call and line; `loop_now`: the event loop's time that their times are measured against."""
        now = self.clock()
        calls = {call_id for call_id, _ in said}
        with self.database.transaction() as rows:
            began = {
                call_id: answered_at or started_at
                for call_id, answered_at, started_at in rows.execute(
                    sa.select(Call.id, Call.answered_at, Call.started_at).where(Call.id.in_(calls))
                )
            }
            new = [_row(call_id, line, now - timedelta(seconds=loop_now - line.at), began) for call_id, line in said]
            if kept := [row for row in new if row is not None]:
                rows.execute(sa.insert(TranscriptLine), kept)


def _row(call_id: str, line: SaidLine, at: datetime, began: dict[str, datetime]) -> dict[str, object] | None:
    if call_id not in began:  # the call's row is gone
        return None
    return {
        "call_id": call_id, "at_ms": max(0, round((at - began[call_id]).total_seconds() * 1000)),
        "speaker": line.speaker, "language": line.language, "text": line.text, "confidence": line.confidence,
        "private": line.private, "created_at": at,
    }  # fmt: skip
