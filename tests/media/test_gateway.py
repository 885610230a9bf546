"""Calls over a real socket, on real rows: what a caller with a browser phone gets, whatever happens on the way."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from database import Database
from ivr.channels import tokens
from ivr.events import Event
from ivr.runner import Runner
from media import rendering
from media.actions import Action
from media.parts import GatewayParts
from media.session import MediaSession
from models import Call, CallStatus, CallTurn, Recording
from settings import Settings
from speech.audio import pcm_to_mulaw, read_wav, tone
from tests.media.gateway_parts import ScriptedEars, ScriptedVoice, impatient
from tests.media.line import QUIET, VOICE
from tests.media.phone_client import TestPhone, address, gateway, phone


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 45))


def the_call(database: Database) -> Call:
    with database.reading() as db:
        return db.scalars(sa.select(Call)).one()


async def ended(database: Database, within_s: float = 20.0) -> Call:
    async with asyncio.timeout(within_s):
        while not the_call(database).status.final:
            await asyncio.sleep(0.05)
    return the_call(database)


# --- a call


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


def test_the_token_says_who_calls_in_which_language(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings, language="zh-CN", number="+8613800571002") as caller:
            await caller.start()
            notice = await caller.until("caption", who="notice")
            assert "按键" in notice["text"], "without ears for Mandarin the caller is told to use the keypad"
            await caller.caption("您好。")
            await caller.send("stop")
            assert (await ended(database)).from_number == "+8613800571002"

    run(scenario())


def test_spoken_words_are_understood_and_shown(parts: GatewayParts, settings: Settings) -> None:
    ears = parts.ears["en"]
    assert isinstance(ears, ScriptedEars)

    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.speak(VOICE, 0.6)
            await caller.until("clear")
            await caller.until("caption", who="caller", partial=True)
            await caller.speak(QUIET, 1.2)
            await caller.caption("After the tone.")
            assert len(b"".join(ears.fed)) / 16000 > 0.55
            async with asyncio.timeout(20):
                while ears.out:  # the recogniser is given back
                    await asyncio.sleep(0.02)

    run(scenario())


def test_typed_words_go_where_spoken_ones_go(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.send("speech_text", text="report an outage")
            await caller.caption("After the tone.")

    run(scenario())


def test_a_recogniser_that_breaks_is_not_understood_and_the_call_goes_on(
    parts: GatewayParts, settings: Settings
) -> None:
    ears = ScriptedEars(fails=True)

    async def scenario() -> None:
        async with gateway(replace(parts, ears={"en": ears})), phone(settings) as caller:
            await caller.start()
            await caller.speak(VOICE, 0.4)
            await caller.speak(QUIET, 1.2)
            await caller.caption("First not understood. Say outage or bill, or press 1 to 6.")
            await caller.press("1")
            await caller.caption("After the tone.")
            assert ears.out == 0

    run(scenario())


def test_a_key_stops_the_prompt_at_once(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        slow = replace(parts, voice=ScriptedVoice(seconds=5.0))
        async with gateway(slow), phone(settings, speed=1.0) as caller:
            await caller.start()
            async with asyncio.timeout(20):
                while not caller.heard:
                    await asyncio.sleep(0.02)
            await caller.press("1")
            await caller.until("clear")
            assert len(caller.heard) < 20_000, "half of it at most, played in real time"

    run(scenario())


def test_what_must_be_heard_cannot_be_stopped(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.press("5")
            await caller.caption("Keep away!")
            caller.messages.clear()
            await caller.press("3")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            assert not [message for message in caller.messages if message["event"] == "clear"]

    run(scenario())


def test_private_words_are_marked_and_kept_out_of_the_voice_cache(parts: GatewayParts, settings: Settings) -> None:
    voice = parts.voice
    assert isinstance(voice, ScriptedVoice)

    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.press("2")
            await caller.caption("Your PIN?")
            await caller.press(*"13572")
            said = await caller.until("caption", who="hotline", private=True)
            assert "1" in said["text"]
            heard = [message for message in caller.messages if message.get("who") == "caller"]
            assert not any("13572" in message["text"] for message in heard)
            assert voice.private
            assert not set(voice.kept) & set(voice.private)

    run(scenario())


def test_a_voice_that_fails_leaves_captions_and_a_tone(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(replace(parts, voice=ScriptedVoice(fails=True))), phone(settings) as caller:
            await caller.start()
            await caller.until("caption", who="notice", text="The voice is out of order. Please read the captions.")
            await caller.caption("Hello.")
            await caller.caption("Say outage or bill, or press 1 to 6.")
            await caller.press("3")
            await caller.until("ended")
            assert len(caller.heard) >= 2000

    run(scenario())


def test_a_transfer_tells_that_it_cannot_be(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.press("4")
            await caller.until("caption", who="notice")
            await caller.caption("Say outage or bill, or press 1 to 6.")

    run(scenario())


# --- messages


def test_a_message_is_on_disk_before_its_turn_is_answered(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.press("1")
            await caller.caption("After the tone.")
            await caller.tone(turn=1)
            await caller.speak(VOICE, 1.0)
            await caller.press("#")
            await caller.caption("Thank you.")
            with database.reading() as db:
                recording = db.scalars(sa.select(Recording)).one()
            assert recording.path is not None
            pcm = read_wav(settings.home / "recordings" / recording.path)
            assert recording.seconds == pytest.approx(len(pcm) / 16000)
            assert any(pcm)

    run(scenario())


def test_who_hangs_up_in_the_middle_of_a_message_has_left_it(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.press("1")
            await caller.caption("After the tone.")
            await caller.tone(turn=1)
            await caller.speak(VOICE, 0.8)
            await caller.send("stop")
            await caller.until("ended")
            call = await ended(database)
            assert call.end_reason == "caller hung up"
            with database.reading() as db:
                assert db.scalars(sa.select(Recording)).one().seconds > 0.4

    run(scenario())


def test_who_hangs_up_while_a_prompt_is_rendered_has_hung_up(
    parts: GatewayParts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "PATIENCE_S", 600.0)
    asked, may_go_on = threading.Semaphore(0), threading.Event()

    class Stuck(ScriptedVoice):
        def pcm(self, text: str, language: str) -> bytes:
            asked.release()
            assert may_go_on.wait(60)
            return super().pcm(text, language)

    voice = Stuck()

    async def scenario() -> None:
        async with gateway(replace(parts, voice=voice)):
            try:
                async with phone(settings) as caller, phone(settings, number="+8613800571009") as other:
                    await caller.start()
                    await other.start()  # six texts for four threads
                    for _ in range(4):
                        await asyncio.to_thread(asked.acquire)
                    await caller.send("stop")
                    await caller.until("ended")
                    await other.send("stop")
                    await other.until("ended")
            finally:
                may_go_on.set()
        assert not asked.acquire(blocking=False), "what was only wanted by who is gone is not rendered any more"

    run(scenario())


def test_a_prompt_rendered_late_is_not_taken_for_the_last_words(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    may_go_on = threading.Event()

    class SlowAtFirst(ScriptedVoice):
        def pcm(self, text: str, language: str) -> bytes:
            if text == "Hello.":
                assert may_go_on.wait(60)
                return tone((700.0,), 5000)
            if text.startswith("This call has reached"):
                may_go_on.set()
                assert hello_is_there.wait(60)
            return super().pcm(text, language)

    hello_is_there = threading.Event()
    rendered = MediaSession.rendered

    def noted(self: MediaSession, prompt: str, mulaw: bytes, now: float) -> list[Action]:
        actions = rendered(self, prompt, mulaw, now)
        if len(mulaw) == 40_000:
            hello_is_there.set()
        return actions

    async def scenario() -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(MediaSession, "rendered", noted)
            async with gateway(replace(parts, voice=SlowAtFirst())) as running, phone(settings) as caller:
                await caller.start()
                running.switchboard.all()[0].call.say_last("too_long", "time limit")
                await caller.until("ended", within_s=30, reason="time limit")
                assert pcm_to_mulaw(tone((700.0,), 5000))[160:320] not in caller.heard
                assert pcm_to_mulaw(tone((300.0,), 300)) in caller.heard

    run(scenario())


# --- phones lost, gateways lost


def test_a_phone_that_comes_back_goes_on_where_it_was(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with phone(settings) as caller:
                token = (await caller.start())["token"]
                await caller.press("2")
                await caller.caption("Your PIN?")
                await caller.vanish()
            await asyncio.sleep(0.3)
            async with phone(settings) as caller:
                await caller.start(resume=token)
                await caller.caption("Your PIN?")
                await caller.press(*"1357#")
                await caller.until("caption", private=True)
            assert the_call(database).status is CallStatus.IN_PROGRESS

    run(scenario())


def test_a_phone_that_stays_away_ends_its_call(parts: GatewayParts, settings: Settings, database: Database) -> None:
    async def scenario() -> None:
        async with gateway(impatient(parts)):
            async with phone(settings) as caller:
                token = (await caller.start())["token"]
                await caller.vanish()
            call = await ended(database)
            assert (call.status, call.end_reason) == (CallStatus.COMPLETED, "connection lost")
            async with phone(settings) as caller:
                await caller.send("start", start={"customParameters": {"resume": token}})
                error = await caller.until("error")
                assert error["code"] == "no_such_call"
                assert (await caller.close_reason())[0] == 4404

    run(scenario())


def test_a_message_under_way_is_kept_when_the_phone_stays_away(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(impatient(parts)):
            async with phone(settings) as caller:
                await caller.start()
                await caller.press("1")
                await caller.caption("After the tone.")
                await caller.tone(turn=1)
                await caller.speak(VOICE, 0.8)
                await caller.vanish()
            await ended(database)
            with database.reading() as db:
                assert db.scalars(sa.select(Recording)).one().seconds > 0.4

    run(scenario())


def test_a_gateway_started_again_carries_the_call_on(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with phone_of_a_gateway_that_stops(parts, settings) as token:
            pass
        async with gateway(parts), phone(settings) as caller:
            await caller.start(resume=token)
            await caller.caption("Your PIN?")
            await caller.press("1", "#")
            await caller.until("caption", who="hotline")
        assert the_call(database).status is CallStatus.IN_PROGRESS

    run(scenario())


class phone_of_a_gateway_that_stops:
    """A call that has come to its second question when its gateway stops. Gives the call's token."""

    def __init__(self, parts: GatewayParts, settings: Settings) -> None:
        self._parts, self._settings = parts, settings

    async def __aenter__(self) -> str:
        async with gateway(self._parts):
            socket = await connect(address(self._settings))
            caller = TestPhone(socket, 4.0)
            token: str = (await caller.start())["token"]
            await caller.press("2")
            await caller.caption("Your PIN?")
        assert (await caller.close_reason())[0] == 1012
        await caller.leave()
        return token

    async def __aexit__(self, *_: object) -> None: ...


