"""A gateway on real rows, a real runner and a real socket; only the voice and the ears are scripted here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from database import Database
from ivr.flow_store import FlowStore
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from media.parts import GatewayParts, Limits
from settings import Settings, load
from tests.ivr.conftest import AGENT, SHARED
from tests.media.gateway_parts import FLOW, LevelEndpointer, ScriptedEars, ScriptedVoice
from tests.ports import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    port = free_port(2)
    made = load(environ={"HOTLINE_SERVER__PORT": str(port)}, home=tmp_path / "home")
    return made.model_copy(
        update={
            # Whoever comes back may be slow; where nobody does, see `impatient`.
            "media": made.media.model_copy(update={"reconnect_s": 20.0, "max_calls": 5}),
            "callbacks": made.callbacks.model_copy(update={"ring_timeout_s": 2}),
        }
    )


@pytest.fixture
def runner(database: Database, settings: Settings) -> Runner:
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": FLOW}, datetime.now(UTC))
    return Runner(database, flows, ServiceRegistry([]), settings)


@pytest.fixture
def parts(settings: Settings, database: Database, runner: Runner) -> GatewayParts:
    return GatewayParts(
        settings=settings,
        database=database,
        runner=runner,
        redis_url=None,
        voice=ScriptedVoice(),
        ears={"en": ScriptedEars()},
        endpointers=LevelEndpointer,
        clock=lambda: datetime.now(UTC),
        limits=Limits(turn_tries=(0.05, 0.05), ring_poll_s=0.05, live_poll_s=0.1, first_message_s=3.0),
    )


@pytest.fixture(autouse=True)
def no_handler_failed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a phone sends, the code that serves it does not end in an exception nobody expected."""
    yield
    failed = [record.getMessage() for record in caplog.get_records("call") if record.name == "websockets.server"]
    assert "connection handler failed" not in failed
