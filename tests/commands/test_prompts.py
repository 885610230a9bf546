"""`hotline prompts ...`: what callers hear, and how recordings of it come in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import hotline
from ivr.channels import prompt_recordings
from ivr.channels.prompt_recordings import PromptRecordings
from speech.audio import audioop, read_wav, resample, speech_level_dbfs, tone, write_wav

Run = Callable[..., Result]
SPOKEN = tone((300.0, 440.0), 900, -26.0)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flows: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(command: str, *arguments: str) -> Result:
        home = ["--home", str(tmp_path / "home")]
        return CliRunner().invoke(hotline, [*home, "prompts", command, "--flows", str(flows), *arguments])

    return call


def kept(tmp_path: Path) -> list[str]:
    folder = tmp_path / "home" / "prompts"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.wav"))


def test_every_prompt_is_listed_with_how_it_is_heard(run: Run, tmp_path: Path, flows: Path) -> None:
    write_wav(tmp_path / "home" / "prompts" / "en" / "nothing.wav", SPOKEN)
    write_wav(flows / "prompts" / "zh-CN" / "nothing.wav", SPOKEN)
    rows = json.loads(run("list", "--json").stdout)
    found = {(row["language"], row["id"]): row for row in rows}
    assert found["en", "nothing"]["seconds"] == 0.9
    assert found["en", "nothing"]["level_dbfs"] == pytest.approx(-26, abs=1)
    assert found["zh-CN", "nothing"]["file"].endswith("flows/prompts/zh-CN/nothing.wav")
    assert found["en", "nothing"]["flows"] == ["main"]
    assert found["en", "goodbye"]["flows"] == ["shared"]
    assert found["en", "goodbye"]["text"].startswith("Goodbye from ")
    assert found["en", "goodbye"]["recordable"]
    assert not found["en", "owing"]["recordable"]
    assert set(found["en", "say_it"]["flows"]) == {"main", "handover"}
    text = run("list", "--lang", "en").output
    assert "recording 0.9 s" in text
    assert "voice (values)" in text
    assert "zh-CN" not in text


def test_what_is_missing_is_a_script_for_the_studio(run: Run, tmp_path: Path) -> None:
    write_wav(tmp_path / "home" / "prompts" / "en" / "nothing.wav", SPOKEN)
    rows = list(csv.DictReader(io.StringIO(run("missing", "--csv").stdout)))
    files = [row["file"] for row in rows]
    assert "en/which.wav" in files
    assert "en/nothing.wav" not in files
    assert "zh-CN/nothing.wav" in files
    assert "en/owing.wav" not in files, "it says values"
    which = next(row for row in rows if row["file"] == "en/which.wav")
    assert which["text"] == "For your bill press 1. To report a power cut press 2."
    assert "which.wav\n    For your bill" in run("missing", "--lang", "en").output


def test_recordings_come_in_ready_to_be_played(run: Run, tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    loud = resample(bytes(16000) + audioop.mul(SPOKEN, 2, 3) + bytes(16000), 8000, 48000)
    write_wav(studio / "en" / "nothing.wav", loud, 48000)
    write_wav(studio / "which.zh-CN.wav", SPOKEN)
    result = run("import", str(studio))
    assert result.exit_code == 0, result.output
    assert kept(tmp_path) == ["en/nothing.wav", "zh-CN/which.wav"]
    assert "ok   en/nothing.wav: 1.1 s, was 48000 Hz at -17 dB" in result.output
    pcm = read_wav(tmp_path / "home" / "prompts" / "en" / "nothing.wav")
    assert speech_level_dbfs(pcm) == pytest.approx(-20, abs=0.5)
    assert len(pcm) / 16000 < 1.3
    alone = tmp_path / "pin.wav"
    write_wav(alone, SPOKEN)
    assert run("import", str(alone), "--lang", "en").exit_code == 0
    assert "en/pin.wav" in kept(tmp_path)


@pytest.mark.parametrize(
    ("name", "sound", "says"),
    [
        ("en/nothin.wav", SPOKEN, "no prompt is called 'nothin'. Did you mean 'nothing'?"),
        ("en/owing.wav", SPOKEN, "says values, so a recording of it is never played: You owe"),
        ("en/pin.wav", bytes(16000), "it is silent: was the microphone on?"),
        ("en/pin.wav", audioop.mul(SPOKEN, 2, 60), "overdriven"),
        ("elsewhere/pin.wav", SPOKEN, "which language? Put it into a folder en or zh-CN, or --lang"),
    ],
)
def test_one_that_is_not_in_order_keeps_all_out(run: Run, tmp_path: Path, name: str, sound: bytes, says: str) -> None:
    studio = tmp_path / "studio"
    write_wav(studio / "en" / "nothing.wav", SPOKEN)
    write_wav(studio / name, sound)
    result = run("import", str(studio))
    assert result.exit_code == 1
    assert says in result.output
    assert "nothing was brought in: 1 of 2 files" in result.output
    assert kept(tmp_path) == []
    assert run("import", str(studio), "--dry-run", "--skip-bad").exit_code == 1
    assert kept(tmp_path) == []
    result = run("import", str(studio), "--skip-bad")
    assert result.exit_code == 1
    assert kept(tmp_path) == ["en/nothing.wav"]


def test_two_files_of_one_prompt_are_told(run: Run, tmp_path: Path) -> None:
    write_wav(tmp_path / "studio" / "en" / "nothing.wav", SPOKEN)
    write_wav(tmp_path / "studio" / "nothing.en.wav", SPOKEN)
    result = run("import", str(tmp_path / "studio"))
    assert result.exit_code == 1
    assert "is the same prompt" in result.output


def test_what_is_no_sound_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nothing.wav").write_bytes(b"RIFF of nothing")
    (tmp_path / "which.mp3").write_bytes(b"ID3")
    result = run("import", str(tmp_path / "nothing.wav"), str(tmp_path / "which.mp3"), "--lang", "en")
    assert result.exit_code == 1
    assert "not a readable PCM WAV file" in result.output
    assert "is no .wav file" in result.output


def test_of_a_folder_no_sound_is_passed_over(run: Run, tmp_path: Path) -> None:
    write_wav(tmp_path / "studio" / "en" / "nothing.WAV", SPOKEN)  # as recorders with a memory card name them
    (tmp_path / "studio" / "en" / "which.mp3").write_bytes(b"ID3")
    (tmp_path / "studio" / "en" / "notes.txt").write_text("take two")
    result = run("import", "--skip-bad", str(tmp_path / "studio"))
    assert result.exit_code == 1
    assert kept(tmp_path) == ["en/nothing.wav"]
    assert "which.mp3: is no .wav file" in result.output
    assert "notes.txt" not in result.output


def test_a_recording_that_comes_in_is_played_at_once(
    run: Run, tmp_path: Path, flows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_recordings, "LOOKS_AGAIN_S", 0.0)
    write_wav(flows / "prompts" / "en" / "nothing.wav", SPOKEN)
    playing = PromptRecordings(tmp_path / "home" / "prompts", flows / "prompts")
    assert playing.path("en", "nothing") == flows / "prompts" / "en" / "nothing.wav"
    assert playing.path("en", "which") is None
    for name in ("nothing", "which"):
        write_wav(tmp_path / "studio" / "en" / f"{name}.wav", SPOKEN)
    assert run("import", str(tmp_path / "studio")).exit_code == 0
    ours = tmp_path / "home" / "prompts" / "en"
    assert playing.path("en", "nothing") == ours / "nothing.wav", "the home's wins"
    assert playing.path("en", "which") == ours / "which.wav"
    (ours / "nothing.wav").unlink()
    assert playing.path("en", "nothing") == flows / "prompts" / "en" / "nothing.wav"


def test_a_language_that_is_none_is_told(run: Run) -> None:
    result = run("list", "--lang", "fr")
    assert result.exit_code == 1
    assert "'fr' is no language of these flows: en, zh-CN" in result.output
    assert "no prompt to be recorded in en is called nope" in run("record", "nope", "--lang", "en").output
