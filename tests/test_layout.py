"""The layout that everything relies on: `queue/` holds a package and must never become one."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


PACKAGES = {
    "ivr", "speech", "recording_store", "callqueue", "accounts", "console", "media", "processes", "commands",
    "migrations",
}  # fmt: skip
# Modules beside the packages, lowest first: each may import those before it, and what is named with it.
MODULES: list[tuple[str, set[str]]] = [
    ("config_source", set()),
    ("secret_key", set()),
    ("setting_sections", set()),
    ("settings", set()),
    ("logs", set()),
    ("metrics", set()),
    ("models", set()),
    ("driver_statement", set()),
    ("writer_queue", set()),
    ("database", set()),
    ("outbox", set()),
    ("app", {"accounts", "callqueue", "ivr", "speech", "console", "processes"}),
    ("doctor", {"migrations", "ivr", "speech", "processes"}),
    ("cli", {"ivr"}),
]


def imported(path: Path) -> set[str]:
    """Top-level names that the module at `path` imports, inside functions as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_modules_beside_the_packages_are_in_layers() -> None:
    names = [name for name, _ in MODULES]
    assert {path.stem for path in ROOT.glob("*.py")} == set(names)
    for place, (name, packages) in enumerate(MODULES):
        ours = imported(ROOT / f"{name}.py") & (PACKAGES | set(names))
        assert ours <= set(names[:place]) | packages, name


def test_pythons_own_queue_is_not_shadowed() -> None:
    assert not (ROOT / "queue" / "__init__.py").exists()
    assert not (ROOT / "tests" / "queue").exists()
    code = "import queue, callqueue; print(queue.__file__); queue.SimpleQueue"
    run = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not run.stdout.startswith(str(ROOT / "queue"))


def test_files_of_others_are_as_they_were_published() -> None:
    listed = [
        (folder.parent / name, digest)
        for folder in ROOT.glob("*/static/**/SHA256SUMS")
        for digest, name in (line.split(maxsplit=1) for line in folder.read_text().splitlines() if line.strip())
    ]
    changed = [str(path) for path, digest in listed if hashlib.sha256(path.read_bytes()).hexdigest() != digest]
    assert not changed


def test_the_starting_points_are_there_and_can_be_run() -> None:
    for name in ("run", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111, name
    for name in ("app.py", "models.py", "config.yaml", "README.md", "LICENSE"):
        assert (ROOT / name).is_file(), name
    for name in ("ivr", "callflows", "speech", "queue", "tests"):
        assert (ROOT / name).is_dir(), name
