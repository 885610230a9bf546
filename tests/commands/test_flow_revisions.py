"""What an author and an operator read in the terminal when they publish, compare and roll back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import hotline


class Terminal:
    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str, exit_code: int = 0) -> str:
        result: Result = CliRunner().invoke(hotline, ["--home", str(self.home), *arguments])
        assert result.exit_code == exit_code, result.output
        return result.output


@pytest.fixture
def terminal(tmp_path: Path, flows: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("HOTLINE_CALLFLOWS__FOLDER", str(flows))
    monkeypatch.setattr("getpass.getuser", lambda: "mei")
    made = Terminal(tmp_path / "home")
    made("db", "migrate")
    return made


def change(flows: Path, word: str) -> None:
    path = flows / "main.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("You owe nothing", word).replace("You owe nil", word), encoding="utf-8")


def test_draft_check_publish_and_roll_back(terminal: Terminal, flows: Path) -> None:
    assert "published: number 1" in terminal("flow", "publish", "--note", "as it was")
    assert "already" in terminal("flow", "publish", exit_code=1)
    change(flows, "You owe nil")
    shown = terminal("flow", "diff", exit_code=1)
    assert "-  nothing: {en: You owe nothing., zh-CN: 您没有欠费。}" in shown
    assert "+  nothing: {en: You owe nil., zh-CN: 您没有欠费。}" in shown
    assert terminal("flow", "draft", "--note", "nil").strip() == "draft 1"
    assert "draft 1" in terminal("flow", "revisions")
    assert "nil" in terminal("flow", "diff", "current", "draft:1", exit_code=1)
    assert "published: number 2" in terminal("flow", "publish", "1")
    assert "is published" in terminal("flow", "publish", "1", exit_code=1)
    assert "no difference" in terminal("flow", "diff")
    assert "rolled back: number 3" in terminal("flow", "rollback", "--note", "nil is odd")
    lines = terminal("flow", "revisions").splitlines()
    found = [re.fullmatch(r"([* ]) +(\d+)  [0-9a-f]{12}  \S+ \S+  (\w+) +mei(?:  (.+))?", line) for line in lines]
    assert [one.groups() for one in found if one] == [
        ("*", "3", "rollback", "nil is odd"), (" ", "2", "draft", "nil"), (" ", "1", "folder", "as it was"),
    ]  # fmt: skip
    assert "nothing earlier" in terminal("flow", "rollback", exit_code=1)
    assert "number 4" in terminal("flow", "rollback", "2")


def test_flows_with_faults_become_a_draft_but_are_not_published(terminal: Terminal, flows: Path) -> None:
    terminal("flow", "publish")
    (flows / "main.yaml").write_text("flow: main\nnodes: {a: {say: nothing}}\n", encoding="utf-8")
    assert "main.yaml:2:18" in terminal("flow", "publish", exit_code=2)
    assert "main.yaml:2:18" in terminal("flow", "draft")
    assert "main.yaml:2:18" in terminal("flow", "publish", "1", exit_code=2)
    assert terminal("flow", "revisions").startswith("*    1")


def test_another_folder_can_be_published_and_a_restart_does_not_take_it_back(
    terminal: Terminal, flows: Path, tmp_path: Path
) -> None:
    from app import build
    from settings import Place

    terminal("flow", "publish")
    other = tmp_path / "other"
    other.mkdir()
    for path in flows.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    change(other, "You owe nil")
    assert "number 2" in terminal("flow", "publish", str(other), "--note", "from elsewhere")
    built = build(Place(None, terminal.home).settings())
    assert built.flows.current.revision[:12] in terminal("flow", "revisions").splitlines()[0]
    built.database.dispose()
    assert "elsewhere" in terminal("flow", "revisions").splitlines()[0]


def test_what_is_not_there_is_said_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    assert "there is no publication '7'" in terminal("flow", "diff", "7", exit_code=1)
    assert "there is no draft 7" in terminal("flow", "publish", "7", exit_code=1)
    assert "nothing is published yet" in terminal("flow", "diff", exit_code=1)
    assert "no flows" in terminal("flow", "publish", str(tmp_path / "nowhere"), exit_code=1)
    assert "db migrate" in Terminal(tmp_path / "new")("flow", "revisions", exit_code=1)


# ------------------------------------------------------------------------------------------ storm


def test_storm_mode_is_switched_by_one_command_and_written_down(terminal: Terminal) -> None:
    assert "storm mode is off" in terminal("storm", "status")
    assert "--reason" in terminal("storm", "on", exit_code=2)
    assert "with a reason" in terminal("storm", "on", "--reason", " ", exit_code=1)
    assert "storm mode is on" in terminal("storm", "on", "--reason", "typhoon")
    assert "already" in terminal("storm", "on", "--reason", "typhoon")
    assert "mei  typhoon" in terminal("storm", "status")
    assert "storm mode is off" in terminal("storm", "off")
    history = terminal("storm", "history").splitlines()
    assert [line.split()[0] for line in history] == ["off", "on"]


# ------------------------------------------------------------------------------------------ calendars


def test_the_coming_days_of_a_calendar_are_shown(terminal: Terminal, flows: Path) -> None:
    assert "no calendars.yaml" in terminal("calendar", exit_code=1)
    path = flows / "calendars.yaml"
    path.write_text('calendars: {service: {hours: {mon-fri: "08:30-17:30"}, holidays: CN}}', encoding="utf-8")
    assert terminal("calendar") == "service  CN\n"
    days = terminal("calendar", "service", "2026-02-13", "--days", "12").splitlines()
    assert days[0] == "Fri 2026-02-13  08:30-17:30"
    assert days[1].split() == ["Sat", "2026-02-14", "08:30-17:30", "make-up", "workday"]
    assert days[2].split() == ["Sun", "2026-02-15", "closed", "农历除夕"]
    assert days[7].split() == ["Fri", "2026-02-20", "closed", "春节"]
    assert days[11] == "Tue 2026-02-24  08:30-17:30"
    assert "not all known" in terminal("calendar", "service", "2090-01-01")
    assert "Did you mean 'service'?" in terminal("calendar", "servce", exit_code=1)
    assert "no date" in terminal("calendar", "service", "2026-02-30", exit_code=1)
    path.write_text("calendars: {service: {hours: {mon: no}}}", encoding="utf-8")
    assert "calendars.yaml:1:" in terminal("calendar", "service", exit_code=2)
