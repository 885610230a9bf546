"""Vosk: its refusals always, its hearing where a model is installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from speech.audio import read_wav
from speech.recognizers import NOTHING_RECOGNIZED, RecognizerUnavailable
from speech.vosk_recognizer import VoskRecognizer, load_model


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("nothing to hear")
    with pytest.raises(RecognizerUnavailable, match=r"holds no Vosk model.*speech.recognizers"):
        load_model(tmp_path)


def test_a_model_that_is_incomplete_is_refused(tmp_path: Path) -> None:
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"")
    with pytest.raises(RecognizerUnavailable, match="download and unpack it again"):
        load_model(tmp_path)


class Vocabulary:
    """The one thing of a model that the grammar is checked against."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def vosk_model_find_word(self, word: str) -> int:
        return self.words.index(word) if word in self.words else -1


def test_words_the_model_lacks_are_listed_and_chinese_is_cut_into_words_it_has() -> None:
    recognizer = VoskRecognizer(Vocabulary("report", "an", "家里", "停电", "停", "电", "了"))
    assert recognizer.missing_words(["report an outage", "Report!", "家里停电了", "查电费"]) == ["outage", "查电费"]
    assert recognizer._in_vocabulary("家里停电了") == "家里 停电 了"
    assert recognizer._in_vocabulary("report an outage") is None


def test_out_of_order_calls_are_a_mistake_of_ours() -> None:
    with pytest.raises(RuntimeError, match="start"):
        VoskRecognizer(Vocabulary()).feed(bytes(320))
    with pytest.raises(RuntimeError, match="start"):
        VoskRecognizer(Vocabulary()).finish()


@pytest.fixture(scope="module")
def model() -> Any:
    folder = os.environ.get("HOTLINE_TEST_VOSK_MODEL")
    if not folder:
        pytest.skip("no Vosk model: set HOTLINE_TEST_VOSK_MODEL to the folder of one to test real hearing")
    return load_model(Path(folder))


def test_one_model_serves_all(model: Any) -> None:
    assert load_model(Path(os.environ["HOTLINE_TEST_VOSK_MODEL"])) is model


def test_silence_is_nothing(model: Any) -> None:
    recognizer = VoskRecognizer(model)
    for free in (False, True):
        recognizer.start([], free=free)
        assert recognizer.feed(bytes(16000)) == ""
        assert recognizer.finish() == NOTHING_RECOGNIZED


def test_a_recording_is_heard(model: Any) -> None:
    """HOTLINE_TEST_VOSK_WAV and HOTLINE_TEST_VOSK_TEXT: a recording and what is said in it."""
    recording, text = os.environ.get("HOTLINE_TEST_VOSK_WAV"), os.environ.get("HOTLINE_TEST_VOSK_TEXT")
    if not recording or not text:
        pytest.skip("no recording: set HOTLINE_TEST_VOSK_WAV and HOTLINE_TEST_VOSK_TEXT")
    recognizer = VoskRecognizer(model)
    assert recognizer.missing_words([text]) == []
    recognizer.start([text])
    recognizer.feed(read_wav(Path(recording)))
    recognition = recognizer.finish()
    assert recognition.text == text
    assert recognition.confidence > 0.5
