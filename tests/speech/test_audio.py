"""Telephone sound in bytes: what goes in comes out, as loud and as high as it should."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

import pytest

from speech.audio import (
    FRAME_BYTES,
    RATE,
    AudioError,
    audioop,
    beep,
    dtmf,
    level_normalised,
    mulaw_to_pcm,
    pcm_to_mulaw,
    read_wav,
    resample,
    speech_level_dbfs,
    tone,
    write_wav,
)


def strength(pcm: bytes, hertz: float, rate: int = RATE) -> float:
    """Amplitude of one pitch (a Goertzel filter, one bin), full scale is 1."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    real = sum(s * math.cos(2 * math.pi * hertz * n / rate) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * hertz * n / rate) for n, s in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples) / 32768


def sine(hertz: float, rate: int, seconds: float = 0.2) -> bytes:
    count = int(rate * seconds)
    return struct.pack(f"<{count}h", *(round(9000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count)))


def test_mulaw_keeps_speech_to_within_its_step() -> None:
    pcm = tone((440.0,), 100)
    coded = pcm_to_mulaw(pcm)
    assert len(coded) == len(pcm) // 2 == 5 * FRAME_BYTES
    error = audioop.rms(audioop.add(mulaw_to_pcm(coded), audioop.mul(pcm, 2, -1), 2), 2)
    assert error < 0.02 * audioop.rms(pcm, 2)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_resampling_keeps_what_a_telephone_carries_and_drops_the_rest(rate: int) -> None:
    kept = resample(sine(1000, rate), rate, RATE)
    assert len(kept) / 2 / RATE == pytest.approx(0.2, abs=0.002)
    assert strength(kept, 1000) == pytest.approx(9000 / 32768, rel=0.1)
    folded = resample(sine(5000, rate), rate, RATE)  # without a filter it would come back as 3000 Hz
    assert strength(folded, 3000) < 0.02 * 9000 / 32768


def test_resampling_up_keeps_the_pitch() -> None:
    assert strength(resample(sine(1000, 8000), 8000, 16000), 1000, 16000) > 0.2
    assert resample(b"", 8000, 16000) == b""


@pytest.mark.parametrize("gain", [0.02, 0.3, 3.0])
def test_quiet_and_loud_recordings_come_out_alike(gain: float) -> None:
    spoken = bytes(8000) + audioop.mul(sine(300, RATE, 0.5), 2, gain) + bytes(8000)
    assert speech_level_dbfs(level_normalised(spoken)) == pytest.approx(-20, abs=0.3)


def test_a_click_limits_the_gain_and_silence_stays_silence() -> None:
    click = struct.pack("<h", 32000) + audioop.mul(sine(300, RATE), 2, 0.02)
    assert audioop.max(level_normalised(click, -3.0), 2) <= 0.9 * 32768
    assert level_normalised(bytes(1000)) == bytes(1000)


