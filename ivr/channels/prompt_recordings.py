"""Recorded prompts: `prompts/<language>/<prompt>.wav` in the folder of the flows wins over the text of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class PromptRecordings:
    """What lay in the folder when it was looked at; a restart finds new recordings."""

    def __init__(self, flows_folder: Path) -> None:
        folder = flows_folder / "prompts"
        self._files: Mapping[tuple[str, str], Path] = {
            (path.parent.name, path.stem): path for path in sorted(folder.glob("*/*.wav"))
        }

    def path(self, language: str, prompt: str) -> Path | None:
        return self._files.get((language, prompt))

    def __len__(self) -> int:
        return len(self._files)
