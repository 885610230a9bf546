"""Vosk: its refusals always, its hearing where a model is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from speech.audio import mulaw_to_pcm, pcm_to_mulaw
from speech.model_words import model_words
from speech.pyttsx3_voice import Pyttsx3Voice, VoiceChoice
from speech.recognizers import NOTHING_RECOGNIZED, RecognizerUnavailable
from speech.vosk_recognizer import VoskRecognizer, decoys_of, load_model
from tests.speech.vosk_model import model_folder


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
    return load_model(model_folder())


@pytest.fixture
def recognizer(model: Any) -> VoskRecognizer:
    return VoskRecognizer(model, decoys_of(model_folder()))


Says = Callable[[str], bytes]


@pytest.fixture(scope="module")
def says() -> Iterator[Says]:
    """Korean as it comes out of a telephone. A synthetic voice is no native one: only what it says plainly is asked."""
    voice = Pyttsx3Voice({"ko": VoiceChoice("ko", 150)}, timeout_s=30)
    pause = bytes(4800)
    yield lambda text: pause + mulaw_to_pcm(pcm_to_mulaw(voice.render(text, "ko"))) + pause
    voice.close()


MENU = ["요금 조회", "상담원 연결", "네", "아니요", "처음으로", "공사 일정"]


def test_one_model_serves_all(model: Any) -> None:
    assert load_model(model_folder()) is model


def test_the_words_of_a_model_are_read_without_loading_it(model: Any) -> None:
    words = model_words(model_folder())
    assert len(words) > 100_000
    assert {"정전", "요금", "<eps>"} <= words
    assert all(model.vosk_model_find_word(word) >= 0 for word in sorted(words)[::5000])


def test_silence_is_nothing(recognizer: VoskRecognizer) -> None:
    for phrases, free in (([], False), ([], True), (MENU, True), (MENU, False)):
        recognizer.start(phrases, free=free)
        assert recognizer.feed(bytes(16000)) == ""
        assert recognizer.finish() == NOTHING_RECOGNIZED


@pytest.mark.parametrize("phrase", ["요금 조회", "상담원 연결", "아니요"])
def test_a_phrase_is_heard_as_it_is_written(recognizer: VoskRecognizer, says: Says, phrase: str) -> None:
    for free in (False, True):
        recognizer.start(MENU, free=free)
        sound = says(phrase)
        partials = [recognizer.feed(sound[at : at + 1600]) for at in range(0, len(sound), 1600)]
        recognition = recognizer.finish()
        assert recognition.text == phrase
        assert recognition.confidence > 0.6
        assert any(partials)


@pytest.mark.parametrize("other", ["우리 누나는 서울에 살아요", "피자 한 판 주문할게요"])
def test_other_speech_is_nothing_where_only_the_menu_may_be_said(
    recognizer: VoskRecognizer, says: Says, other: str
) -> None:
    """Vosk takes the words of a grammar in any order, and without a word for the rest forces all speech into them."""
    recognizer.start(MENU)
    recognizer.feed(says(other))
    assert recognizer.finish().text == ""


def test_other_speech_is_decoded_freely_where_it_may_be_said(recognizer: VoskRecognizer, says: Says) -> None:
    sound = says("피자 한 판 주문할게요")
    recognizer.start([], free=True)
    recognizer.feed(sound)
    freely = recognizer.finish()
    assert freely.text
    assert freely.text not in MENU
    recognizer.start(MENU, free=True)
    for at in range(0, len(sound), 1600):
        recognizer.feed(sound[at : at + 1600])
    assert len(recognizer.finish().text) > len(freely.text) / 2


def test_words_in_a_row_are_heard_where_several_may_be_said(recognizer: VoskRecognizer, says: Says) -> None:
    recognizer.start(["네", "아니요"], repeat=True)
    recognizer.feed(says("네") + says("아니요"))
    assert set(recognizer.finish().text.split()) == {"네", "아니요"}
    recognizer.start(["네", "아니요"])
    recognizer.feed(says("네") + says("아니요"))
    assert recognizer.finish() == NOTHING_RECOGNIZED
