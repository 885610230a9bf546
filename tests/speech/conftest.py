"""One real voice for the whole folder: starting it takes longer than most tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from speech.audio import mulaw_to_pcm, pcm_to_mulaw
from speech.pyttsx3_voice import Pyttsx3Voice, VoiceChoice

PAUSE = bytes(2 * 8 * 300)  # 300 ms


@pytest.fixture(scope="session")
def voice() -> Iterator[Pyttsx3Voice]:
    voices = {"en": VoiceChoice("gmw/en-us", 155), "zh-CN": VoiceChoice("sit/cmn", 160)}
    voice = Pyttsx3Voice(voices, timeout_s=30)
    yield voice
    voice.close()


@pytest.fixture(scope="session")
def caller(voice: Pyttsx3Voice) -> Callable[[str], bytes]:
    """A sentence as it comes out of a telephone line: mu-law there and back, a pause before and after."""

    def says(text: str) -> bytes:
        return PAUSE + mulaw_to_pcm(pcm_to_mulaw(voice.render(text, "en"))) + PAUSE

    return says


TRICKY = """
import os, threading, time

from speech.recognizers import Recognition, RecognizerUnavailable


class Tricky:
    '''Hears its first phrase, whatever is said, unless that phrase asks for trouble.'''

    def __init__(self, language, choice):
        model = str(choice.model)
        if model == "/missing":
            raise RecognizerUnavailable("its model is missing: do get one")
        if model == "/aborts":
            os.abort()
        if model == "/raises":
            raise ValueError("no such model")
        if model == "/threads":
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        self.loaded_by = os.getpid()
        self.phrases = ()

    def start(self, phrases, *, free=False, repeat=False):
        self.phrases = phrases

    def feed(self, pcm):
        match self.phrases[0]:
            case "crash": os.abort()
            case "hang": time.sleep(3600)
            case "raise": raise ValueError("the decoder broke")
        return self.phrases[0]

    def finish(self):
        return Recognition(f"{self.phrases[0]} {os.getpid()} {self.loaded_by}", 0.75)

    def missing_words(self, phrases):
        return [phrase for phrase in phrases if "x" in phrase]

    def close(self):
        pass
"""


@pytest.fixture
def tricky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a recogniser that an installed package offers, as pip would have left it."""
    (tmp_path / "tricky_ears.py").write_text(TRICKY)
    info = tmp_path / "tricky_ears-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tricky-ears\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[hotline.recognizers]\ntricky = tricky_ears:Tricky\nbroken = tricky_ears:Missing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return "tricky"


VOICE = """
import math, struct

from speech.voices import VoiceUnavailable


class Hummer:
    '''Hums as long as the text is; certain texts ask for trouble.'''

    closed = 0

    def __init__(self, voices):
        if "missing" in {choice.voice_id for choice in voices.values()}:
            raise VoiceUnavailable("its voice is missing: do get one")
        self.voices = voices

    def render(self, text, language):
        if text == "raise":
            raise ValueError("the synthesiser broke")
        if text == "half":
            return b"123"
        pitch = 200 if self.voices[language].voice_id == "low" else 300
        count = 800 * len(text)
        return struct.pack(f"<{count}h", *(round(500 * math.sin(pitch * n / 8000 * 6.283)) for n in range(count)))

    def fingerprint(self, language):
        return f"hummer {self.voices[language].voice_id}"

    def close(self):
        Hummer.closed += 1
"""


@pytest.fixture
def hummer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a voice that an installed package offers, as pip would have left it."""
    (tmp_path / "hummer_voice.py").write_text(VOICE)
    info = tmp_path / "hummer_voice-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hummer-voice\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[hotline.voices]\nhummer = hummer_voice:Hummer\nbroken = hummer_voice:Missing\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "hummer_voice", raising=False)
    return "hummer"
