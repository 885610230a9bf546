"""What a voice is, and a cache on disk that renders every text once."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from speech.audio import AudioError, read_wav, write_wav

log = logging.getLogger(__name__)

_COUNTED_EVERY = 0.05
"""Of the limit of a cache: having written so much, a process looks what others have written meanwhile."""
_UNFINISHED_S = 3600


class VoiceUnavailable(Exception):
    """A text could not be spoken: says what is wrong and which setting or command mends it."""


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """`voice_id` as the engine names it (espeak-ng: `gmw/en-us`, `sit/cmn`); `words_per_minute` 60 to 450."""

    voice_id: str
    words_per_minute: int = 165


class Voice(Protocol):
    """Text to sound. May be used from several threads at once."""

    def render(self, text: str, language: str) -> bytes:
        """`text` as PCM (8 kHz, 16-bit, mono, level normalised). Raises VoiceUnavailable."""

    def fingerprint(self, language: str) -> str:
        """Whatever changes the sound of one text: engine, voice, rate. Part of the key of a cache."""


class CachedVoice:
    """A voice whose renderings are kept as WAV files named by their content, the least recently used evicted.

    Safe for threads, and for several processes on one folder. Texts with private data in them should be rendered by
    the voice itself: what goes through here stays on disk until it is evicted.
    """

    def __init__(self, voice: Voice, folder: Path, limit_bytes: int) -> None:
        self._voice = voice
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._rendering: dict[Path, Future[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._forget_unfinished()
        self._stored_bytes = sum(size for _, size, _ in self._files())
        self._written_bytes = 0  # by us, since all was counted

    def pcm(self, text: str, language: str) -> bytes:
        """As `Voice.render`, from the cache if it is there. Raises VoiceUnavailable."""
        path = self.path(text, language)
        cached = self._read(path)
        if cached is not None:
            return cached
        with self._lock:
            waiting = self._rendering.get(path)
            ours = waiting or Future()
            if waiting is None:
                self._rendering[path] = ours
        if waiting is not None:
            return waiting.result()
        try:
            # Looked for once more: between our look and our turn another may have come and gone.
            cached = self._read(path)
            ours.set_result(self._render(text, language, path) if cached is None else cached)
        except BaseException as error:
            ours.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._rendering[path]
        return ours.result()

    def warm(self, texts: Iterable[tuple[str, str]], go_on: Callable[[int, int], bool] = lambda done, of: True) -> bool:
        """Renders the (text, language) pairs that are not there yet. `go_on(rendered, of)` is asked after each.

        True when all are there; False when it was told to stop. A language whose voice fails is left at its first
        failure, so that a missing voice does not cost a timeout a prompt; the others are still rendered. Then
        VoiceUnavailable names all that failed.
        """
        failures: dict[str, VoiceUnavailable] = {}
        missing = self._missing(texts, failures)
        rendered = 0
        for text, language in missing:
            if language in failures:
                continue
            try:
                self.pcm(text, language)
            except VoiceUnavailable as error:
                failures[language] = error
                continue
            rendered += 1
            if not go_on(rendered, len(missing)) and rendered < len(missing):
                return False
        if failures:
            raise VoiceUnavailable("; ".join(f"{language}: {error}" for language, error in failures.items()))
        return True

    def path(self, text: str, language: str) -> Path:
        """Where the rendering of `text` is kept, whether it is there or not."""
        key = "\0".join((self._voice.fingerprint(language), language, text))
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / digest[:2] / f"{digest}.wav"

    def _missing(
        self, texts: Iterable[tuple[str, str]], failures: dict[str, VoiceUnavailable]
    ) -> list[tuple[str, str]]:
        missing = []
        for text, language in texts:
            try:
                if language not in failures and not self.path(text, language).exists():
                    missing.append((text, language))
            except VoiceUnavailable as error:
                failures[language] = error
        return missing

    def _read(self, path: Path) -> bytes | None:
        try:
            pcm = read_wav(path, whole=True)  # of a part of it callers would hear no more for ever
            os.utime(path)  # the modification time is the time of last use
        except FileNotFoundError:
            return None
        except (AudioError, OSError) as error:
            if path.exists():
                log.warning("rendering again what the voice cache cannot give: %s", error)
            return None
        return pcm

    def _render(self, text: str, language: str, path: Path) -> bytes:
        pcm = self._voice.render(text, language)
        try:
            write_wav(path, pcm)
        except OSError as error:  # a full disk must not silence a call
            log.warning("the voice cache cannot keep %s: %s", path.name, error)
            return pcm
        with self._lock:
            self._stored_bytes += len(pcm) + 44
            self._written_bytes += len(pcm) + 44
            if self._stored_bytes > self._limit_bytes or self._written_bytes > self._limit_bytes * _COUNTED_EVERY:
                self._evict(keep=path)
        return pcm

    def _evict(self, keep: Path) -> None:
        """Where there is more than the limit, down to nine tenths of it, oldest use first. Counts afresh: other
        processes write here as well."""
        files = sorted(self._files())
        self._stored_bytes = sum(size for _, size, _ in files)
        self._written_bytes = 0
        if self._stored_bytes <= self._limit_bytes:
            return
        for _, size, path in files:
            if self._stored_bytes <= 0.9 * self._limit_bytes:
                break
            if path != keep:
                path.unlink(missing_ok=True)
                self._stored_bytes -= size

    def _forget_unfinished(self) -> None:
        """What processes that were killed as they wrote have left; nobody takes so long to write."""
        for part in self._folder.glob("??/.*.part"):
            with suppress(FileNotFoundError):
                if part.stat().st_mtime < time.time() - _UNFINISHED_S:
                    part.unlink()

    def _files(self) -> list[tuple[float, int, Path]]:
        """(time of last use, bytes, path) of everything kept."""
        found = []
        for path in self._folder.glob("??/*.wav"):
            try:
                status = path.stat()
            except FileNotFoundError:  # evicted by another process in between
                continue
            found.append((status.st_mtime, status.st_size, path))
        return found
