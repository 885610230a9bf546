"""Which voices are installed: pyttsx3, and those that packages bring; a language each."""

from __future__ import annotations

import sys

import pytest

from speech.audio import speech_level_dbfs
from speech.voice_engines import Configured, Voices, installed
from speech.voices import VoiceChoice, VoiceUnavailable

ENGLISH = VoiceChoice("gmw/en-us", 155)


def test_a_package_brings_a_voice_for_one_language_and_ours_speaks_the_other(hummer: str) -> None:
    assert installed() == ("pyttsx3", "broken", "hummer")
    voices = Voices({"en": Configured("pyttsx3", ENGLISH), "fr": Configured(hummer, VoiceChoice("low"))})
    try:
        french, english = voices.render("Bonjour", "fr"), voices.render("Hello", "en")
        assert len(french) == 2 * 800 * len("Bonjour")
        assert speech_level_dbfs(french) == pytest.approx(speech_level_dbfs(english), abs=1.0), "none is louder"
        assert voices.fingerprint("fr") == "hummer: hummer low"
        assert voices.fingerprint("en") != voices.fingerprint("fr")
    finally:
        voices.close()
    assert sys.modules["hummer_voice"].Hummer.closed == 1


def test_without_a_package_there_is_our_own() -> None:
    assert installed() == ("pyttsx3",)


@pytest.mark.parametrize(
    ("engine", "voice", "says"),
    [
        ("siri", "x", "no voice engine 'siri'; installed are pyttsx3, broken, hummer.*hotline.voices"),
        ("broken", "x", r"'broken' of hummer-voice cannot be imported \(AttributeError"),
        ("hummer", "missing", "its voice is missing: do get one"),
    ],
)
def test_what_cannot_be_used_is_named(hummer: str, engine: str, voice: str, says: str) -> None:
    voices = Voices({"en": Configured(engine, VoiceChoice(voice))})
    with pytest.raises(VoiceUnavailable, match=says):
        voices.render("Hello", "en")
    with pytest.raises(VoiceUnavailable, match=says):
        voices.fingerprint("en")


@pytest.mark.parametrize(("text", "says"), [("raise", "the synthesiser broke"), ("half", "half a sample")])
def test_whatever_a_voice_does_is_a_voice_that_cannot_speak(hummer: str, text: str, says: str) -> None:
    voices = Voices({"en": Configured(hummer, VoiceChoice("low"))})
    with pytest.raises(VoiceUnavailable, match=says):
        voices.render(text, "en")
    assert voices.render("and then again", "en")


def test_a_language_without_a_voice_says_which_setting_mends_it() -> None:
    with pytest.raises(VoiceUnavailable, match=r"'fr'.*speech\.voices"):
        Voices({"en": Configured("pyttsx3", ENGLISH)}).render("Bonjour", "fr")
