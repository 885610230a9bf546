"""One real voice for the whole folder: starting it takes longer than most tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
