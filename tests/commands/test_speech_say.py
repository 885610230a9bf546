"""`hotline speech say` and `voices`: trying what callers would hear."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import hotline
from speech.audio import read_wav, speech_level_dbfs


def speech(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(hotline, ["--home", str(tmp_path / "home"), "speech", *arguments])


def test_a_text_becomes_a_file_of_what_callers_hear(tmp_path: Path) -> None:
    out = tmp_path / "made" / "welcome.wav"
    result = speech(tmp_path, "say", "您好，欢迎致电。", "zh-CN", "-o", str(out))
    assert result.exit_code == 0, result.output
    assert speech_level_dbfs(read_wav(out)) == pytest.approx(-20, abs=0.5)
    assert str(out) in result.output


def test_another_voice_and_speed_are_tried(tmp_path: Path) -> None:
    seconds = {}
    for rate in ("100", "300"):
        out = tmp_path / f"{rate}.wav"
        arguments = ("--voice", "gmw/de", "--words-per-minute", rate)
        assert speech(tmp_path, "say", "Guten Tag, hier ist Ihr Netz", "de", "-o", str(out), *arguments).exit_code == 0
        seconds[rate] = len(read_wav(out))
    assert seconds["100"] > 1.5 * seconds["300"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Bonjour", "fr"), "'fr' has no voice; add it to speech.voices"),
        (("Hello", "en", "--engine", "siri"), "no voice engine 'siri'; installed are pyttsx3"),
        (("Hello", "en", "--voice", "nobody"), "there is no voice 'nobody'"),
    ],
)
def test_what_cannot_be_said_is_told(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    result = speech(tmp_path, "say", *arguments, "-o", str(tmp_path / "x.wav"))
    assert result.exit_code == 1
    assert says in result.output
    assert not (tmp_path / "x.wav").exists()


def test_the_voices_there_are(tmp_path: Path) -> None:
    everything = speech(tmp_path, "voices").output.splitlines()
    assert everything[0].startswith("engines: pyttsx3")
    assert {"gmw/en-us", "sit/cmn"} <= set(everything)
    assert speech(tmp_path, "voices", "cmn").output.splitlines()[1:] == [
        name for name in everything[1:] if "/cmn" in name
    ]
