"""The media gateway: the voice and the ears are made here and given to `media.gateway.serve`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import uvloop

import metrics
from media.gateway import serve
from media.parts import GatewayParts
from media.waiting import Voiced
from processes.ears import build_ears
from processes.heartbeat import Heartbeat
from processes.voice import GatewayVoice, RenderingAhead
from settings import Settings
from speech.endpointing import Endpoint, Endpointer


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    with media_parts(settings, "media") as parts:
        uvloop.run(until_told(partial(serve, parts)))


@contextmanager
def media_parts(settings: Settings, kind: str) -> Iterator[GatewayParts]:
    """What a media process of `kind` (media, sip) works with, from voice to heartbeat, for as long as it runs."""
    metrics.prepare_alone(settings.home / "metrics" / kind)
    from app import build

    hotline = build(settings)
    voice = GatewayVoice(settings)
    ears = build_ears(settings)
    ahead = RenderingAhead(voice, hotline.flows).start()
    heartbeat = Heartbeat(hotline.database, kind).start()
    try:
        yield GatewayParts(
            settings=settings,
            database=hotline.database,
            runner=hotline.runner,
            redis_url=settings.redis.url,
            voice=voice,
            ears=ears,
            endpointers=VoiceEndpointer,
            clock=lambda: datetime.now(UTC),
        )
    finally:
        heartbeat.stop()
        ahead.stop()
        for pool in ears.values():
            pool.close()
        voice.close()
        hotline.database.dispose()


class Serve(Protocol):
    """Runs until `stop` is set."""

    async def __call__(self, *, stop: asyncio.Event) -> None: ...


async def until_told(serve: Serve) -> None:
    """Serves until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(stop=stop)


class VoiceEndpointer:
    """speech's endpointer with the words that media sessions know."""

    _WORDS: Mapping[Endpoint, Voiced] = {
        Endpoint.SILENCE: Voiced.QUIET,
        Endpoint.SPEECH_STARTED: Voiced.ONSET,
        Endpoint.SPEAKING: Voiced.SPEECH,
        Endpoint.ENDED: Voiced.ENDED,
    }

    def __init__(self, end_silence_s: float) -> None:
        self._endpointer = Endpointer(end_silence_ms=max(20, round(end_silence_s * 1000)))

    def accept(self, frame: bytes, *, over_prompt: bool = False) -> Voiced:
        return self._WORDS[self._endpointer.accept(frame, over_prompt=over_prompt)]

    @property
    def quiet_s(self) -> float:
        return self._endpointer.quiet_ms / 1000

    def reset(self) -> None:
        self._endpointer.reset()
