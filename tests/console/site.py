"""The web and the gateway on free ports, for a browser to look at."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from app import Hotline, build, create_app
from media.gateway import Gateway
from media.parts import GatewayParts, Limits
from models import Base
from tests.console.rows import fill
from tests.console.utility import settings_of
from tests.ports import free_port


@dataclass(frozen=True)
class Site:
    hotline: Hotline
    app: Flask
    url: str


class NoVoice:
    """The gateway of these tests carries no calls."""

    def pcm(self, text: str, language: str) -> bytes:
        raise NotImplementedError

    private_pcm = pcm


@contextlib.contextmanager
def site(home: Path) -> Iterator[Site]:
    from database import Database

    web = free_port(2)
    media = web + 1
    settings = settings_of(home)
    settings = settings.model_copy(
        update={
            "server": settings.server.model_copy(update={"port": web}),
            "media": settings.media.model_copy(update={"port": media}),
        }
    )
    database = Database(settings.database_url)
    Base.metadata.create_all(database.engine)
    database.dispose()
    hotline = build(settings)
    fill(hotline.database, home)
    app = create_app(settings, hotline)
    server = make_server("127.0.0.1", web, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield Site(hotline, app, f"http://127.0.0.1:{web}")
    finally:
        server.shutdown()
        serving.join(10)
        server.server_close()
        hotline.database.dispose()


@dataclass
class Serving:
    """A gateway in its thread."""

    gateway: Gateway
    loop: asyncio.AbstractEventLoop

    def said(self, call_id: str, line: Mapping[str, object]) -> None:
        """A line of a call that this gateway would carry."""
        self.loop.call_soon_threadsafe(self.gateway.tapes.lines.tell, call_id, line)


@contextlib.contextmanager
def gateway(site: Site) -> Iterator[Serving]:
    """The real one, in a thread of its own."""
    hotline = site.hotline
    parts = GatewayParts(
        settings=hotline.settings, database=hotline.database, runner=hotline.runner, redis_url=None, voice=NoVoice(),
        ears={}, endpointers=lambda *_: None, clock=lambda: datetime.now(UTC), limits=Limits(live_poll_s=0.2),
    )  # fmt: skip
    ready, stop = threading.Event(), threading.Event()
    serving: list[Serving] = []

    async def run() -> None:
        made = Gateway(parts)
        async with made.running():
            serving.append(Serving(made, asyncio.get_running_loop()))
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield serving[0]
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
