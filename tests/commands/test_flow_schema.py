"""`hotline flow schema`, as an author sets up an editor with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_a_schema_is_printed_with_the_services_of_the_house(run: Run) -> None:
    found = json.loads(run("schema").output)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "tickets.open" in found["$defs"]["do"]["properties"]["do"]["enum"]
    assert "calendars" in json.loads(run("schema", "--kind", "calendars").output)["properties"]


def test_all_schemas_are_written_with_what_an_editor_wants_to_know(run: Run, tmp_path: Path) -> None:
    done = run("schema", "--out", "schemas")
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "schemas").iterdir()}
    assert names == {f"{kind}.schema.json" for kind in ("flow", "shared", "intents", "calendars", "tests")}
    assert "# yaml-language-server: $schema=schemas/flow.schema.json" in done.output
    assert '"!callflows/shared.yaml"' in done.output
