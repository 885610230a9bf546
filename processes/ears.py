"""The ears of a media process: the recognisers that are configured, as the calls are given them."""

from __future__ import annotations

from typing import cast

import structlog

from media.parts import Recognizer
from settings import Settings
from speech import recognizers
from speech.engines import chosen
from speech.recognizer_pools import RecognizerPool, build_pools
from speech.recognizers import NO_ENGINE, RecognizerChoice, RecognizerUnavailable

log = structlog.get_logger("media")


class PooledEars:
    """A pool of recognisers of one language. The calls are counted, so one is always idle when it is asked for."""

    def __init__(self, pool: RecognizerPool) -> None:
        self._pool = pool
        self.size = pool.size

    def acquire(self) -> Recognizer:
        recognizer = self._pool.acquire(timeout_s=0)
        assert recognizer is not None, "the calls took more recognisers than there are"
        return recognizer

    def release(self, recognizer: Recognizer, *, broken: bool) -> None:
        self._pool.release(cast(recognizers.Recognizer, recognizer), broken=broken)  # it came out of this pool

    def close(self) -> None:
        """Ends its processes."""
        self._pool.close()


def build_ears(settings: Settings) -> dict[str, PooledEars]:
    """Recognisers of every language that can be heard; one that cannot is said once, and its callers use the keypad.

    Close them at the end.
    """

    def unavailable(language: str, problem: RecognizerUnavailable) -> None:
        log.warning(f"nobody is heard in {language}, callers use the keypad: {problem}")

    choices: dict[str, RecognizerChoice] = {}
    for language, ears in settings.speech.recognizers.items():
        try:
            choices[language] = chosen(
                language, ears.engine, model=ears.model, models=settings.models_folder, size=ears.decoders
            )
        except RecognizerUnavailable as problem:
            unavailable(language, problem)
    for language in settings.speech.voices:
        section = settings.speech.recognizers.get(language)
        if section is None or section.engine == NO_ENGINE:
            log.info(f"no recogniser is configured for {language}: callers use the keypad (`hotline doctor`)")
    pools = build_pools(choices, unavailable)
    return {language: PooledEars(pool) for language, pool in pools.items()}
