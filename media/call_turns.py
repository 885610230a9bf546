"""The turns of one call: what the caller did is handed to the runner, again when the database is away for a moment."""

from __future__ import annotations

import asyncio

import structlog

from ivr.calls import CallError, NewRecording, TurnAnswer
from ivr.events import Event, Recorded
from media import actions
from media.call_tools import CallRows

log = structlog.get_logger("media")


class CallTurns:
    """`tries`: pauses before a turn that failed is tried again, in seconds."""

    def __init__(self, rows: CallRows, call_id: str, tries: tuple[float, ...]) -> None:
        self._rows = rows
        self._call_id = call_id
        self._tries = tries

    async def resumed(self, turn: int, event: Event, recording: NewRecording | None = None) -> TurnAnswer:
        """A turn is answered once, however often it is asked. Raises CallError, and what failed at the last try."""
        for pause_s in self._tries:
            try:
                return await self._rows.resume(self._call_id, turn, event, recording)
            except CallError:
                raise
            except Exception as error:  # noqa: BLE001 - any failure of a dependency
                log.warning(
                    "turn_tried_again",
                    call=self._call_id, error=f"{type(error).__name__}: {error}"[:300], after_s=pause_s,
                )  # fmt: skip
                await asyncio.sleep(pause_s)
        return await self._rows.resume(self._call_id, turn, event, recording)

    async def recorded(self, message: actions.MessageRecorded) -> TurnAnswer:
        """The message is kept first. Raises as `resumed`."""
        recording = await self._rows.keep_message(message.pcm, message.transcript)
        event = Recorded(recording.id, recording.seconds, recording.transcript)
        return await self.resumed(message.turn, event, recording)
