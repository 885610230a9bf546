"""When an utterance begins and ends, on real speech and on what is none."""

from __future__ import annotations

import random
import struct

import pytest

from speech.audio import PCM_FRAME_BYTES
from speech.endpointing import Endpoint, Endpointer
from speech.pyttsx3_voice import Pyttsx3Voice


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + PCM_FRAME_BYTES] for at in range(0, len(pcm) - PCM_FRAME_BYTES + 1, PCM_FRAME_BYTES)]


def silence(milliseconds: int) -> bytes:
    return bytes(16 * milliseconds)


def heard(pcm: bytes, endpointer: Endpointer) -> list[tuple[int, Endpoint]]:
    """(frame, endpoint) wherever the endpoint changes."""
    changes: list[tuple[int, Endpoint]] = []
    for number, frame in enumerate(frames(pcm)):
        endpoint = endpointer.accept(frame)
        if not changes or changes[-1][1] != endpoint:
            changes.append((number, endpoint))
    return changes


def test_a_sentence_starts_once_and_ends_after_the_closing_silence(voice: Pyttsx3Voice) -> None:
    spoken = voice.render("I want to report an outage", "en")
    pcm = silence(500) + spoken + silence(1500)
    changes = heard(pcm, Endpointer(end_silence_ms=800))
    assert [endpoint for _, endpoint in changes] == [
        Endpoint.SILENCE,
        Endpoint.SPEECH_STARTED,
        Endpoint.SPEAKING,
        Endpoint.ENDED,
        Endpoint.SILENCE,
    ]
    started, ended = changes[1][0], changes[3][0]
    assert 25 <= started <= 25 + 30  # within 600 ms of its first sound
    assert ended * 20 <= 500 + len(spoken) / 16 + 800
    assert started + 1 - Endpointer().lead_in_frames <= 26  # the lead-in reaches back to the first sound


def test_a_shorter_closing_silence_splits_where_a_longer_one_waits(voice: Pyttsx3Voice) -> None:
    one = voice.render("one two", "en")
    pcm = silence(300) + one + silence(600) + one + silence(2000)
    patient = [endpoint for _, endpoint in heard(pcm, Endpointer(end_silence_ms=1500))]
    hasty = [endpoint for _, endpoint in heard(pcm, Endpointer(end_silence_ms=300))]
    assert patient.count(Endpoint.ENDED) == 1
    assert hasty.count(Endpoint.ENDED) == 2


def test_a_cough_is_no_speech() -> None:
    chance = random.Random(1)
    cough = struct.pack("<960h", *(round(8000 * chance.gauss(0, 0.4)) for _ in range(960)))  # 120 ms
    pcm = silence(400) + cough + silence(1500)
    assert heard(pcm, Endpointer()) == [(0, Endpoint.SILENCE)]


@pytest.mark.parametrize(("word", "language"), [("no", "en"), ("yes", "en"), ("对", "zh-CN"), ("是", "zh-CN")])
def test_the_shortest_answer_is_speech(voice: Pyttsx3Voice, word: str, language: str) -> None:
    pcm = silence(500) + voice.render(word, language) + silence(1500)
    endpoints = [endpoint for _, endpoint in heard(pcm, Endpointer())]
    assert endpoints.count(Endpoint.SPEECH_STARTED) == endpoints.count(Endpoint.ENDED) == 1


def test_a_quiet_hissing_line_is_no_speech() -> None:
    chance = random.Random(2)
    hiss = struct.pack("<40000h", *(round(chance.gauss(0, 40)) for _ in range(40000)))
    endpoints = [endpoint for _, endpoint in heard(hiss, Endpointer(aggressiveness=3))]
    assert Endpoint.ENDED not in endpoints[-1:]
    assert Endpoint.SPEECH_STARTED not in endpoints


def test_the_same_sound_always_ends_alike_and_reset_forgets(voice: Pyttsx3Voice) -> None:
    pcm = silence(200) + voice.render("billing", "en") + silence(1500)
    endpointer = Endpointer()
    first = heard(pcm, endpointer)
    endpointer.reset()
    assert not endpointer.speaking
    assert heard(pcm, endpointer) == first == heard(pcm, Endpointer())


@pytest.mark.parametrize("length", [0, 160, 640])
def test_a_frame_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="320 bytes"):
        Endpointer().accept(bytes(length))
