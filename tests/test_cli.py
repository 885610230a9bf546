"""The `hotline` command: quick to say what there is, and short about mistakes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from click.testing import CliRunner

import cli
from cli import COMMANDS, hotline
from database import Database
from models import Role, User
from settings import ROOT, Settings


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "HOTLINE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return CliRunner(env={"HOTLINE_HOME": str(tmp_path / "home")})


def test_help_names_every_command_without_loading_any(runner: CliRunner) -> None:
    code = (
        "import sys, cli\n"
        "try: cli.hotline.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'flask', 'pydantic', 'rich', 'twilio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded_and_explains_itself(runner: CliRunner, name: str) -> None:
    result = runner.invoke(hotline, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage: " in result.output


def test_a_misspelt_command_is_answered_with_the_right_one(runner: CliRunner) -> None:
    result = runner.invoke(hotline, ["strat"])
    assert result.exit_code == 2
    assert "Did you mean start?" in result.output


def test_a_part_that_is_not_there_does_not_break_the_rest(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "gone", cli.Lazy("no.such.module:command", "Not there."))
    result = runner.invoke(hotline, ["gone"])
    assert result.exit_code == 1
    assert "`hotline gone` cannot be loaded" in result.output
    assert runner.invoke(hotline, ["config", "check"]).exit_code == 0


def test_a_wrong_configuration_is_explained_without_a_traceback(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text("servr: {}\nserver: {port: 0}\n")
    result = runner.invoke(hotline, ["--config", str(tmp_path / "my.yaml"), "config", "check"])
    assert result.exit_code == 2
    assert "my.yaml:1:1: servr: no such setting. Did you mean server?" in result.output
    assert "my.yaml:2:16: server.port" in result.output
    assert "Traceback" not in result.output


def test_the_settings_in_force_are_shown_without_secrets(runner: CliRunner) -> None:
    result = runner.invoke(
        hotline, ["config", "show"], env={"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "very-secret"}
    )
    assert result.exit_code == 0
    assert "auth_token: '********'" in result.output
    assert "very-secret" not in result.output
    assert "河湾县供电公司" in result.output


def test_a_user_is_added_and_given_a_new_password(runner: CliRunner, settings: Settings, database: Database) -> None:
    add = ["user", "add", "ana", "--name", "Ana", "--role", "supervisor", "--password", "long enough 1"]
    assert runner.invoke(hotline, add).exit_code == 0
    again = runner.invoke(hotline, add)
    assert again.exit_code == 1
    assert "there is a user ana already" in again.output
    short = runner.invoke(hotline, ["user", "password", "ana", "--password", "short"])
    assert short.exit_code == 1
    with database.reading() as session:
        before = session.scalars(sa.select(User)).one()
    assert runner.invoke(hotline, ["user", "password", "ana", "--password", "another one 2"]).exit_code == 0
    with database.reading() as session:
        after = session.scalars(sa.select(User)).one()
    assert after.role is Role.SUPERVISOR
    assert PasswordHasher().verify(after.password_hash, "another one 2")
    assert after.session_salt != before.session_salt
    assert "ana" in runner.invoke(hotline, ["user", "list"]).output


def test_migrating_says_whether_there_was_something_to_do(runner: CliRunner) -> None:
    first = runner.invoke(hotline, ["db", "migrate"])
    assert first.output.startswith("Brought up to date: revision ")
    second = runner.invoke(hotline, ["db", "migrate"])
    assert second.output.startswith("It was up to date: revision ")


def test_the_telephone_on_a_desk_is_set_and_taken_away(
    runner: CliRunner, settings: Settings, database: Database
) -> None:
    runner.invoke(hotline, ["user", "add", "ana", "--name", "Ana", "--password", "long enough 1"])
    assert runner.invoke(hotline, ["user", "telephone", "ana", "sip:200@pbx.example.org:5070"]).exit_code == 0
    assert "sip:200@pbx.example.org:5070" in runner.invoke(hotline, ["user", "list"]).output
    assert "is no telephone" in runner.invoke(hotline, ["user", "telephone", "ana", "ring me"]).output
    assert "there is no user bob" in runner.invoke(hotline, ["user", "telephone", "bob", "200"]).output
    assert "give an address, or --none" in runner.invoke(hotline, ["user", "telephone", "ana"]).output
    assert runner.invoke(hotline, ["user", "telephone", "ana", "--none"]).exit_code == 0
    assert "pbx" not in runner.invoke(hotline, ["user", "list"]).output
