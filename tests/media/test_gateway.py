"""Calls over a real socket, on real rows: what a caller with a browser phone gets, what others are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from database import Database
from ivr.events import Event
from ivr.runner import Runner
from media.parts import GatewayParts
from models import CallStatus, CallTurn
from settings import Settings
from tests.media.gateway_calls import http_get, on_the_line, to_the_pin
from tests.media.gateway_parts import ScriptedEars
from tests.media.line import QUIET, VOICE
from tests.media.only_call import ended, the_call
from tests.media.phone_client import gateway, phone
from tests.scenarios import run, until


def test_a_call_from_hello_to_goodbye(parts: GatewayParts, settings: Settings, database: Database) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            up = await caller.start()
            await caller.caption("Hello.")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.press("3")
            await caller.until("ended", reason="flow")
            assert await caller.close_reason() == (1000, "flow")
            call = await ended(database)
            assert (call.id, call.status, call.from_number) == (up["call"], CallStatus.COMPLETED, "+8613800571001")
            assert len(caller.heard) > 2000

    run(scenario())


def test_the_token_says_who_calls_in_which_language(parts: GatewayParts, database: Database) -> None:
    async def scenario() -> None:
        async with on_the_line(parts, language="zh-CN", number="+8613800571002") as caller:
            notice = await caller.until("caption", who="notice")
            assert "按键" in notice["text"], "without ears for Mandarin the caller is told to use the keypad"
            await caller.caption("您好。")
            await caller.send("stop")
            assert (await ended(database)).from_number == "+8613800571002"

    run(scenario())


def test_spoken_words_are_understood_and_shown(parts: GatewayParts) -> None:
    ears = parts.ears["en"]
    assert isinstance(ears, ScriptedEars)

    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.speak(VOICE, 0.6)
            await caller.until("clear")
            await caller.until("caption", who="caller", partial=True)
            await caller.speak(QUIET, 1.2)
            await caller.caption("After the tone.")
            assert len(b"".join(ears.fed)) / 16000 > 0.55
            await until(lambda: not ears.out)  # the recogniser is given back

    run(scenario())


def test_typed_words_go_where_spoken_ones_go(parts: GatewayParts) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await caller.send("speech_text", text="report an outage")
            await caller.caption("After the tone.")

    run(scenario())


def test_a_recogniser_that_breaks_is_not_understood_and_the_call_goes_on(parts: GatewayParts) -> None:
    ears = ScriptedEars(fails=True)

    async def scenario() -> None:
        async with on_the_line(replace(parts, ears={"en": ears})) as caller:
            await caller.speak(VOICE, 0.4)
            await caller.speak(QUIET, 1.2)
            await caller.caption("First not understood. Say outage or bill, or press 1 to 6.")
            await caller.press("1")
            await caller.caption("After the tone.")
            assert ears.out == 0

    run(scenario())


def test_a_transfer_tells_that_it_cannot_be(parts: GatewayParts) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await caller.press("4")
            await caller.until("caption", who="notice")
            await caller.caption("Say outage or bill, or press 1 to 6.")

    run(scenario())


def test_every_turn_is_a_row(parts: GatewayParts, database: Database) -> None:
    async def scenario() -> None:
        async with on_the_line(parts) as caller:
            await to_the_pin(caller)
            await caller.press("3", "#")
            await caller.until("caption", who="hotline")
        with database.reading() as db:
            kinds = [turn.event["kind"] for turn in db.scalars(sa.select(CallTurn).order_by(CallTurn.number))]
        assert kinds[:3] == ["call_started", "digits", "digits"]

    run(scenario())


class Stumbling(Runner):
    """Fails the first `times` turns as a database does that is away."""

    times = 0

    def resume(self, call_id: str, turn: int, event: Event, **more: Any) -> Any:
        if self.times > 0:
            self.times -= 1
            raise OperationalError("select", {}, Exception("the database is away"))
        return super().resume(call_id, turn, event, **more)


@pytest.mark.parametrize(("times", "heard"), [(2, "Your PIN?"), (99, None)])
def test_a_database_that_is_away_is_asked_again_and_then_apologised_for(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database, times: int, heard: str | None
) -> None:
    stumbling = Stumbling(database, runner.flows, runner.services, settings)
    stumbling.times = times

    async def scenario() -> None:
        async with on_the_line(replace(parts, runner=stumbling)) as caller:
            await caller.press("2")
            if heard:
                await caller.caption(heard)
                return
            apology = await caller.until("caption", who="hotline", private=False, partial=False, within_s=5)
            while "sorry" not in apology["text"]:
                apology = await caller.until("caption", who="hotline")
            await caller.until("ended", reason="fault")
            assert (await ended(database)).status is CallStatus.FAILED

    run(scenario())


def test_a_call_ended_elsewhere_ends_on_the_phone(
    parts: GatewayParts, settings: Settings, runner: Runner, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            call_id = (await caller.start())["call"]
            await asyncio.to_thread(runner.ended, call_id, CallStatus.CANCELED, "swept")
            await caller.press("2")
            await caller.until("ended")
            assert the_call(database).status is CallStatus.CANCELED

    run(scenario())


def test_health_says_how_many_are_on_the_line(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with on_the_line(parts):
            health = await http_get(settings, "/healthz")
            assert health.startswith("HTTP/1.1 200")
            body = orjson.loads(health.split("\r\n\r\n", 1)[1])
            assert body == {"status": "ok", "calls": 1, "phones": 0, "pages": 0, "agents": 0, "rooms": 0}
            assert (await http_get(settings, "/elsewhere")).startswith("HTTP/1.1 404")

    run(scenario())


def test_a_gateway_that_is_told_something_as_it_ends_does_end(parts: GatewayParts) -> None:
    """A task that is cancelled while what it waits for is just there must not take that for the cancellation."""

    async def scenario() -> None:
        for moments in range(6):
            async with gateway(parts) as running:
                await asyncio.sleep(0.05)
                running.ringing.nudge()
                running.agents.nudge()
                for _ in range(moments):
                    await asyncio.sleep(0)

    run(scenario())