def test_a_call_nobody_comes_back_to_after_a_restart_is_ended(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with phone_of_a_gateway_that_stops(parts, settings):
            assert the_call(database).status is CallStatus.IN_PROGRESS
        async with gateway(impatient(parts)):
            assert (await ended(database)).end_reason == "connection lost"

    run(scenario())


def test_a_second_phone_cannot_take_a_call_that_is_up(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller, phone(settings) as intruder:
            token = (await caller.start())["token"]
            await intruder.send("start", start={"customParameters": {"resume": token}})
            assert (await intruder.until("error"))["code"] == "already_connected"
            assert (await intruder.close_reason())[0] == 4409
            await caller.press("2")
            await caller.caption("Your PIN?")

    run(scenario())


# --- what else can be wrong


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
        async with gateway(replace(parts, runner=stumbling)), phone(settings) as caller:
            await caller.start()
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


def test_more_calls_than_lines_are_told_so(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts) as running, asyncio.TaskGroup() as group:
            done = asyncio.Event()

            async def one(index: int) -> None:
                async with phone(settings, address=f"192.0.2.{index}") as caller:
                    await caller.start()
                    await done.wait()

            tasks = [group.create_task(one(index)) for index in range(settings.media.max_calls)]
            async with asyncio.timeout(20):
                while running.switchboard.calls < settings.media.max_calls:
                    await asyncio.sleep(0.02)
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


@pytest.mark.parametrize(
    ("token", "path"),
    [("", "/phone"), ("nonsense", "/phone"), ("live", "/phone"), ("phone", "/live")],
)
def test_a_token_that_is_not_for_this_is_refused(
    parts: GatewayParts, settings: Settings, token: str, path: str
) -> None:
    if token in ("live", "phone"):
        token = tokens.issue(settings, token, number="+8613800571001")

    async def scenario() -> None:
        async with gateway(parts):
            async with connect(f"ws://127.0.0.1:{settings.media_port}{path}?token={token}") as socket:
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                assert socket.close_code == 4401
                assert socket.close_reason

    run(scenario())


def test_pages_of_other_sites_cannot_connect(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            for origin in ("https://evil.example", f"http://127.0.0.1:{settings.server.port + 7}", "http://x:y"):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(address(settings), origin=origin)  # type: ignore[arg-type]
                assert refused.value.response.status_code == 403
            async with phone(settings, origin=f"http://127.0.0.1:{settings.server.port}") as caller:
                await caller.start()

    run(scenario())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{", "not_json"),
        ("[]", "not_an_object"),
        ('{"event": "dance"}', "unknown_event"),
        ('{"event": 7}', "no_event"),
        (b"\x00\x01", "binary"),
        ('{"event": "dtmf", "dtmf": {"digit": "12"}}', "bad_key"),
        ('{"event": "dtmf"}', "bad_field"),
        ('{"event": "media", "media": {"payload": "%%%"}}', "bad_payload"),
        ('{"event": "media", "media": {"payload": 5}}', "bad_field"),
        ('{"event": "start", "start": {}}', "out_of_place"),
        ('{"event": "speech_text", "text": "   "}', "bad_field"),
    ],
)
def test_what_is_no_message_is_answered_and_disturbs_nothing(
    parts: GatewayParts, settings: Settings, raw: str | bytes, code: str
) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.socket.send(raw)
            assert (await caller.until("error"))["code"] == code
            await caller.press("2")
            await caller.caption("Your PIN?")

    run(scenario())


def test_a_phone_that_only_sends_nonsense_is_closed_and_others_go_on(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller, phone(settings) as mad:
            await caller.start()
            for _ in range(25):
                await mad.socket.send("nonsense")
            assert (await mad.close_reason())[0] == 4400
            await caller.press("2")
            await caller.caption("Your PIN?")

    run(scenario())


def test_a_storm_of_garbage_on_many_sockets_leaves_one_call_alone(parts: GatewayParts, settings: Settings) -> None:
    chance = random.Random(95598)
    events = ["start", "media", "dtmf", "mark", "stop", "register", "reject", "speech_text", "connected", "x", ""]
    values = [None, 7, -1.5, True, [], {}, "x" * 3000, "\u0000", {"payload": "////"}, {"digit": "€"}, {"name": 5}]

    def garbage() -> str | bytes:
        kind = chance.random()
        if kind < 0.2:
            return chance.randbytes(chance.randrange(200))
        if kind < 0.4:
            return "".join(chr(chance.randrange(32, 0x3000)) for _ in range(chance.randrange(80)))
        names = ["start", "media", "dtmf", "mark", "text", "call", "streamSid"]
        return orjson.dumps(
            {"event": chance.choice(events), **{chance.choice(names): chance.choice(values) for _ in range(3)}}
        ).decode()

    async def mad_phone(index: int) -> None:
        async with phone(settings, address=f"198.51.100.{index}") as mad:
            with contextlib.suppress(ConnectionClosed):
                for _ in range(60):
                    await mad.socket.send(garbage())
                    await asyncio.sleep(0)

    async def scenario() -> None:
        async with gateway(replace(parts, settings=settings)) as running, phone(settings) as caller:
            await caller.start()
            await asyncio.gather(*(mad_phone(index) for index in range(12)))
            await caller.press("2")
            await caller.caption("Your PIN?")
            assert running.switchboard.calls >= 1
            assert "200" in (await http_get(settings, "/healthz")).splitlines()[0]

    run(scenario())


def test_a_call_without_end_is_ended(parts: GatewayParts, settings: Settings, database: Database) -> None:
    flows = settings.callflows.model_copy(update={"max_call_minutes": 0.02, "overtime_s": 0})
    short = replace(parts, settings=settings.model_copy(update={"callflows": flows}))

    async def scenario() -> None:
        async with gateway(short), phone(settings) as caller:
            await caller.start()
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


def test_a_message_too_large_ends_the_socket_not_the_call(
    parts: GatewayParts, settings: Settings, database: Database
) -> None:
    async def scenario() -> None:
        async with gateway(parts):
            async with phone(settings) as caller:
                token = (await caller.start())["token"]
                await caller.socket.send("x" * (settings.media.max_message_bytes + 1))
                assert (await caller.close_reason())[0] == 1009
            async with phone(settings) as caller:
                await caller.start(resume=token)
                await caller.caption("Hello.")

    run(scenario())


def test_a_flood_is_cut_off(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
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


def test_health_says_how_many_are_on_the_line(parts: GatewayParts, settings: Settings) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            health = await http_get(settings, "/healthz")
            assert health.startswith("HTTP/1.1 200")
            body = orjson.loads(health.split("\r\n\r\n", 1)[1])
            assert body == {"status": "ok", "calls": 1, "phones": 0, "pages": 0, "agents": 0, "rooms": 0}
            assert (await http_get(settings, "/elsewhere")).startswith("HTTP/1.1 404")

    run(scenario())


async def http_get(settings: Settings, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.media_port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


def test_every_turn_is_a_row(parts: GatewayParts, settings: Settings, database: Database) -> None:
    async def scenario() -> None:
        async with gateway(parts), phone(settings) as caller:
            await caller.start()
            await caller.press("2")
            await caller.caption("Your PIN?")
            await caller.press("3", "#")
            await caller.until("caption", who="hotline")
        with database.reading() as db:
            kinds = [turn.event["kind"] for turn in db.scalars(sa.select(CallTurn).order_by(CallTurn.number))]
        assert kinds[:3] == ["call_started", "digits", "digits"]

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
