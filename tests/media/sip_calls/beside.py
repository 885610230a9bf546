"""Long scenarios with real telephones, who mostly wait and listen: they run beside the other tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

from tests.media.sip_calls.house import Speech, copied

AT_ONCE: Final = 2
WITHIN_S: Final = 115.0

Scenario = Callable[[Path, Path, Speech], Coroutine[Any, Any, None]]


class Beside:
    """Each scenario has a home of its own and a folder; it is begun long before its test asks how it went."""

    def __init__(self, demo: Path, folder: Path, speech: Speech) -> None:
        self._demo = demo
        self._folder = folder
        self._speech = speech
        self._threads = ThreadPoolExecutor(AT_ONCE)
        self._begun: dict[Scenario, Future[None]] = {}

    def begin(self, scenario: Scenario) -> None:
        self._begun[scenario] = self._threads.submit(self._play, scenario)

    def went_well(self, scenario: Scenario) -> None:
        """Waits for it; raises what it raised."""
        self._begun[scenario].result()

    def all_over(self) -> None:
        wait(self._begun.values())

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def _play(self, scenario: Scenario) -> None:
        folder = self._folder / scenario.__name__
        folder.mkdir()
        home = copied(self._demo, folder / "home")
        asyncio.run(asyncio.wait_for(scenario(home, folder, self._speech), WITHIN_S))


def beside(scenario: Scenario) -> Callable[[Beside], None]:
    """The test of `scenario`, to be named `test_...`."""

    def test(played: Beside) -> None:
        played.went_well(scenario)

    test.scenario = scenario  # type: ignore[attr-defined]
    return test


def scenario_of(test: object) -> Scenario | None:
    return getattr(test, "scenario", None)
