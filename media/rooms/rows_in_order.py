"""What a talk writes down: after it was told, and in the same order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from media.rows import Rows
from media.tasks import Tasks

log = structlog.get_logger("media")


class RowsInOrder:
    """Of one talk. Work that fails is logged and keeps nothing after it from being done."""

    def __init__(self, rows: Rows, call_id: str) -> None:
        self.run = rows.run  # now, in a thread
        self._one_at_a_time = asyncio.Lock()
        bound = log.bind(call=call_id)
        self._tasks = Tasks(lambda error: bound.error("talk_failed", exc_info=error))

    def write(self, function: Callable[..., object], *arguments: object) -> None:
        """Rows, in a thread, after what was to be done before."""

        async def row() -> None:
            await self.run(function, *arguments)

        self.later(row)

    def later(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: object, **named: object) -> None:
        """After what was to be done before."""

        async def in_order() -> None:
            async with self._one_at_a_time:
                await work(*arguments, **named)

        self.start(in_order())

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside everything else."""
        self._tasks.start(work)

    async def settled(self) -> None:
        await self._tasks.settled()
