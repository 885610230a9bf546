"""A hotline that answers by SIP: the real service on demo data, with a real voice and real ears; and its desk."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import app
import migrations
from accounts.demo import load_demo
from callqueue import jobs, tickets
from database import Database
from media.parts import Ears, GatewayParts, Limits
from media.sip_calls.service import SipService
from models import Call, CallStatus, CallTurn, Channel, OutboundAttempt, OutboundCall, Ticket, User
from processes.gateway import GatewayVoice, VoiceEndpointer, build_ears
from setting_sections import SipTrunk
from settings import Settings, load
from tests.ivr.conftest import AGENT, SHARED
from tests.media import call_backs
from tests.ports import free_port

EMMA = "+8613800571001"


@dataclass(frozen=True)
class Speech:
    """What takes a while to be made, so that tests share it."""

    voice: GatewayVoice
    ears: dict[str, Ears]


@contextlib.contextmanager
def speech(home: Path) -> Iterator[Speech]:
    settings = load(environ={}, home=home)
    voice, ears = GatewayVoice(settings), build_ears(settings)
    try:
        yield Speech(voice, dict(ears))
    finally:
        for pool in ears.values():
            pool.close()
        voice.close()


def demo_home(home: Path) -> Path:
    """A home with the demo utility in it, to be copied."""
    settings = load(environ={}, home=home)
    database = Database(settings.database_url)
    migrations.upgrade(database)
    load_demo(database, settings, datetime.now(UTC))
    database.dispose()
    return home


SHORT = """
flow: main
prompts:
  hello: {en: Good day., zh-CN: 您好。}
  what: {en: "Say outage or bill, or press a key.", zh-CN: 请按键。}
  outage: {en: Your report is written down., zh-CN: 已登记。}
  bill: {en: You owe nothing at all., zh-CN: 无欠费。}
  hold: {en: One moment please., zh-CN: 请稍候。}
  nobody: {en: Nobody is there just now., zh-CN: 无人接听。}
  engaged: {en: The line is engaged., zh-CN: 占线。}
  talked: {en: Your talk is over., zh-CN: 通话结束。}
nodes:
  hello: {say: hello, next: what}
  what:
    menu: what
    first_input_s: 3
    options:
      outage: {key: "1", phrases: {en: [report an outage, outage], zh-CN: [停电]}, next: outage}
      bill: {key: "2", phrases: {en: [my bill, bill], zh-CN: [电费]}, next: bill}
      through: {key: "4", next: through}
      bye: {key: "3", next: bye}
  outage: {say: outage, next: what}
  bill: {say: bill, next: what}
  through:
    transfer: hold
    to: "+8657188880000"
    timeout_s: 30
    outcomes: {answered: talked, busy: engaged, no-answer: nobody, failed: nobody}
  nobody: {say: nobody, next: what}
  engaged: {say: engaged, next: what}
  talked: {say: talked, next: bye}
  bye: {hangup: goodbye}
