"""`hotline speech ...`: a transcript a line in, an intent a line out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import hotline
from settings import ROOT

INTENTS = """
intents:
  outage: {en: [my power is out, no electricity], zh-CN: [停电了, 家里没电]}
  "no": {en: ["no", nope], zh-CN: [不是]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "intents.yaml").write_text(INTENTS, encoding="utf-8")
    return tmp_path


def speech(*arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(hotline, ["speech", *arguments], input=said.encode())


def test_each_line_is_answered_by_a_line_of_json(folder: Path) -> None:
    result = speech("route", "--lang", "en", "--flows", str(folder), said="My power is out!\n\nbananas\nno\n")
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["intent"] for answer in answers] == ["outage", None, None, "no"]
    assert answers[0] == {"intent": "outage", "confidence": 1.0, "matched": "my power is out"}
    assert answers[1] == {"intent": None, "confidence": 0.0, "matched": None}


def test_what_a_call_would_not_take_is_null(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    arguments = ("--home", str(tmp_path), "speech", "route", "--lang", "en", "--flows", str(folder))
    said = b"my power is out again\n"
    taken = json.loads(CliRunner().invoke(hotline, arguments, input=said).stdout)
    assert taken["intent"] == "outage"
    assert taken["confidence"] < 1
    monkeypatch.setenv("HOTLINE_SPEECH__REJECT_BELOW", "1.0")
    monkeypatch.setenv("HOTLINE_SPEECH__CONFIRM_BELOW", "1.0")
    refused = json.loads(CliRunner().invoke(hotline, arguments, input=said).stdout)
    assert refused == {"intent": None, "confidence": taken["confidence"], "matched": None}


@pytest.mark.parametrize("language", ["zh-CN", "zh-cn", "zh"])
def test_mandarin_is_written_as_it_is(folder: Path, language: str) -> None:
    result = speech("route", "--lang", language, "--flows", str(folder), said="喂 停 电 了\n")
    assert json.loads(result.stdout)["intent"] == "outage"
    assert "停电了" in result.stdout


def test_a_line_is_whatever_ends_with_a_newline(folder: Path) -> None:
    result = CliRunner().invoke(
        hotline,
        ["speech", "route", "--lang", "en", "--flows", str(folder)],
        input=b"no\x0belectricity\r\n\xff\xfe\nnope",
    )
    assert len(result.stdout.splitlines()) == 3


def test_the_shipped_intents_are_there_without_a_configuration_of_ones_own() -> None:
    result = speech("route", "--lang", "en", said="there are sparks coming from the pole\n")
    assert json.loads(result.stdout)["intent"] == "outage.danger"


def test_what_cannot_be_used_is_said(folder: Path, tmp_path: Path) -> None:
    unknown = speech("route", "--lang", "fr", "--flows", str(folder))
    assert unknown.exit_code != 0
    assert "en, zh-CN" in unknown.output
    (tmp_path / "bare").mkdir()
    bare = speech("route", "--lang", "en", "--flows", str(tmp_path / "bare"))
    assert bare.exit_code != 0
    assert "intents.yaml" in bare.output
    (folder / "intents.yaml").write_text("intents:\n  outage: [my power is out]\n", encoding="utf-8")
    broken = speech("route", "--lang", "en", "--flows", str(folder))
    assert broken.exit_code == 2
    assert "intents.yaml:2" in broken.stderr


def test_the_intents_are_listed_with_their_examples(folder: Path) -> None:
    result = speech("intents", "--lang", "zh", "--flows", str(folder))
    assert result.stdout.splitlines()[0].split() == ["outage", "2", "停电了,", "家里没电"]


def test_an_answer_comes_before_the_next_line_is_said(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "speech", "route", "--lang", "en", "--flows", str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for said, intent in ((b"no electricity\n", "outage"), (b"nope\n", "no")):
            process.stdin.write(said)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["intent"] == intent
        process.stdin.close()
        assert process.wait(30) == 0
