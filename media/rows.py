"""What the gateway does to rows and files, each in a thread of its own share: the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

import outbox
from ivr.calls import NewCall, NewRecording, TurnAnswer
from ivr.events import Event
from media.parts import GatewayParts, Threads
from models import Call, CallStatus, Channel, new_id
from recording_store import RecordingStore
from speech.audio import RATE

Result = TypeVar("Result")


class Rows:
    def __init__(self, parts: GatewayParts, threads: Threads) -> None:
        self._parts = parts
        self._threads = threads
        self._recordings = RecordingStore.of(parts.settings)

    async def run(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads.rows, partial(function, *arguments, **named))

    async def begin(self, new: NewCall) -> TurnAnswer:
        return await self.run(self._parts.runner.begin, new)

    async def answered(self, call_id: str, provider_id: str, gateway: str) -> TurnAnswer:
        return await self.run(self._parts.runner.answered, call_id, provider_id=provider_id, gateway=gateway)

    async def current(self, call_id: str) -> TurnAnswer:
        return await self.run(self._parts.runner.current, call_id)

    async def resume(self, call_id: str, turn: int, event: Event, recording: NewRecording | None) -> TurnAnswer:
        return await self.run(self._parts.runner.resume, call_id, turn, event, recording=recording)

    async def ended(self, call_id: str, status: CallStatus, reason: str) -> None:
        await self.run(self._parts.runner.ended, call_id, status, reason)

    async def status(self, call_id: str, channel: Channel) -> CallStatus | None:
        """None: there is no such call of that channel."""

        def read() -> CallStatus | None:
            with self._parts.database.reading() as db:
                return db.scalar(sa.select(Call.status).where(Call.id == call_id, Call.channel == channel))

        return await self.run(read)

    async def carry_here(self, call_id: str, gateway: str) -> str | None:
        """The call's sound runs through `gateway` from now on: no other may end it for having lost it. Returns through
        which it ran before."""

        def write() -> str | None:
            with self._parts.database.transaction() as db:
                before = db.scalar(sa.select(Call.gateway).where(Call.id == call_id))
                db.execute(sa.update(Call).where(Call.id == call_id).values(gateway=gateway, put_through_to=None))
                return before

        return await self.run(write)

    async def hand_over(self, call_id: str, carrier: str, to: str | None) -> None:
        """The carrier goes on with the call without us: to the number `to`, which an agent has named, or to what the
        flow says."""

        def write() -> None:
            with self._parts.database.transaction() as db:
                db.execute(sa.update(Call).where(Call.id == call_id).values(gateway=carrier, put_through_to=to))
                outbox.notify(db, "call", call_id)

        await self.run(write)

    async def carried_by(self, call_id: str) -> str | None:
        """The media process that the call's sound runs through."""

        def read() -> str | None:
            with self._parts.database.reading() as db:
                return db.scalar(sa.select(Call.gateway).where(Call.id == call_id))

        return await self.run(read)

    async def up(self, gateway: str) -> list[str]:
        """Calls this gateway was carrying when it was last seen."""

        def read() -> list[str]:
            with self._parts.database.reading() as db:
                carried = sa.select(Call.id).where(Call.gateway == gateway, Call.status == CallStatus.IN_PROGRESS)
                return list(db.scalars(carried))

        return await self.run(read)

    async def keep_message(self, pcm: bytes, transcript: str) -> NewRecording:
        """Writes the sound and syncs it before anything refers to it. Words typed without sound become a moment of
        silence, so that every recording has its file."""
        recording_id = new_id()
        pcm = pcm or bytes(2 * RATE // 10)
        name = await self.run(self._recordings.write, recording_id, pcm)
        return NewRecording(recording_id, len(pcm) / 2 / RATE, name, transcript=transcript)
