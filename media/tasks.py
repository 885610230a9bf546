"""Work that goes on beside: held on to until it is done, since a loop holds no task, and what it raises is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

log = structlog.get_logger("media")


class Tasks:
    """To be used on the loop. `failed` is told what a task has raised; it is logged without one."""

    def __init__(self, failed: Callable[[BaseException], None] | None = None) -> None:
        self._failed = failed or _log
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def settled(self) -> None:
        """All are done but the one that asks, whatever came of them."""
        others = self._tasks - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)


def _log(error: BaseException) -> None:
    log.error("task_failed", exc_info=error)
