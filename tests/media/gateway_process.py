"""A gateway in a process of its own, so that a test can kill it: `python -m tests.media.gateway_process HOME PORT`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from database import Database
from ivr.flow_store import FlowStore
from ivr.runner import Runner
from ivr.services import ServiceRegistry
from media.gateway import serve
from media.parts import GatewayParts
from settings import load
from tests.ivr.conftest import AGENT, SHARED
from tests.media.gateway_parts import FLOW, LevelEndpointer, ScriptedEars, ScriptedVoice


def main(home: str, port: str) -> None:
    settings = load(environ={"HOTLINE_SERVER__PORT": port}, home=Path(home))
    database = Database(settings.database_url)
    flows = FlowStore(database, {}, ("en", "zh-CN"), settings.utility.name)
    flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": FLOW}, datetime.now(UTC))
    parts = GatewayParts(
        settings=settings, database=database, runner=Runner(database, flows, ServiceRegistry([]), settings),
        redis_url=None, voice=ScriptedVoice(), ears={"en": ScriptedEars()}, endpointers=LevelEndpointer,
        clock=lambda: datetime.now(UTC),
    )  # fmt: skip
    asyncio.run(serve(parts, ready=lambda: print("ready", flush=True)))


if __name__ == "__main__":
    main(*sys.argv[1:])
