"""Recognisers in processes of their own: what goes wrong there costs an utterance."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from speech import recognizer_process
from speech.recognizer_pools import build_pools
from speech.recognizer_process import ProcessRecognizer, RecognizerProcesses
from speech.recognizers import RecognizerBroken, RecognizerChoice, RecognizerUnavailable

SOUND = bytes(1600)


@contextmanager
def processes(engine: str, model: str | None = None, request_s: float = 30.0) -> Iterator[RecognizerProcesses]:
    choice = RecognizerChoice(engine, None if model is None else Path(model))
    made = RecognizerProcesses("en", choice, request_s=request_s)
    try:
        yield made
    finally:
        made.close()


def hear(recognizer: ProcessRecognizer, phrase: str) -> tuple[str, int, int]:
    """What was heard, the process that heard it, and the one that loaded its model."""
    recognizer.start([phrase])
    recognizer.feed(SOUND)
    text, heard_by, loaded_by = recognizer.finish().text.split()
    return text, int(heard_by), int(loaded_by)


def children(process_id: int | None) -> list[int]:
    """Of a process, zombies as well."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == process_id:
                found.append(int(entry.name))
    return found


def descriptors(process_id: int | None) -> int:
    return len(list(Path(f"/proc/{process_id}/fd").iterdir()))


def until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def gone(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_one_loaded_model_serves_many(tricky: str) -> None:
    with processes(tricky) as house:
        first, second = house.recognizer(), house.recognizer()
        heard = [hear(first, "outage"), hear(second, "billing"), hear(first, "again")]
        assert [text for text, _, _ in heard] == ["outage", "billing", "again"]
        workers = {worker for _, worker, _ in heard}
        assert len(workers) == 2
        assert {loader for _, _, loader in heard} == {house.process_id}
        assert os.getpid() not in workers
        assert first.missing_words(["meter", "xyz"]) == ["xyz"]


def test_an_engine_that_cannot_be_forked_is_loaded_by_each(tricky: str) -> None:
    with processes(tricky, "/threads") as house:
        heard = [hear(house.recognizer(), "outage") for _ in range(2)]
        assert heard[0][1] != heard[1][1]
        assert all(worker == loader != house.process_id for _, worker, loader in heard)


@pytest.mark.parametrize(
    ("phrase", "says"),
    [("crash", "process ended"), ("hang", "did not answer within"), ("raise", "ValueError: the decoder broke")],
)
def test_whatever_goes_wrong_costs_one_utterance(tricky: str, phrase: str, says: str) -> None:
    # The time limit is short where a hang is awaited only: everything else may take a busy machine a while.
    with processes(tricky, request_s=0.45 if phrase == "hang" else 30.0) as house:
        recognizer = house.recognizer()
        recognizer.start([phrase])
        with pytest.raises(RecognizerBroken, match=says):
            recognizer.feed(SOUND)
        recognizer.close()
        until(lambda: children(house.process_id) == [])
        house._request_s = 30.0
        assert hear(house.recognizer(), "outage")[0] == "outage"


def test_nothing_is_left_of_those_that_broke(tricky: str) -> None:
    with processes(tricky) as house:
        before = descriptors(os.getpid())
        for phrase in ("crash", "raise") * 5:
            recognizer = house.recognizer()
            recognizer.start([phrase])
            with pytest.raises(RecognizerBroken):
                recognizer.feed(SOUND)
            recognizer.close()
        spent = [house.recognizer() for _ in range(5)]
        for recognizer in spent:
            recognizer.close()
        until(lambda: children(house.process_id) == [])  # no zombies either
        assert descriptors(os.getpid()) == before
        assert descriptors(house.process_id) <= 4


def test_a_parent_that_was_killed_is_started_again(tricky: str) -> None:
    with processes(tricky) as house:
        recognizer, loader = house.recognizer(), house.process_id
        assert loader is not None
        worker = hear(recognizer, "outage")[1]
        os.kill(loader, signal.SIGKILL)
        until(lambda: gone(worker))  # it goes with its parent
        with pytest.raises(RecognizerBroken):
            recognizer.start(["outage"])
        recognizer.close()
        assert hear(house.recognizer(), "outage")[2] == house.process_id != loader


def test_a_parent_that_goes_on_dying_is_not_started_at_every_utterance(tricky: str) -> None:
    with processes(tricky) as house:

        def killed() -> None:
            loader = house.process_id
            assert loader is not None
            os.kill(loader, signal.SIGKILL)
            until(lambda: gone(loader))

        killed()
        assert hear(house.recognizer(), "outage")[0] == "outage"
        killed()
        house._not_before = time.monotonic() + 50  # as it is after some more of them
        for _ in range(2):
            with pytest.raises(RecognizerUnavailable, match="started again in"):
                house.recognizer()
        house._not_before = time.monotonic()
        assert hear(house.recognizer(), "outage")[0] == "outage"


def test_a_parent_that_hangs_is_ended_and_started_again(tricky: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with processes(tricky) as house:
        loader = house.process_id
        assert loader is not None
        os.kill(loader, signal.SIGSTOP)
        with monkeypatch.context() as impatient:
            impatient.setattr(recognizer_process, "FORK_S", 0.3)
            with pytest.raises(RecognizerUnavailable, match=r"gave no recogniser within .* started again"):
                house.recognizer()
        until(lambda: gone(loader))
        assert hear(house.recognizer(), "outage")[2] == house.process_id != loader


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("/missing", "its model is missing: do get one"),
        ("/raises", r"'tricky' cannot be loaded for 'en' \(ValueError: no such model\)"),
        ("/aborts", "ended with status -6 while loading its model /aborts"),
    ],
)
def test_a_model_that_does_not_load_is_told(tricky: str, model: str, says: str) -> None:
    before = children(os.getpid())
    with pytest.raises(RecognizerUnavailable, match=says):
        build_pools({"en": RecognizerChoice(tricky, Path(model))})
    assert children(os.getpid()) == before


