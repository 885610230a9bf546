"""The media gateway: the voice and the ears are made here and given to `media.gateway.serve`."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import structlog
import uvloop

import metrics
from ivr.flow import FlowSet
from media.gateway import serve
from media.parts import Ears, GatewayParts, Recognizer
from media.waiting import Voiced
from processes.heartbeat import Heartbeat
from settings import Settings
from speech import recognizers
from speech.endpointing import Endpoint, Endpointer
from speech.pyttsx3_voice import Pyttsx3Voice, VoiceChoice
from speech.recognizers import RecognizerChoice, RecognizerPool, RecognizerUnavailable
from speech.voices import CachedVoice, VoiceUnavailable

log = structlog.get_logger("media")

ONSET_MS = 80  # of voiced sound stop a prompt: it is to be silent within 100 ms of the first syllable


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    metrics.prepare_alone(settings.home / "metrics" / "media")
    from app import build

    hotline = build(settings)
    voice = GatewayVoice(settings)
    parts = GatewayParts(
        settings=settings,
        database=hotline.database,
        runner=hotline.runner,
        redis_url=settings.redis.url,
        voice=voice,
        ears=build_ears(settings),
        endpointers=VoiceEndpointer,
        clock=lambda: datetime.now(UTC),
    )
    threading.Thread(target=_warm, args=(voice, hotline.flows.current), name="warm", daemon=True).start()
    heartbeat = Heartbeat(hotline.database, "media").start()
    uvloop.run(_serve_until_told(parts))
    heartbeat.stop()
    voice.close()
    hotline.database.dispose()


async def _serve_until_told(parts: GatewayParts) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(parts, stop=stop)


def _warm(voice: GatewayVoice, flows: FlowSet) -> None:
    flows.learn()
    try:
        rendered = voice.warm(flows)
    except VoiceUnavailable as problem:
        log.error(f"a voice cannot speak; its callers hear recordings or a tone: {problem}")
    else:
        if rendered:
            log.info(f"{rendered} prompts were rendered ahead")


class GatewayVoice:
    """Public prompts are kept on disk, private ones are rendered by a voice process of their own and forgotten."""

    def __init__(self, settings: Settings) -> None:
        choices = {
            language: VoiceChoice(chosen.voice, chosen.words_per_minute)
            for language, chosen in settings.speech.voices.items()
        }
        self._public = Pyttsx3Voice(choices)
        self._private = Pyttsx3Voice(choices)
        limit_bytes = settings.speech.cache_megabytes * 1024 * 1024
        self._cache = CachedVoice(self._public, settings.home / "voice-cache", limit_bytes)

    def pcm(self, text: str, language: str) -> bytes:
        return self._cache.pcm(text, language)

    def private_pcm(self, text: str, language: str) -> bytes:
        return self._private.render(text, language)

    def warm(self, flows: FlowSet) -> int:
        """Renders what is said to everybody, so that no caller waits for it. Returns how many there were to render."""
        prompts = [
            *flows.prompts.values(),
            *(texts for flow in flows.flows.values() for texts in flow.prompts.values()),
        ]
        return self._cache.warm(
            (template.spoken({"utility": flows.utility.get(language, "")}, {}, language), language)
            for texts in prompts
            for language, template in texts.items()
            if template.names <= {"utility"}
        )

    def close(self) -> None:
        self._public.close()
        self._private.close()


class VoiceEndpointer:
    """speech's endpointer with the words that media sessions know."""

    _WORDS: Mapping[Endpoint, Voiced] = {
        Endpoint.SILENCE: Voiced.QUIET,
        Endpoint.SPEECH_STARTED: Voiced.ONSET,
        Endpoint.SPEAKING: Voiced.SPEECH,
        Endpoint.ENDED: Voiced.ENDED,
    }

    def __init__(self, end_silence_s: float) -> None:
        self._endpointer = Endpointer(min_speech_ms=ONSET_MS, end_silence_ms=max(20, round(end_silence_s * 1000)))

    def accept(self, frame: bytes) -> Voiced:
        return self._WORDS[self._endpointer.accept(frame)]


class PooledEars:
    """A pool of recognisers of one language. The gateway counts, so one is always idle when it asks."""

    def __init__(self, pool: RecognizerPool) -> None:
        self._pool = pool
        self.size = pool.size

    def acquire(self) -> Recognizer:
        recognizer = self._pool.acquire(timeout_s=0)
        assert recognizer is not None, "the gateway took more recognisers than there are"
        return recognizer

    def release(self, recognizer: Recognizer, *, broken: bool) -> None:
        self._pool.release(cast(recognizers.Recognizer, recognizer), broken=broken)  # it came out of this pool


def build_ears(settings: Settings) -> dict[str, Ears]:
    """Recognisers of every language that can be heard; one that cannot is said once, and its callers use the keypad."""
    choices = {
        language: RecognizerChoice(ears.engine, ears.model, ears.decoders)
        for language, ears in settings.speech.recognizers.items()
    }

    def unavailable(language: str, problem: RecognizerUnavailable) -> None:
        log.warning(f"nobody is heard in {language}, callers use the keypad: {problem}")

    for language in settings.speech.voices:
        if language not in choices or choices[language].engine == "none":
            log.info(f"no recogniser is configured for {language}: callers use the keypad (`hotline doctor`)")
    pools = recognizers.build_pools(choices, unavailable)
    return {language: PooledEars(pool) for language, pool in pools.items()}
