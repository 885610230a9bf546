"""What was learnt of examples, kept on disk: the same examples always give the same, and a small machine takes seconds.

A file is named by everything that it follows from: the examples and this package. What cannot be read is learnt anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson

MOST_KEPT: Final = 8
"""Files; of the flows before the current ones a few, so that a roll-back is quick."""


class IntentMemory:
    """`folder` is made when something is kept. Several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, examples: Mapping[str, Sequence[str]], language: str) -> Any | None:
        """What `keep` was given for them, as JSON gives it back; None where there is nothing."""
        path = self._path(examples, language)
        try:
            told = orjson.loads(path.read_bytes())
            os.utime(path)
        except (OSError, orjson.JSONDecodeError):
            return None
        return told

    def keep(self, examples: Mapping[str, Sequence[str]], language: str, learnt: Any) -> None:
        """Whole or not at all. A disk that is full or read-only costs the time to learn it again, nothing else."""
        path = self._path(examples, language)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            part = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(orjson.dumps(learnt))
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[MOST_KEPT:]:
            path.unlink(missing_ok=True)

    def _path(self, examples: Mapping[str, Sequence[str]], language: str) -> Path:
        told = orjson.dumps([list(examples.items()), language, _how_it_is_learnt()])
        return self._folder / f"{language}-{hashlib.sha256(told).hexdigest()[:32]}.json"


@lru_cache(maxsize=1)
def _how_it_is_learnt() -> str:
    sources = hashlib.sha256(version("pypinyin").encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        sources.update(path.read_bytes())
    return sources.hexdigest()
