"""Recordings as studios deliver them, and as they should not be."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from random import Random

import pytest

from speech.audio import AudioError, audioop, read_wav, resample, speech_level_dbfs, write_wav
from speech.pyttsx3_voice import Pyttsx3Voice
from speech.studio import UnfitRecording, ready


def written(path: Path, pcm: bytes, rate: int = 8000, *, width: int = 2, channels: int = 1) -> Path:
    if width != 2:
        pcm = audioop.lin2lin(pcm, 2, width)
    if channels == 2:
        pcm = audioop.tostereo(pcm, width, 1, 1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path


@pytest.fixture(scope="module")
def spoken(voice: Pyttsx3Voice) -> bytes:
    return voice.render("Press one to report an outage.", "en")


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(8000, 2, 1), (44100, 2, 1), (48000, 3, 2), (48000, 4, 1), (16000, 2, 2)]
)
def test_any_usual_file_becomes_what_callers_hear(
    tmp_path: Path, spoken: bytes, rate: int, width: int, channels: int
) -> None:
    sound = bytes(16000) + audioop.mul(spoken, 2, 0.3) + bytes(24000)  # 1 s and 1.5 s of silence round it
    path = written(tmp_path / "a.wav", resample(sound, 8000, rate), rate, width=width, channels=channels)
    made = ready(path)
    assert made.rate == rate
    assert speech_level_dbfs(made.pcm) == pytest.approx(-20.0, abs=1.0)
    assert made.level_dbfs == pytest.approx(speech_level_dbfs(sound), abs=1.5)
    assert made.seconds == pytest.approx(len(spoken) / 16000, abs=0.4)
    assert made.trimmed_s > 2.0
    first, last = struct.unpack("<h", made.pcm[:2])[0], struct.unpack("<h", made.pcm[-2:])[0]
    assert first == last == 0, "it does not click"


def test_a_constant_that_the_sound_card_adds_goes(tmp_path: Path, spoken: bytes) -> None:
    path = written(tmp_path / "a.wav", audioop.bias(bytes(16000) + spoken + bytes(16000), 2, 1500))
    made = ready(path)
    assert abs(audioop.avg(made.pcm, 2)) < 50
    assert made.trimmed_s > 1.5


def test_twelve_decibels_louder_or_softer_come_out_alike(tmp_path: Path, spoken: bytes) -> None:
    soft, loud = (
        ready(written(tmp_path / "a.wav", audioop.mul(spoken, 2, factor))) for factor in (0.15, 0.15 * 10 ** (12 / 20))
    )
    assert speech_level_dbfs(soft.pcm) == pytest.approx(speech_level_dbfs(loud.pcm), abs=0.5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda sound: bytes(len(sound)), "is silent: was the microphone on"),
        (lambda sound: audioop.mul(sound, 2, 0.01), "all but silent"),
        (lambda sound: audioop.mul(sound, 2, 12), "overdriven"),
        (lambda sound: Random(1).randbytes(160_000), "nobody speaks in it, it is noise"),
        (lambda sound: sound[16000:16640], "nothing but a moment"),
        (lambda sound: b"", "silent"),
        (lambda sound: sound * 200, "longer than 3 minutes"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_reason(tmp_path: Path, spoken: bytes, make, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnfitRecording, match=says):
        ready(written(tmp_path / "a.wav", make(spoken)))


def test_a_wave_that_only_touches_full_scale_is_fine(tmp_path: Path, spoken: bytes) -> None:
    loudest = audioop.mul(spoken, 2, 32767 / audioop.max(spoken, 2))
    assert ready(written(tmp_path / "a.wav", loudest))


def test_a_file_that_is_no_wav_or_too_coarse(tmp_path: Path, spoken: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(b"ID3 this is an mp3")
    with pytest.raises(AudioError, match="not a readable PCM WAV"):
        ready(tmp_path / "a.wav")
    with pytest.raises(UnfitRecording, match="6000 samples a second"):
        ready(written(tmp_path / "b.wav", spoken, 6000))


def test_what_is_ready_is_ready_again(tmp_path: Path, spoken: bytes) -> None:
    once = ready(written(tmp_path / "a.wav", spoken))
    write_wav(tmp_path / "b.wav", once.pcm)
    assert len(ready(tmp_path / "b.wav").pcm) == pytest.approx(len(read_wav(tmp_path / "b.wav")), abs=480)