"""


def sip_settings(
    home: Path,
    *,
    short: bool = True,
    trunk: SipTrunk | None = None,
    callbacks: dict[str, Any] | None = None,
    **changes: Any,
) -> Settings:
    """`changes` of the section `sip`. `short`: a flow of a few words; else the shipped ones."""
    made = load(environ={"HOTLINE_SERVER__PORT": str(free_port())}, home=home)
    flows = made.callflows
    if short:
        folder = home / "flows"
        folder.mkdir(exist_ok=True)
        for name, text in (("shared", SHARED), ("agent", AGENT), ("main", SHORT)):
            (folder / f"{name}.yaml").write_text(text)
        every = {"closure": "main", "restoration": "main", "planned": "main"}
        flows = flows.model_copy(update={"folder": folder, **every})
    first = free_port(80)
    sip = made.sip.model_copy(
        update={"enabled": True, "port": free_port(), "control_port": free_port(), "trunk": trunk,
                "rtp_ports": (first, first + 79), **changes}
    )  # fmt: skip
    anytime = {"ring_timeout_s": 30, "retry_after_s": (0,), "quiet_hours": None}  # tests run at night, too
    rings = made.callbacks.model_copy(update=anytime | (callbacks or {}))
    return made.model_copy(update={"sip": sip, "callbacks": rings, "callflows": flows})


@dataclass
class House:
    settings: Settings
    hotline: app.Hotline
    service: SipService
    voice: GatewayVoice

    @property
    def port(self) -> int:
        return self.service.endpoint.port

    @property
    def address(self) -> str:
        return f"sip:{self.settings.utility.hotline_number}@127.0.0.1:{self.port}"

    def sound(self, words: str, language: str = "en") -> bytes:
        """What a caller hears when these words are said."""
        return self.voice.pcm(words, language)

    def order(self, number: str = EMMA, key: str = "1") -> str:
        """A call-back to be rung now over the trunk. Its call's id."""
        return call_backs.order(self.hotline.database, self.hotline.runner, Channel.SIP, number, key)

    # --- what the rows say

    def calls(self) -> list[Call]:
        with self.hotline.database.reading() as session:
            return list(session.scalars(sa.select(Call).order_by(Call.id)))

    def said(self, index: int = -1) -> list[str]:
        """Everything that was said to the newest caller so far, in pieces as it was rendered."""
        calls = self.calls()
        if not calls:
            return []
        with self.hotline.database.reading() as session:
            wanted = sa.select(CallTurn).where(CallTurn.call_id == calls[index].id).order_by(CallTurn.number)
            outputs = [output for turn in session.scalars(wanted) for output in turn.outputs]
        return [part["text"] for output in outputs if output["kind"] == "say" for part in output["segments"]]

    def spoken_to(self) -> bool:
        """Whether anything that a caller said, of whatever meaning, came to the flow."""
        with self.hotline.database.reading() as session:
            return any(event["kind"] == "speech" for event in session.scalars(sa.select(CallTurn.event)))

    def answered(self, index: int = -1) -> dict[str, Any]:
        """What a caller did last: the event of the newest call's newest turn."""
        with self.hotline.database.reading() as session:
            wanted = sa.select(CallTurn.event).where(CallTurn.call_id == self.calls()[index].id)
            return dict(session.scalars(wanted.order_by(CallTurn.number.desc()).limit(1)).one())

    def attempts(self) -> list[OutboundAttempt]:
        with self.hotline.database.reading() as session:
            return list(session.scalars(sa.select(OutboundAttempt).order_by(OutboundAttempt.id)))

    def outbound(self) -> OutboundCall:
        with self.hotline.database.reading() as session:
            return session.scalars(sa.select(OutboundCall).order_by(OutboundCall.id.desc())).first()  # type: ignore[return-value]

    def ticket(self) -> Ticket:
        """The newest."""
        with self.hotline.database.reading() as session:
            return session.scalars(sa.select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()

    async def when(self, look: Callable[[], Any], what: str, within_s: float = 20.0) -> Any:
        """What `look` finds, once it finds something."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not (found := look()):
            told = [(call.status.value, call.end_reason) for call in self.calls()]
            assert asyncio.get_running_loop().time() < deadline, f"{what} did not happen; calls: {told}"
            await asyncio.sleep(0.05)
        return found

    async def ended(self, status: CallStatus, *, index: int = -1, within_s: float = 20.0) -> Call:
        """The newest call, once it has ended so."""

        def look() -> Call | None:
            calls = self.calls()
            return calls[index] if calls and calls[index].status.final else None

        call: Call = await self.when(look, "the end of the call", within_s)
        assert call.status is status, (call.status, call.end_reason)
        return call

    async def to_say(self, begins: str, index: int = -1, within_s: float = 30.0) -> str:
        """The whole of the first piece that begins so, once it is to be said."""

        def look() -> str | None:
            return next((said for said in self.said(index) if said.startswith(begins)), None)

        text: str = await self.when(look, f"saying {begins!r}", within_s)
        return text

    # --- trouble

    def slow_to_begin(self) -> threading.Event:
        """Calls begin when the event is set."""
        begin, go = self.service.parts.runner.begin, threading.Event()

        def wait(new: Any) -> Any:
            assert go.wait(20)
            return begin(new)

        self.service.parts.runner.begin = wait  # type: ignore[method-assign]
        return go

    def break_the_rows(self) -> None:
        def fail(*_asked: Any, **_named: Any) -> Any:
            raise sa.exc.OperationalError("SELECT", {}, Exception("the database is away"))

        for of_rows in ("begin", "resume", "ended"):
            setattr(self.service.parts.runner, of_rows, fail)

    # --- the desk

    async def close_ticket(self, result: str, username: str = "tom") -> None:
        """The agent takes the newest ticket and writes what was done; then the queue of call-backs is worked on."""
        ticket_id, now = self.ticket().id, datetime.now(UTC)
        with self.hotline.database.transaction() as session:
            agent = session.scalars(sa.select(User).where(User.username == username)).one()
            tickets.claim(session, ticket_id, agent, now)
            tickets.close(session, ticket_id, agent, result, now)
        await self.work()

    async def work(self) -> None:
        """Runs every job that is due."""
        await asyncio.to_thread(jobs.run_due, app.job_context(self.hotline))


@contextlib.asynccontextmanager
async def house(settings: Settings, speech: Speech, *, grace_s: float = 0.0) -> AsyncIterator[House]:
    hotline = app.build(settings)
    parts = GatewayParts(
        settings=settings, database=hotline.database, runner=hotline.runner, redis_url=None, voice=speech.voice,
        ears=speech.ears, endpointers=VoiceEndpointer, clock=lambda: datetime.now(UTC), limits=Limits(ring_poll_s=0.1),
    )  # fmt: skip
    try:
        async with SipService(parts).running(grace_s=grace_s) as service:
            yield House(settings, hotline, service, speech.voice)
    finally:
        hotline.database.dispose()


def copied(home: Path, to: Path) -> Path:
    shutil.copytree(home, to)
    return to
