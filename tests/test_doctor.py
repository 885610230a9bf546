"""What the doctor finds in an installation that is fine, and in ones that are not."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import hotline
from database import Database
from settings import Settings


def examine(home: Path, *arguments: str, exit_code: int, **environment: str) -> dict[str, dict[str, str]]:
    clean = {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": "", "HOTLINE_CONFIG": "", **environment}
    result = CliRunner(env=clean).invoke(hotline, ["--home", str(home), "doctor", "--json", *arguments])
    assert result.exit_code == exit_code, result.output
    return {finding["what"]: finding for finding in json.loads(result.output)}


@pytest.fixture
def home(settings: Settings, database: Database) -> Path:
    """Of an installation that works."""
    assert database.is_sqlite
    return settings.home


def test_a_working_installation(home: Path) -> None:
    found = examine(home, exit_code=0)
    states = {what: finding["state"] for what, finding in found.items()}
    for what in (
        "configuration",
        "home",
        "database",
        "migrations",
        "flows",
        "voice en",
        "voice zh-CN",
        "recognizer en",
    ):
        assert states[what] == "ok", found[what]
    assert "journal mode wal" in found["database"]["detail"]
    assert "its package: loaded and listening in" in found["recognizer en"]["detail"]
    assert states["recognizer zh-CN"] == "poor"
    assert "hotline speech models pull zh-CN" in found["recognizer zh-CN"]["mend"]
    assert states["twilio"] == "off"


def test_a_database_that_was_never_made(tmp_path: Path) -> None:
    found = examine(tmp_path / "new", exit_code=1)
    assert found["database"]["state"] == "broken"
    assert "hotline db migrate" in found["database"]["mend"]


def test_a_voice_that_does_not_exist(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("speech:\n  voices:\n    en: {voice: nobody}\n    zh-CN: {voice: sit/cmn}\n")
    found = examine(home, exit_code=1, HOTLINE_CONFIG=str(config))
    assert found["voice en"]["state"] == "broken"
    assert found["voice zh-CN"]["state"] == "ok"


def test_ears_without_a_model_are_told_with_the_command_that_gets_one(home: Path, tmp_path: Path) -> None:
    wanted = '{"en": {"engine": "pocketsphinx"}, "zh-CN": {"engine": "vosk"}}'
    found = examine(home, exit_code=0, HOTLINE_SPEECH__RECOGNIZERS=wanted)["recognizer zh-CN"]
    assert found["state"] == "poor"
    assert "callers use the keypad: no Vosk model is there for 'zh-CN'" in found["detail"]
    assert "hotline speech models pull zh-CN" in found["detail"]
    model = tmp_path / "models" / "zh-CN" / "vosk-model-small-cn-0.22" / "am"
    model.mkdir(parents=True)
    (model / "final.mdl").touch()
    where = {"HOTLINE_SPEECH__MODELS": str(tmp_path / "models"), "HOTLINE_SPEECH__RECOGNIZERS": wanted}
    found = examine(home, exit_code=0, **where)["recognizer zh-CN"]
    assert found["state"] == "poor", "there is a folder, and no model can be loaded from it"
    assert "callers use the keypad" in found["detail"]


def test_a_recogniser_that_is_not_installed_ends_the_examination(home: Path) -> None:
    found = examine(home, exit_code=1, HOTLINE_SPEECH__RECOGNIZERS__EN__ENGINE="whispering")
    assert "'whispering' is not installed; there are pocketsphinx, vosk, none" in found["configuration"]["detail"]


def test_broken_flows_are_named_with_their_place(home: Path, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "main.yaml").write_text("flow: main\nnodez: {}\n")
    found = examine(home, exit_code=1, HOTLINE_CALLFLOWS__FOLDER=str(flows))
    assert found["flows"]["state"] == "broken"
    assert "main.yaml" in found["flows"]["detail"]


def test_a_redis_that_is_gone_only_makes_it_poorer(home: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        found = examine(home, exit_code=0, HOTLINE_REDIS__URL=f"redis://127.0.0.1:{unused.getsockname()[1]}")
    assert found["redis"]["state"] == "poor"


def test_a_wrong_configuration_ends_the_examination(tmp_path: Path) -> None:
    found = examine(tmp_path, exit_code=1, HOTLINE_SERVER__PROT="1")
    assert "Did you mean port?" in found["configuration"]["detail"]
    assert "database" not in found


def test_twilio_is_only_asked_when_told_to(home: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        environment = {
            "TWILIO_ACCOUNT_SID": "AC1",
            "TWILIO_AUTH_TOKEN": "t",
            "HOTLINE_TWILIO__API_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}",
        }
        assert "twilio account" not in examine(home, exit_code=0, **environment)
        found = examine(home, "--online", exit_code=0, **environment)
    assert found["twilio account"]["state"] == "poor"
    assert found["public address"]["state"] == "poor"
