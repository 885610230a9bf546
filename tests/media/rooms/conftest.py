"""A gateway with a flow that hands over to agents, and the people who are at work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from database import Database
from ivr.flow_store import FlowStore
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from media.parts import GatewayParts
from models import Role, User
from settings import Settings, load
from tests.ivr.conftest import AGENT, SHARED
from tests.media.conftest import no_handler_failed
from tests.media.phone_client import gateway
from tests.ports import free_port

__all__ = ["no_handler_failed"]

FLOW = """
flow: main
vars: {pin: digits}
prompts:
  what: {en: "Press 1 for an agent, 2 for nothing, 4 for a telephone.", zh-CN: 请按1。}
  through: {en: I put you through., zh-CN: 为您转接。}
  talked: {en: It was good to talk to you., zh-CN: 再见。}
  nobody: {en: Nobody is there., zh-CN: 没有人。}
  tired: {en: Nobody had time for you., zh-CN: 没有时间。}
  ask_pin: {en: "Your PIN?", zh-CN: 密码?}
nodes:
  what:
    menu: what
    first_input_s: 60
    options:
      agent: {key: "1", next: agent}
      nothing: {key: "2", next: what}
      short: {key: "3", next: short}
      telephone: {key: "4", next: telephone}
      private: {key: "5", next: pin}
  agent:
    transfer: through
    to: agents
    timeout_s: 60
    leave_key: "#"
    outcomes: {answered: talked, busy: tired, no-answer: tired, failed: nobody}
  short:
    transfer: through
    to: agents
    timeout_s: 5
    outcomes: {answered: talked, busy: tired, no-answer: tired, failed: nobody}
  telephone:
    transfer: through
    to: "+8613800000000"
    outcomes: {answered: talked, busy: tired, no-answer: tired, failed: nobody}
  pin: {ask: ask_pin, type: digits, min: 3, max: 4, private: true, into: pin, next: what}
  talked: {say: talked, next: what}
  nobody: {say: nobody, next: what}
  tired: {say: tired, next: what}
"""


@dataclass(frozen=True)
class People:
    tom: User
    mei: User
    sun: User
    """A supervisor."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load(environ={"HOTLINE_SERVER__PORT": str(free_port(2))}, home=tmp_path / "home")
    media = made.media.model_copy(update={"reconnect_s": 20.0, "max_calls": 5})  # whoever comes back may be slow
    return made.model_copy(update={"media": media})


@pytest.fixture
def parts(parts: GatewayParts) -> GatewayParts:
    """A phone may be open for a while before its caller says anything: agents come to their places first."""
    return replace(parts, limits=replace(parts.limits, first_message_s=30.0))


@pytest.fixture
def people(database: Database) -> People:
    made = People(*(
        User(username=name, name=name.title(), role=role, password_hash="x", language="en")
        for name, role in (("tom", Role.AGENT), ("mei", Role.AGENT), ("sun", Role.SUPERVISOR))
    ))  # fmt: skip
    with database.transaction() as db:
        db.add_all([made.tom, made.mei, made.sun])
    return made


@pytest.fixture
def runner(database: Database, settings: Settings) -> Runner:
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": FLOW}, datetime.now(UTC))
    return Runner(database, flows, ServiceRegistry([]), settings)


@dataclass
class Second:
    """The process that holds agents' lines."""

    parts: GatewayParts
    stop: asyncio.Event

    @property
    def settings(self) -> Settings:
        return self.parts.settings


@pytest.fixture
def second(parts: GatewayParts) -> Second:
    server = parts.settings.server.model_copy(update={"port": free_port(2)})
    return Second(replace(parts, settings=parts.settings.model_copy(update={"server": server})), asyncio.Event())


@contextlib.asynccontextmanager
async def both(first: GatewayParts, second: Second) -> AsyncIterator[None]:
    async with gateway(first), gateway(second.parts):
        yield
