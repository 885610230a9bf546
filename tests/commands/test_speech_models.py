"""`hotline speech models`: what an operator types and reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import hotline
from tests.speech.model_site import NAME, Site, archive, site


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with site() as served:
        served.holds(archive())
        monkeypatch.setenv("HOTLINE_SPEECH__MODELS_URL", served.address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield served


def models(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(hotline, ["--home", str(home), "speech", "models", *arguments])


def test_a_model_is_pulled_listed_and_removed(mirror: Site, tmp_path: Path) -> None:
    pulled = models(tmp_path, "pull", "ko")
    assert pulled.exit_code == 0, pulled.output
    assert "Its SHA256 is what http" in pulled.output
    assert f"It is in {tmp_path / 'models' / 'ko' / NAME}." in pulled.output
    assert "ko is heard by: none. A model is used with speech.recognizers.ko.engine: vosk" in pulled.output
    listed = models(tmp_path, "list")
    assert next(line for line in listed.output.splitlines() if NAME in line).split()[-1] == "here"
    assert models(tmp_path, "remove", "ko").output == f"Removed {NAME}.\n"
    again = models(tmp_path, "remove", "ko")
    assert again.exit_code == 1
    assert "no model was pulled for 'ko'" in again.output


def test_what_goes_wrong_is_a_sentence(mirror: Site, tmp_path: Path) -> None:
    del mirror.files[f"/models/{NAME}.zip.sha256"]
    refused = models(tmp_path, "pull", "ko")
    assert refused.exit_code == 1
    assert "--unverified" in refused.output
    taken = models(tmp_path, "pull", "ko", "--unverified")
    assert taken.exit_code == 0
    assert "not compared" in taken.output
    assert models(tmp_path, "pull", "xx").exit_code == 1


def test_where_vosk_hears_it_says_what_it_hears_with(
    mirror: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_SPEECH__RECOGNIZERS", '{"zh-CN": {"engine": "vosk"}}')
    mirror.holds(archive("vosk-model-small-cn-0.22"), "vosk-model-small-cn-0.22")
    before = models(tmp_path, "list").output
    assert "zh-CN is not heard until a model is there: `hotline speech models pull zh-CN`" in before
    after = models(tmp_path, "pull", "zh-CN").output
    assert "zh-CN is heard by: vosk, vosk-model-small-cn-0.22, from the next start" in after
