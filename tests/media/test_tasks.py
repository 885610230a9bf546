"""Work beside: kept until it is done, its failures told, waited for."""

from __future__ import annotations

import asyncio
import gc

import pytest

from media.tasks import Tasks


def test_what_a_task_raises_is_told_and_disturbs_nobody() -> None:
    told: list[BaseException] = []

    async def scenario() -> None:
        tasks, done = Tasks(told.append), asyncio.Event()

        async def fails() -> None:
            raise OSError("disk full")

        async def works() -> None:
            await asyncio.sleep(0.01)
            done.set()

        tasks.start(fails())
        tasks.start(works())
        gc.collect()
        assert len(tasks) == 2
        await tasks.settled()
        assert done.is_set()
        assert not tasks

    asyncio.run(scenario())
    assert [str(error) for error in told] == ["disk full"]


def test_what_nobody_wants_to_be_told_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        tasks = Tasks()

        async def fails() -> None:
            raise OSError("disk full")

        tasks.start(fails())
        await tasks.settled()
        await asyncio.sleep(0)

    asyncio.run(scenario())
    said = capsys.readouterr().out
    assert "task_failed" in said
    assert "OSError: disk full" in said


def test_a_task_may_wait_for_all_the_others_and_the_rest_is_cancelled_without_a_word() -> None:
    told: list[BaseException] = []

    async def scenario() -> None:
        tasks, seen = Tasks(told.append), []

        async def last() -> None:
            await tasks.settled()
            seen.append(len(tasks))

        async def never() -> None:
            await asyncio.Event().wait()

        tasks.start(never())
        task = tasks.start(last())
        await asyncio.sleep(0)
        tasks.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task  # it was one of them
        tasks.start(asyncio.sleep(0.01, None))
        await tasks.start(last())
        assert seen == [1], "but for itself"

    asyncio.run(scenario())
    assert told == []
