"""Where the gateway draws a line: how many calls, how long, how much, and how soon a phone has to say something."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from database import Database
from ivr.runner import Runner
from media.parts import GatewayParts
from models import CallStatus
from settings import Settings
from tests.media.gateway_calls import on_the_line
from tests.media.only_call import ended
from tests.media.phone_client import gateway, phone
from tests.scenarios import run, until


def test_more_calls_than_lines_are_told_so(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts) as running, asyncio.TaskGroup() as group:
            done = asyncio.Event()

            async def one(index: int) -> None:
                async with phone(settings, address=f"192.0.2.{index}") as caller:
                    await caller.start()
                    await done.wait()

            tasks = [group.create_task(one(index)) for index in range(settings.media.max_calls)]
            await until(lambda: running.switchboard.calls >= settings.media.max_calls)
            async with phone(settings) as late:
                await late.send("start", start={})
                assert (await late.until("error"))["code"] == "full"
                assert (await late.close_reason())[0] == 4503
            done.set()
            assert all(not task.cancelled() for task in tasks)

    run(scenario())


def test_an_address_cannot_begin_calls_without_end(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        few = replace(parts, limits=replace(parts.limits, starts_per_address=2, start_refill_s=1000))
        async with gateway(few):
            for _ in range(2):
                async with phone(settings) as caller:
                    await caller.start()
                    await caller.send("stop")
                    await caller.until("ended")
            async with phone(settings) as caller:
                await caller.send("start", start={})
                assert (await caller.until("error"))["code"] == "too_many_calls"
            async with phone(settings, address="192.0.2.2") as other:
                await other.start()

    run(scenario())


def test_a_call_without_end_is_ended(parts: GatewayParts, settings: Settings, database: Database) -> None:
    flows = settings.callflows.model_copy(update={"max_call_minutes": 0.02, "overtime_s": 0})
    short = replace(parts, settings=settings.model_copy(update={"callflows": flows}))

    async def scenario() -> None:
        async with on_the_line(short) as caller:
            await caller.caption("This call has reached its time limit. Please call again. Goodbye.")
            await caller.until("ended", reason="time limit")
            assert (await ended(database)).status is CallStatus.COMPLETED

    run(scenario())


def test_an_answer_that_is_late_for_the_end_of_a_call_does_not_prolong_it(
    parts: GatewayParts, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = threading.Event()
    resume = Runner.resume

    def late(self: Runner, *arguments: Any, **named: Any) -> Any:
        assert may_go_on.wait(30)
        return resume(self, *arguments, **named)

    monkeypatch.setattr(Runner, "resume", late)

    async def scenario() -> None:
        async with gateway(parts) as running, phone(settings) as caller:
            await caller.start()
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.press("2")
            await caller.until("clear")  # the key has come
            running.switchboard.all()[0].call.say_last("too_long", "time limit")
            may_go_on.set()
            await caller.caption("This call has reached its time limit. Please call again. Goodbye.")
            await caller.until("ended", reason="time limit")
            assert (await ended(database)).status is CallStatus.COMPLETED

    run(scenario())


def test_a_flood_is_cut_off(parts: GatewayParts) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            frame = orjson.dumps({"event": "media", "media": {"payload": "/" * 212 + "/w=="}}).decode()
            try:
                for _ in range(2000):
                    await caller.socket.send(frame)
            except ConnectionClosed:
                pass
            assert (await caller.close_reason())[0] == 4429

    run(scenario())


def test_a_phone_that_says_nothing_is_closed(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            assert (await caller.close_reason())[0] == 4408

    run(scenario())
