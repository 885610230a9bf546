"""The demo utility and the speech that the tests of calls by SIP share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.sip_calls.beside import Beside, scenario_of
from tests.media.sip_calls.house import Speech, copied, demo_home, speech


@pytest.fixture(scope="session")
def spoken_and_heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speech]:
    with speech(tmp_path_factory.mktemp("speech") / "home") as made:
        yield made


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory.mktemp("demo") / "home")


@pytest.fixture(scope="package", autouse=True)
def played(
    request: pytest.FixtureRequest, demo: Path, tmp_path_factory: pytest.TempPathFactory, spoken_and_heard: Speech
) -> Iterator[Beside]:
    """The scenarios of those tests that are to run; the longest is the last."""
    made = Beside(demo, tmp_path_factory.mktemp("beside"), spoken_and_heard)
    for item in reversed(request.session.items):
        scenario = scenario_of(getattr(item, "function", None))
        if scenario is not None:
            made.begin(scenario)
    yield made
    made.close()


@pytest.fixture
def home(demo: Path, tmp_path: Path) -> Path:
    return copied(demo, tmp_path / "home")
