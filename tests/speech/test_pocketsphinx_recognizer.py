"""The embedded recogniser with real speech through a telephone line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from speech.audio import PCM_FRAME_BYTES, resample
from speech.pocketsphinx_recognizer import PocketSphinxRecognizer
from speech.pronunciations import phones_of, words_of
from speech.recognizers import NOTHING_RECOGNIZED, Recognition

Caller = Callable[[str], bytes]

MENU = ["Report an outage", "billing", "complaint", "agent", "yes", "no", "repeat that", "pay my bill"]
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh", "double"]


@pytest.fixture(scope="module")
def recognizer() -> Iterator[PocketSphinxRecognizer]:
    recognizer = PocketSphinxRecognizer()
    yield recognizer
    recognizer.close()


def hear(recognizer: PocketSphinxRecognizer, pcm: bytes) -> tuple[Recognition, list[str]]:
    partials = [recognizer.feed(pcm[at : at + PCM_FRAME_BYTES]) for at in range(0, len(pcm), PCM_FRAME_BYTES)]
    return recognizer.finish(), partials


@pytest.mark.parametrize("phrase", ["Report an outage", "billing", "complaint", "agent", "yes", "no", "pay my bill"])
def test_a_menu_phrase_is_heard(recognizer: PocketSphinxRecognizer, caller: Caller, phrase: str) -> None:
    recognizer.start(MENU)
    recognition, partials = hear(recognizer, caller(phrase))
    assert recognition.text == phrase
    assert recognition.confidence > 0.45
    assert partials[0] == ""
    assert any(partials)


@pytest.mark.parametrize(
    "sentence",
    [
        "what is the weather like tomorrow",
        "I would like a large pizza",
        "the quick brown fox jumps over the lazy dog",
        "my sister lives in London",
        "where is the nearest hospital",
    ],
)
def test_other_speech_is_nothing(recognizer: PocketSphinxRecognizer, caller: Caller, sentence: str) -> None:
    recognizer.start(MENU)
    assert hear(recognizer, caller(sentence))[0] == NOTHING_RECOGNIZED


def test_silence_is_nothing(recognizer: PocketSphinxRecognizer) -> None:
    recognizer.start(MENU)
    assert recognizer.finish() == NOTHING_RECOGNIZED
    recognizer.start(MENU)
    assert hear(recognizer, bytes(16000)) == (NOTHING_RECOGNIZED, [""] * 50)


def test_digits_in_a_row(recognizer: PocketSphinxRecognizer, caller: Caller) -> None:
    recognizer.start(DIGITS, repeat=True)
    recognition, _ = hear(recognizer, caller("one three eight"))
    assert recognition.text.split()[0] == "one"
    assert set(recognition.text.split()) <= set(DIGITS)
    assert len(recognition.text.split()) in (3, 4)
    recognizer.start(DIGITS)
    assert " " not in hear(recognizer, caller("one three eight"))[0].text


def test_one_recording_always_gives_one_result(recognizer: PocketSphinxRecognizer, caller: Caller) -> None:
    """Whoever was heard before, and in whatever pieces it comes."""
    pcm = caller("billing")
    recognizer.start(MENU)
    first, _ = hear(recognizer, pcm)
    recognizer.start(["something", "else"])
    hear(recognizer, caller("my sister lives in London"))
    recognizer.start(MENU)
    recognizer.feed(pcm)
    assert recognizer.finish().text == first.text == "billing"


def test_a_wait_that_is_broken_off_leaves_nothing_behind(recognizer: PocketSphinxRecognizer, caller: Caller) -> None:
    recognizer.start(MENU)
    recognizer.feed(caller("billing"))
    recognizer.start(["yes", "no"])
    assert hear(recognizer, caller("yes"))[0].text == "yes"


def test_without_phrases_there_is_nothing_to_hear(recognizer: PocketSphinxRecognizer, caller: Caller) -> None:
    recognizer.start([], free=True)
    assert hear(recognizer, caller("billing"))[0] == NOTHING_RECOGNIZED
    recognizer.start(["xyzzyq", "停电"])
    assert hear(recognizer, caller("billing"))[0] == NOTHING_RECOGNIZED


def test_words_it_cannot_hear_are_listed(recognizer: PocketSphinxRecognizer) -> None:
    assert recognizer.missing_words(["Report an outage!", "smartmeters", "Bob's SMS", "95598"]) == []
    assert recognizer.missing_words(["call xyzzyq", "xyzzyq"]) == ["xyzzyq"]


def test_out_of_order_calls_are_a_mistake_of_ours(recognizer: PocketSphinxRecognizer) -> None:
    with pytest.raises(RuntimeError, match="start"):
        recognizer.feed(bytes(320))
    with pytest.raises(RuntimeError, match="start"):
        recognizer.finish()


def test_phrases_are_read_as_callers_say_them() -> None:
    assert words_of("Don’t know, option 12!") == ["don't", "know", "option", "one", "two"]
    known = {"meter": "M IY T ER", "smart": "S M AA R T", "bus": "B AH S", "k.": "K EY", "v.": "V IY"}
    assert phones_of("smartmeter", known.get) == "S M AA R T M IY T ER"
    assert phones_of("meters", known.get) == "M IY T ER Z"
    assert phones_of("bus's", known.get) == "B AH S IH Z"
    assert phones_of("kv", known.get) == "K EY V IY"
    assert phones_of("blorf", known.get) is None


def test_speech_at_another_rate_is_not_its_business() -> None:
    """The line is 8 kHz; anything else is brought to it before, by `resample`."""
    assert len(resample(bytes(32000), 16000, 8000)) == 16000
