"""Words into sound, in threads: a recorded prompt where there is one, else the voice, else a tone by the caption."""

from __future__ import annotations

import asyncio
from functools import lru_cache, partial
from pathlib import Path

import structlog

from ivr.outputs import Say, Segment
from media.parts import GatewayParts, Threads
from speech.audio import AudioError, pcm_to_mulaw, read_wav, tone

PATIENCE_S = 8.0
"""A voice that takes longer has failed: the caller is waiting in silence."""
PROMPTS = Path(__file__).resolve().parent.parent / "callflows" / "prompts"

log = structlog.get_logger("media")


class Renderer:
    def __init__(self, parts: GatewayParts, threads: Threads) -> None:
        self._voice = parts.voice
        self._threads = threads
        folder = parts.settings.callflows.folder
        self._recordings = folder / "prompts" if folder else PROMPTS

    async def sound(self, say: Say) -> tuple[bytes, bool]:
        """mu-law of `say`, and whether it is speech: False when the voice failed and only a tone is to be heard."""
        loop = asyncio.get_running_loop()
        try:
            work = loop.run_in_executor(self._threads.voice, partial(self._mulaw, say))
            return await asyncio.wait_for(work, PATIENCE_S), True
        except Exception as error:  # noqa: BLE001 - whatever a voice raises, the call goes on
            log.error("voice_failed", error=f"{type(error).__name__}: {error}", prompts=_names(say))
            return _failure_tone(), False

    def _mulaw(self, say: Say) -> bytes:
        return pcm_to_mulaw(b"".join(self._pcm(segment, private=say.private) for segment in say.segments))

    def _pcm(self, segment: Segment, *, private: bool) -> bytes:
        if segment.prompt is not None:
            recorded = _recorded(self._recordings / segment.language / f"{segment.prompt}.wav")
            if recorded is not None:
                return recorded
        render = self._voice.private_pcm if private else self._voice.pcm
        return render(segment.text, segment.language)


@lru_cache(maxsize=512)
def _recorded(path: Path) -> bytes | None:
    """A prompt recorded by a person; None where there is none, or none that can be played."""
    if not path.exists():
        return None
    try:
        return read_wav(path)
    except AudioError as error:
        log.error("recorded_prompt_unreadable", error=str(error))
        return None


@lru_cache(maxsize=1)
def _failure_tone() -> bytes:
    return pcm_to_mulaw(tone((440.0,), 250))


def _names(say: Say) -> list[str]:
    return [segment.prompt or "(text)" for segment in say.segments]
