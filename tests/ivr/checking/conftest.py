"""The corpus of broken flows. `pytest tests/ivr/checking --update-findings` writes golden files and docs anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.checking.check import Checked, check
from ivr.services import Outcome, Service, ValueType

CORPUS = Path(__file__).parent / "corpus"
LANGUAGES = ("en", "zh-CN")
UTILITY = {"en": "Riverbend County Power", "zh-CN": "河湾县供电公司"}
ENTRIES = {"main": "answers inbound calls"}
LOOK = Service(
    "test.look",
    lambda context, inputs: Outcome("found", {}),
    frozenset({"found", "none"}),
    {"number": ValueType.PHONE, "urgent": ValueType.YES_NO},
    {"amount": ValueType.MONEY, "name": ValueType.TEXT, "due_on": ValueType.DATE},
    optional=frozenset({"urgent"}),
)
SERVICES = {LOOK.name: LOOK}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-findings", action="store_true", help="Write the golden files of flow check anew.")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-findings", default=False))


def base() -> dict[str, str]:
    """A small set of flows in order: what a case does not write itself."""
    return {path.name: path.read_text(encoding="utf-8") for path in (CORPUS / "base").glob("*.yaml")}


def files_of(case: str) -> dict[str, str]:
    own = {path.name: path.read_text(encoding="utf-8") for path in (CORPUS / case).glob("*.yaml")}
    return base() | own


def checked(files: dict[str, str], recordings: set[tuple[str, str]] | None = None) -> Checked:
    return check(files, SERVICES, LANGUAGES, UTILITY, ENTRIES, recordings or set())
