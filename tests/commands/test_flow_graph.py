"""`hotline flow graph`: pictures and text of flows, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from cli import hotline
from database import Database
from models import Direction, FlowEdgeCount, FlowNodeCount, FlowRevision
from settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings) -> Run:
    """Runs the command on the packaged flows."""
    return lambda *arguments: CliRunner().invoke(hotline, ["--home", str(settings.home), "flow", "graph", *arguments])


def test_mermaid_is_what_it_writes_when_nothing_is_said(run: Run) -> None:
    result = run("main")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("flowchart TD\n")
    assert "-->" in result.output


def test_a_file_s_name_says_its_format(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "main.svg"
    result = run("main", "--out", str(out), "--lang", "zh-CN")
    assert result.exit_code == 0, result.output
    assert "nodes" in result.output
    assert out.read_text(encoding="utf-8").startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert run("--out", str(tmp_path / "missing" / "x.svg")).exit_code == 1


def test_all_flows_are_drawn_when_none_is_named(run: Run) -> None:
    data = json.loads(run("--format", "json").output)
    assert data["flow"] is None
    assert {node["flow"] for node in data["nodes"]} == set(data["starts"])


def test_counts_of_calls_that_are_over_stand_on_nodes_and_ways(
    run: Run, database: Database, settings: Settings
) -> None:
    graph = json.loads(run("main", "--format", "json").output)
    edge = graph["edges"][0]
    node = edge["source"].partition("/")[2]
    today = datetime.now(UTC).astimezone(ZoneInfo(settings.utility.time_zone)).date()
    with database.transaction() as session:
        session.add(FlowRevision(id="r1", files={}, published_at=datetime.now(UTC)))
        session.flush()
        for day, count in ((today, 3), (today - timedelta(days=5), 4), (today - timedelta(days=30), 100)):
            key = {"flow": "main", "day": day, "revision_id": "r1", "node": node, "language": "en",
                   "direction": Direction.INBOUND, "last_call_id": "1"}  # fmt: skip
            session.add(FlowNodeCount(**key, entries=count))
            session.add(FlowEdgeCount(**key, outcome=edge["outcome"], count=count))
    for days, expected in (("1d", 3), ("7d", 7), ("60", 107)):
        data = json.loads(run("main", "--format", "json", "--counts", days).output)
        assert data["edges"][0]["count"] == expected
        assert next(one for one in data["nodes"] if one["name"] == node)["counts"]["entries"] == expected
    assert ">7<" in run("main", "--format", "svg", "--counts", "7d").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["maim"], "Did you mean 'main'?"),
        (["--counts", "soon"], "Write it as 7d"),
        (["--counts", "0d"], "Write it as 7d"),
        (["--lang", "fr"], "'fr' is no language of this hotline"),
        (["--format", "png"], "png"),
    ],
)
def test_what_is_asked_wrongly_is_explained(run: Run, arguments: list[str], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert told in result.output
