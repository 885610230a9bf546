"""`hotline flow import-studio`, as somebody runs it who leaves Studio."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]
DEFINITIONS = Path(__file__).parent.parent / "ivr" / "studio_import" / "definitions"


def test_a_folder_is_written_that_loads_and_what_is_missing_is_listed(run: Run, tmp_path: Path) -> None:
    done = run("import-studio", str(DEFINITIONS / "everything.json"), "--out", "brought")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "brought" / "main.yaml").exists()
    assert "look_up (make-http-request): a request to another system; write a service and a 'do' node" in done.output
    assert "texts in other languages are marked [en]: write them." in done.output
    assert "Next: hotline flow check brought" in done.output
    assert run("check", "brought", "--severity", "error").exit_code in (0, 1)


def test_nothing_is_written_over_and_nothing_for_a_file_that_is_none(run: Run, tmp_path: Path) -> None:
    run("import-studio", str(DEFINITIONS / "greeting.json"), "--out", "brought")
    again = run("import-studio", str(DEFINITIONS / "menu.json"), "--out", "brought")
    assert again.exit_code == 1
    assert "there are flows in brought already" in again.output
    (tmp_path / "none.json").write_text("{}", encoding="utf-8")
    refused = run("import-studio", "none.json")
    assert refused.output == "Error: none.json: this is no Studio flow definition: it has no list of 'states'\n"
    assert not (tmp_path / "none").exists()
    assert "'fr' is no language of this hotline" in run("import-studio", "none.json", "--lang", "fr").output
