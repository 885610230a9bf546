"""The voice of a media process: what speaks each language, the store of what was rendered, and rendering ahead."""

from __future__ import annotations

import contextlib
import fcntl
import threading
import time
from collections.abc import Iterator

import structlog

from ivr.channels.prompt_recordings import PromptRecordings
from ivr.flow import FlowSet
from ivr.flow_store import FlowStore
from media import texts
from settings import Settings
from speech.voice_engines import Configured, Voices
from speech.voices import CachedVoice, VoiceChoice, VoiceUnavailable

log = structlog.get_logger("media")

LOOKS_EVERY_S = 1.0
"""How soon a publication is seen, also when nobody calls."""
CALLS_WAIT_S = 20.0
"""New calls begin with what was published before until its prompts are rendered, but no longer than this."""
TOLD_EVERY = 50
_NICE = 10


def configured_voices(settings: Settings) -> dict[str, Configured]:
    """What speaks each language, as config.yaml says."""
    return {
        language: Configured(chosen.engine, VoiceChoice(chosen.voice, chosen.words_per_minute))
        for language, chosen in settings.speech.voices.items()
    }


class GatewayVoice:
    """Public prompts are kept on disk, private ones are rendered by voice processes of their own and forgotten."""

    def __init__(self, settings: Settings) -> None:
        self._configured = configured_voices(settings)
        self._public = Voices(self._configured)
        self._private = Voices(self._configured)
        self._folder = settings.home / "voice-cache"
        self._limit_bytes = settings.speech.cache_megabytes * 1024 * 1024
        self._cache = CachedVoice(self._public, self._folder, self._limit_bytes)
        self._recordings = PromptRecordings.of(settings)

    def pcm(self, text: str, language: str) -> bytes:
        return self._cache.pcm(text, language)

    def private_pcm(self, text: str, language: str) -> bytes:
        return self._private.render(text, language)

    def warm(self, flows: FlowSet, *, within_s: float | None = None, stop: threading.Event | None = None) -> bool:
        """Renders what is said to everybody and has no recording, so that no caller waits for it.

        By voice processes of its own that stand back behind the callers', and by one media process at a time. True when
        all is there; False when it took longer than `within_s`, or `stop` was set. A voice that fails is logged.
        """
        until = None if within_s is None else time.monotonic() + within_s
        wanted = list(dict.fromkeys(self._said_to_everybody(flows)))
        voices = Voices(self._configured, nice=_NICE)
        cache = CachedVoice(voices, self._folder, self._limit_bytes)

        def told(done: int, of: int) -> bool:
            if done == of or done % TOLD_EVERY == 0:
                log.info("prompts_rendered", done=done, of=of, revision=flows.revision[:12])
            return (until is None or time.monotonic() < until) and not (stop is not None and stop.is_set())

        try:
            with self._one_at_a_time(until, stop) as ours:
                return ours and cache.warm(wanted, told)
        except VoiceUnavailable as problem:
            log.error(f"a voice cannot speak; its callers hear recordings or a tone: {problem}")
            return True
        finally:
            voices.close()

    def close(self) -> None:
        self._public.close()
        self._private.close()

    def _said_to_everybody(self, flows: FlowSet) -> Iterator[tuple[str, str]]:
        every = [flows.prompts, *(flow.prompts for flow in flows.flows.values())]
        for prompts in every:
            for prompt, by_language in prompts.items():
                for language, template in by_language.items():
                    if template.same_for_all and self._recordings.path(language, prompt) is None:
                        yield template.spoken({"utility": flows.utility.get(language, "")}, {}, language), language
        for language in self._configured:
            yield from ((text, language) for text in texts.every(language))

    @contextlib.contextmanager
    def _one_at_a_time(self, until: float | None, stop: threading.Event | None) -> Iterator[bool]:
        """Several media processes on one store render each prompt once. False: it was not our turn in time."""
        with (self._folder / "warming.lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    pass
                else:
                    yield True
                    return
                if (until is not None and time.monotonic() >= until) or (stop is not None and stop.is_set()):
                    yield False
                    return
                time.sleep(0.1)


class RenderingAhead:
    """A thread that renders the prompts of what is published, at the start and whenever something else is published.

    The latter before new calls begin with it, unless it takes longer than `CALLS_WAIT_S`.
    """

    def __init__(self, voice: GatewayVoice, flows: FlowStore) -> None:
        self._voice = voice
        self._flows = flows
        self._stop = threading.Event()
        self._ready: set[str] = set()  # revisions
        self._thread = threading.Thread(target=self._run, name="rendering ahead", daemon=True)

    def start(self) -> RenderingAhead:
        self._flows.prepare = self._prepare
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _prepare(self, flows: FlowSet) -> None:
        self._render(flows, within_s=CALLS_WAIT_S)

    def _run(self) -> None:
        self._flows.learn(self._flows.last_known)
        while not self._stop.is_set():
            try:
                flows = self._flows.last_known
                if flows.revision not in self._ready:
                    self._render(flows)
                self._flows.follow()
            except Exception as problem:  # noqa: BLE001 - the database may be away; the next round tries again
                log.warning("not_rendering_ahead", error=f"{type(problem).__name__}: {problem}"[:300])
            self._stop.wait(LOOKS_EVERY_S)

    def _render(self, flows: FlowSet, within_s: float | None = None) -> None:
        if self._voice.warm(flows, within_s=within_s, stop=self._stop):
            self._ready.add(flows.revision)