def test_a_pool_of_them_replaces_the_broken(tricky: str) -> None:
    pool = build_pools({"en": RecognizerChoice(tricky, size=2)})["en"]
    try:
        recognizer = pool.acquire(0)
        assert recognizer is not None
        recognizer.start(["crash"])
        with pytest.raises(RecognizerBroken):
            recognizer.feed(SOUND)
        assert pool.idle == 1
        pool.release(recognizer, broken=True)
        assert pool.idle == 2
    finally:
        pool.close()
    assert pool.acquire(0) is None


OWNER = """
import sys, time
from pathlib import Path
from speech.recognizer_process import RecognizerProcesses
from speech.recognizers import RecognizerChoice

house = RecognizerProcesses("en", RecognizerChoice("tricky"))
recognizer = house.recognizer()
recognizer.start(["hang" if sys.argv[1] == "busy" else "x"])
recognizer.finish()
print(house.process_id, *recognizer.finish().text.split()[1:2], flush=True)
recognizer.feed(bytes(100))
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_they_end_with_the_process_that_uses_them(tricky: str, state: str) -> None:
    """However it ends, and even in the middle of an utterance that hangs."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    owner = subprocess.Popen(
        [sys.executable, "-P", "-c", OWNER, state],
        env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with owner:
        assert owner.stdout is not None
        loader, worker = map(int, owner.stdout.readline().split())
        owner.kill()
    until(lambda: gone(loader) and gone(worker))


def test_the_embedded_recogniser_hears_as_well_from_over_there(caller: Callable[[str], bytes]) -> None:
    with processes("pocketsphinx") as house:
        recognizer = house.recognizer()
        recognizer.start(["report an outage", "billing"])
        assert recognizer.feed(caller("billing")) in ("", "billing")
        recognition = recognizer.finish()
        assert recognition.text == "billing"
        assert recognition.confidence > 0.45
        recognizer.start([])
        assert recognizer.finish().text == ""
        forked = [Path(f"/proc/{worker}/cmdline").read_bytes() for worker in children(house.process_id)]
        assert forked == [Path(f"/proc/{house.process_id}/cmdline").read_bytes()]  # it shares the parent's memory
