"""The whole hotline for a browser: the real web and the real gateway on demo data, with real ears and a real voice."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from werkzeug.serving import make_server

import app
import migrations
from accounts.demo import load_demo
from database import Database
from media.gateway import serve
from media.parts import GatewayParts, Limits
from processes.ears import build_ears
from processes.gateway import GatewayVoice, VoiceEndpointer
from settings import Settings, load


@dataclass
class Gateway:
    """The gateway in a thread of its own; can be stopped and started again under an open page."""

    parts: GatewayParts

    def start(self) -> None:
        ready = threading.Event()

        def run() -> None:
            async def main() -> None:
                self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
                await serve(self.parts, stop=self._stop, ready=ready.set)

            asyncio.run(main())

        self._thread = threading.Thread(target=run, name="gateway")
        self._thread.start()
        assert ready.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)


@dataclass(frozen=True)
class House:
    url: str
    settings: Settings
    hotline: app.Hotline
    gateway: Gateway


@contextlib.contextmanager
def house(home: Path, port: int, **environ: str) -> Iterator[House]:
    settings = load(environ={"HOTLINE_SERVER__PORT": str(port), **environ}, home=home)
    database = Database(settings.database_url)
    migrations.upgrade(database)
    load_demo(database, settings, datetime.now(UTC))
    database.dispose()
    hotline = app.build(settings)
    web = make_server("127.0.0.1", port, app.create_app(settings, hotline), threaded=True)
    serving = threading.Thread(target=web.serve_forever, name="web")
    serving.start()
    voice = GatewayVoice(settings)
    ears = build_ears(settings)
    parts = GatewayParts(
        settings=settings, database=hotline.database, runner=hotline.runner, redis_url=None, voice=voice,
        ears=ears, endpointers=VoiceEndpointer, clock=lambda: datetime.now(UTC),
        limits=replace(Limits(), ring_poll_s=0.1),
    )  # fmt: skip
    gateway = Gateway(parts)
    gateway.start()
    try:
        yield House(f"http://127.0.0.1:{port}", settings, hotline, gateway)
    finally:
        gateway.stop()
        voice.close()
        for pool in ears.values():
            pool.close()
        web.shutdown()
        serving.join(10)
        web.server_close()
        hotline.database.dispose()
