"""The shipped examples of the intents, as a flow folder has them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ivr.loading.intents import INTENTS, read_intents
from ivr.yaml_source import Faults, read

FOLDER = Path(__file__).resolve().parents[2] / "callflows"
LANGUAGES = ("en", "zh-CN")


@lru_cache(maxsize=1)
def _read() -> dict[str, dict[str, tuple[str, ...]]]:
    faults = Faults()
    found = read_intents(read(INTENTS, (FOLDER / INTENTS).read_text(encoding="utf-8"), faults), LANGUAGES, faults)
    assert not faults.found
    return {name: dict(intent.phrases) for name, intent in found.items()}


def examples(language: str) -> dict[str, tuple[str, ...]]:
    return {name: phrases[language] for name, phrases in _read().items()}
