"""Recorded prompts: `<language>/<prompt>.wav` wins over the text of a prompt, on every channel.

Two folders are looked into: `prompts/` of the home, where `hotline prompts` puts what was recorded here, and `prompts/`
beside the flows, for recordings that belong to them and are carried about with them. The home's win.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from settings import Settings
from speech.audio import AudioError, level_normalised, pcm_to_mulaw, read_wav

LOOKS_AGAIN_S = 1.0


class PromptRecordings:
    """What lies in `folders`, the first that has a prompt winning. A recording that comes or goes is seen at once.

    Safe for threads. Looking is a handful of calls of `stat`, once a second at most.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._lock = threading.Lock()
        self._files: Mapping[tuple[str, str], Path] = {}
        self._seen: tuple[tuple[str, int], ...] | None = None
        self._look_at = 0.0

    @classmethod
    def of(cls, settings: Settings) -> PromptRecordings:
        return cls(settings.home / "prompts", settings.flows_folder / "prompts")

    def path(self, language: str, prompt: str) -> Path | None:
        return self._known().get((language, prompt))

    def every(self) -> Mapping[tuple[str, str], Path]:
        """(language, prompt) -> file."""
        return self._known()

    def __len__(self) -> int:
        return len(self._known())

    def _known(self) -> Mapping[tuple[str, str], Path]:
        with self._lock:
            now = time.monotonic()
            if now >= self._look_at:
                self._look_at = now + LOOKS_AGAIN_S
                there = self._there()
                if there != self._seen:
                    self._seen, self._files = there, self._found()
            return self._files

    def _there(self) -> tuple[tuple[str, int], ...]:
        """A folder's time changes when a file in it comes, goes or is renamed: writing here is renaming."""
        folders = [each for folder in self._folders for each in (folder, *_folders_in(folder))]
        return tuple((str(folder), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir())

    def _found(self) -> dict[tuple[str, str], Path]:
        return {
            (path.parent.name, path.stem): path
            for folder in reversed(self._folders)
            for path in sorted(folder.glob("*/*.wav"))
            if not path.name.startswith(".")
        }


def as_played(path: Path) -> bytes:
    """A recording in mu-law, as loud as the voice. Kept until the file changes. Raises AudioError."""
    try:
        return _as_played(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise AudioError(f"{path}: {error.strerror or error}") from error


@lru_cache(maxsize=512)
def _as_played(path: Path, _changed_at: int) -> bytes:
    return pcm_to_mulaw(level_normalised(read_wav(path)))


def _folders_in(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.iterdir()) if each.is_dir()] if folder.is_dir() else []
