"""`hotline flow check`, as an author and a build server run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

SHARED = """\
prompts:
  apology: {en: Sorry., zh-CN: 抱歉。}
  goodbye: {en: Goodbye., zh-CN: 再见。}
globals:
  danger: {key: "7", phrases: {en: [danger], zh-CN: [危险]}, flow: people, with: {danger: "true"}, first: true}
  agent: {key: "0", phrases: {en: [agent], zh-CN: [人工]}, flow: people}
defaults:
  no_input: {say: apology, limit: 3, flow: people}
  no_match: {say: apology, limit: 3, flow: people}
  fault_flow: people
"""
PEOPLE = """\
flow: people
takes:
  danger: {type: yes_no, default: false}
nodes:
  which: {when: [{if: danger, next: sorry}, {else: bye}]}
  sorry: {hangup: apology}
  bye: {hangup: goodbye}
"""
NOTICE = "flow: {name}\nnodes:\n  bye: {{hangup: goodbye}}\n"
MAIN = """\
flow: main
prompts:
  menu: {en: "For bills, press 1.", zh-CN: 电费请按1。}
nodes:
  menu:
    menu: menu
    options:
      bills: {key: "1", phrases: {en: [bills], zh-CN: [电费]}, next: bye}
  bye: {hangup: goodbye}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Flows in order, for every call the hotline begins."""
    flows = tmp_path / "checked"
    flows.mkdir()
    for name in ("closure_notice", "restoration_notice", "planned_notice"):
        (flows / f"{name}.yaml").write_text(NOTICE.format(name=name), encoding="utf-8")
    for name, text in (("shared", SHARED), ("people", PEOPLE), ("main", MAIN)):
        (flows / f"{name}.yaml").write_text(text, encoding="utf-8")
    return flows


def write(folder: Path, text: str) -> None:
    (folder / "main.yaml").write_text(text, encoding="utf-8")


def test_flows_in_order_are_said_to_be(run: Run, folder: Path) -> None:
    result = run("check", str(folder))
    assert result.exit_code == 0, result.output
    assert "5 flows" in result.output
    assert result.output.rstrip().endswith("nothing.")


def test_an_error_is_shown_with_its_place_the_way_there_and_what_mends_it(run: Run, folder: Path) -> None:
    write(folder, MAIN.replace("{hangup: goodbye}", "{say: goodbye, next: bye}"))
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert result.output.startswith("main.yaml\n       9:3  error ")
    assert "[loop-without-wait]" in result.output
    assert "way there: main.menu [1] > main.bye > main.bye" in result.output
    assert "to mend:   " in result.output


def test_warnings_fail_a_build_only_when_it_is_strict(run: Run, folder: Path) -> None:
    write(folder, MAIN + "  news: {say: apology, next: bye}\n")
    assert run("check", str(folder)).exit_code == 0
    assert run("check", str(folder), "--strict").exit_code == 1


def test_hints_are_counted_and_shown_when_asked_for(run: Run, folder: Path) -> None:
    write(folder, MAIN.replace("prompts:", "vars:\n  old: text\nprompts:"))
    assert "not shown: 1 hint" in run("check", str(folder)).output
    assert "[unused-variable]" in run("check", str(folder), "--severity", "hint").output


def test_a_build_server_reads_json(run: Run, folder: Path) -> None:
    write(folder, MAIN.replace("{hangup: goodbye}", "{say: goodbye, next: bye}"))
    result = run("check", str(folder), "--json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert told["counts"] == {"error": 1, "warning": 0, "hint": 0}
    (finding,) = told["findings"]
    assert (finding["code"], finding["file"], finding["line"], finding["column"]) == (
        "loop-without-wait",
        "main.yaml",
        9,
        3,
    )
    assert finding["keys"] == ["1"]
    assert finding["path"] == ["main.menu [1]", "main.bye", "main.bye"]


def test_flows_that_cannot_be_loaded_are_told_in_the_same_form(run: Run, folder: Path) -> None:
    write(folder, MAIN.replace("next: bye}", "next: bey}"))
    result = run("check", str(folder), "--json")
    assert result.exit_code == 1
    assert [finding["code"] for finding in json.loads(result.output)["findings"]] == ["unknown-node"]


def test_recordings_beside_the_flows_are_looked_at(run: Run, folder: Path) -> None:
    for language in ("en", "zh-CN"):
        (folder / "prompts" / language).mkdir(parents=True)
        (folder / "prompts" / language / "mneu.wav").write_bytes(b"")
    output = run("check", str(folder)).output
    assert "prompts/en/mneu.wav" in output
    assert "[recording-unknown]" in output


def test_words_that_nobody_hears_are_told_with_the_nearest(run: Run, folder: Path) -> None:
    path = folder / "main.yaml"
    path.write_text(path.read_text().replace("en: [bills]", "en: [bills, outtage]"), encoding="utf-8")
    told = run("check", str(folder))
    assert "'outtage' of 'bills' cannot be heard: pocketsphinx has no word 'outtage' (it has 'outage')." in told.output
    assert "[word-unheard]" not in run("check", str(folder), "--no-ears").output


def test_a_folder_without_flows_cannot_be_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("check", str(tmp_path / "empty")).exit_code == 2


def test_a_code_is_explained(run: Run) -> None:
    assert "To mend it:" in run("check", "--explain", "no-end").output
    assert "phrases-sound-alike" in run("check", "--explain", "all").output
    unknown = run("check", "--explain", "no-edn")
    assert unknown.exit_code == 2
    assert "Did you mean 'no-end'?" in unknown.output
