"""Which recognisers are installed: ours, and those that packages bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from speech.engines import engine, installed, open_recognizer, unknown
from speech.recognizers import RecognizerChoice, RecognizerUnavailable


def test_a_package_brings_a_recogniser(tricky: str) -> None:
    assert installed() == ("pocketsphinx", "vosk", "broken", "tricky")
    assert unknown(tricky) is None
    recognizer = open_recognizer("fr", RecognizerChoice(tricky))
    recognizer.start(["panne de courant"])
    assert recognizer.finish().text.startswith("panne de courant")


def test_without_a_package_there_are_our_own() -> None:
    assert installed() == ("pocketsphinx", "vosk")
    assert unknown("none") is None


def test_an_unknown_one_is_told_with_those_there_are(tricky: str) -> None:
    fault = unknown("siri")
    assert fault is not None
    assert "no recogniser 'siri'; installed are pocketsphinx, vosk, broken, tricky (and none: keypad only)" in fault
    assert "hotline.recognizers" in fault
    with pytest.raises(RecognizerUnavailable, match="siri"):
        engine("siri")


def test_a_package_that_is_broken_is_named(tricky: str) -> None:
    with pytest.raises(RecognizerUnavailable, match=r"'broken' of tricky-ears cannot be imported \(AttributeError"):
        open_recognizer("en", RecognizerChoice("broken"))


@pytest.mark.parametrize(
    ("language", "choice", "says"),
    [
        ("zh-CN", RecognizerChoice("pocketsphinx"), r"English only.*speech.recognizers.zh-CN"),
        ("zh-CN", RecognizerChoice("vosk"), "hotline speech models pull zh-CN"),
        ("en", RecognizerChoice("vosk", Path("/nonexistent/model")), "/nonexistent/model holds no Vosk model"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(language: str, choice: RecognizerChoice, says: str) -> None:
    with pytest.raises(RecognizerUnavailable, match=says):
        open_recognizer(language, choice)
