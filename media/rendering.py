"""Words into sound, in threads: a recorded prompt where there is one, else the voice, else a tone by the caption."""

from __future__ import annotations

import asyncio
from functools import lru_cache, partial

import structlog

from ivr.channels.prompt_recordings import PromptRecordings, as_played
from ivr.outputs import Say, Segment
from media.parts import GatewayParts, Threads
from speech.audio import AudioError, pcm_to_mulaw, tone

PATIENCE_S = 8.0
"""A voice that takes longer has failed: the caller is waiting in silence."""

log = structlog.get_logger("media")


class Renderer:
    def __init__(self, parts: GatewayParts, threads: Threads) -> None:
        self._voice = parts.voice
        self._threads = threads
        self._recordings = PromptRecordings.of(parts.settings)

    async def sound(self, say: Say) -> tuple[bytes, bool]:
        """mu-law of `say`, and whether it is speech: False when the voice failed and only a tone is to be heard."""
        loop = asyncio.get_running_loop()
        try:
            work = loop.run_in_executor(self._threads.voice, partial(self._mulaw, say))
            async with asyncio.timeout(PATIENCE_S):
                return await work, True
        except Exception as error:  # noqa: BLE001 - whatever a voice raises, the call goes on
            log.error("voice_failed", error=f"{type(error).__name__}: {error}", prompts=_names(say))
            return _failure_tone(), False

    def _mulaw(self, say: Say) -> bytes:
        return b"".join(self._segment(segment, private=say.private) for segment in say.segments)

    def _segment(self, segment: Segment, *, private: bool) -> bytes:
        if segment.prompt is not None:
            recorded = self._recorded(segment.language, segment.prompt)
            if recorded is not None:
                return recorded
        render = self._voice.private_pcm if private else self._voice.pcm
        return pcm_to_mulaw(render(segment.text, segment.language))

    def _recorded(self, language: str, prompt: str) -> bytes | None:
        """A prompt recorded by a person; None where there is none, or none that can be played."""
        path = self._recordings.path(language, prompt)
        if path is None:
            return None
        try:
            return as_played(path)
        except AudioError as error:
            log.error("recorded_prompt_unreadable", error=str(error))
            return None


@lru_cache(maxsize=1)
def _failure_tone() -> bytes:
    return pcm_to_mulaw(tone((440.0,), 250))


def _names(say: Say) -> list[str]:
    return [segment.prompt or "(text)" for segment in say.segments]