def test_a_wav_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "greeting.wav"
    write_wav(path, beep())
    assert read_wav(path) == beep()

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("speech.audio.os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_wav(path, b"")
    assert read_wav(path) == beep()
    assert [file.name for file in path.parent.iterdir()] == ["greeting.wav"]


@pytest.mark.parametrize(("channels", "width", "rate"), [(1, 1, 8000), (2, 2, 44100), (1, 3, 16000), (2, 4, 48000)])
def test_any_pcm_wav_is_read_as_telephone_sound(tmp_path: Path, channels: int, width: int, rate: int) -> None:
    pcm = audioop.lin2lin(sine(1000, rate), 2, width)
    if width == 1:
        pcm = audioop.bias(pcm, 1, 128)
    if channels == 2:
        pcm = audioop.tostereo(pcm, width, 1, 1)
    path = tmp_path / "prompt.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    assert strength(read_wav(path), 1000) == pytest.approx(9000 / 32768, rel=0.1)


EXTENSIBLE = bytes.fromhex("000000001000800000aa00389b71")


def riff(form: bytes, samples: bytes, *, says_bytes: int | None = None) -> bytes:
    size = len(samples) if says_bytes is None else says_bytes
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # of odd length: filled up to an even one
    chunks += b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def form(kind: int, rate: int, bits: int, *, channels: int = 1) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", kind, channels, rate, rate * block, block, bits)


@pytest.mark.parametrize("kind", ["extensible 24 bits", "float", "double", "mu-law", "A-law", "length not known"])
def test_what_studios_and_makers_of_telephone_prompts_write_is_read(tmp_path: Path, kind: str) -> None:
    pcm = sine(1000, RATE)
    scaled = [sample / 32768 for (sample,) in struct.iter_unpack("<h", pcm)]
    extensible = form(0xFFFE, RATE, 24) + struct.pack("<HHI", 22, 24, 4) + struct.pack("<H", 1) + EXTENSIBLE
    file = {
        "extensible 24 bits": riff(extensible, audioop.lin2lin(pcm, 2, 3)),
        "float": riff(form(3, RATE, 32), struct.pack(f"<{len(scaled)}f", *scaled)),
        "double": riff(form(3, RATE, 64), struct.pack(f"<{len(scaled)}d", *scaled)),
        "mu-law": riff(form(7, RATE, 8), audioop.lin2ulaw(pcm, 2)),
        "A-law": riff(form(6, RATE, 8), audioop.lin2alaw(pcm, 2)),
        "length not known": riff(form(1, RATE, 16), pcm, says_bytes=0xFFFFFFFF),
    }[kind]
    path = tmp_path / "prompt.wav"
    path.write_bytes(file)
    assert len(read_wav(path)) == len(pcm)
    assert strength(read_wav(path), 1000) == pytest.approx(strength(pcm, 1000), rel=0.05)


def test_floats_that_are_too_loud_or_no_numbers_do_not_break_it(tmp_path: Path) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(riff(form(3, RATE, 32), struct.pack("<4f", 7.0, -7.0, float("nan"), 0.5)))
    assert struct.unpack("<4h", read_wav(path)) == (32767, -32767, 0, 16384)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "it is empty"),
        (b"ID3\x04", "MP3 by another name"),
        (b"\0\0\0\x1cftypM4A ", "MP4 by another name"),
        (riff(form(0x55, 8000, 0), b"x" * 99), "it is compressed: MP3"),
        (riff(form(1, 0, 16), b"xx"), "no sound"),
        (riff(form(1, 8000, 48), b"x" * 6), "no sound"),
        (riff(form(1, 8000, 16), b"")[:-8], "ends before its sound begins"),
        (riff(b"short", b"xx"), "format is cut short"),
    ],
)
def test_what_is_no_sound_says_what_it_is(tmp_path: Path, file: bytes, says: str) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(file)
    with pytest.raises(AudioError, match=says):
        read_wav(path)


def test_a_file_cut_short_is_read_as_far_as_it_goes_unless_it_has_to_be_whole(tmp_path: Path) -> None:
    path = tmp_path / "prompt.wav"
    write_wav(path, beep())
    assert read_wav(path, whole=True) == beep()
    path.write_bytes(path.read_bytes()[:1001])
    assert read_wav(path) == beep()[:956]
    with pytest.raises(AudioError, match="cut short"):
        read_wav(path, whole=True)


def test_a_file_that_is_no_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a sound")
    with pytest.raises(AudioError, match=r"notes\.wav"):
        read_wav(path)
    with pytest.raises(AudioError, match="absent"):
        read_wav(tmp_path / "absent.wav")


def test_a_key_is_its_two_tones() -> None:
    pcm = dtmf("5", 200)
    assert len(pcm) == 2 * RATE // 5
    assert strength(pcm, 770) > 0.15
    assert strength(pcm, 1336) > 0.15
    assert strength(pcm, 941) < 0.01
    for no_key in ("", "x", "55"):
        with pytest.raises(ValueError, match="key"):
            dtmf(no_key, 100)


def test_the_beep_is_heard_and_does_not_click() -> None:
    assert strength(beep(), 1000) > 0.2
    assert abs(struct.unpack("<h", beep()[:2])[0]) < 100
    assert abs(struct.unpack("<h", beep()[-2:])[0]) < 100
