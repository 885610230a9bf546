"""Turns measured by one process are read in another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import metrics
from settings import ROOT


def python(code: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), metrics.DIRECTORY_VARIABLE: str(folder)}
    done = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


READ = "import metrics, prometheus_client as p; print(p.generate_latest(metrics.registry()).decode())"


def test_turns_of_several_processes_are_added_up(tmp_path: Path) -> None:
    metrics.prepare(tmp_path / "m")
    for _ in range(2):
        python("import metrics; metrics.observe_turn('twilio', 0.003, 'answered')", tmp_path / "m")
    text = python(READ, tmp_path / "m")
    assert 'hotline_turns_total{channel="twilio",outcome="answered"} 2.0' in text
    assert 'hotline_turn_seconds_bucket{channel="twilio",le="0.005"} 2.0' in text
    assert 'hotline_turn_seconds_bucket{channel="twilio",le="0.002"} 0.0' in text


def test_a_new_start_counts_from_nothing(tmp_path: Path) -> None:
    metrics.prepare(tmp_path / "m")
    python("import metrics; metrics.observe_turn('twilio', 0.003, 'answered')", tmp_path / "m")
    metrics.prepare(tmp_path / "m")
    assert "hotline_turns_total{" not in python(READ, tmp_path / "m")
