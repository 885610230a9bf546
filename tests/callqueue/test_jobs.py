"""Jobs run once each, whoever runs them, and come back when something goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

import outbox
from callqueue import jobs
from callqueue.context import JobContext
from callqueue.jobs import Ran, execute, run_due
from models import Job, JobStatus
from tests.callqueue.conftest import AtOnce
from tests.callqueue.desk import Desk


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., datetime | None]], None]:
    """Makes a function the handler of the job "try"."""
    return lambda handler: monkeypatch.setattr(jobs, "JOBS", {**jobs.JOBS, "try": handler})


def add(desk: Desk, key: str = "k", name: str = "try", **arguments: Any) -> int:
    with desk.database.transaction() as session:
        return outbox.add_job(session, name, key=key, now=desk.now, **arguments).id


def test_a_job_is_run_with_its_arguments_and_is_done(any_desk: Desk, handle: Any) -> None:
    seen: list[dict[str, Any]] = []
    handle(lambda context, **arguments: seen.append({"database": context.database, **arguments}))
    job_id = add(any_desk, recording_id="r7")
    assert execute(any_desk.context, job_id) is Ran.DONE
    assert seen == [{"database": any_desk.database, "recording_id": "r7"}]
    job = any_desk.row(Job, job_id)
    assert (job.status, job.ended_at, job.lease_until, job.attempts) == (JobStatus.DONE, any_desk.now, None, 1)
    assert execute(any_desk.context, job_id) is Ran.NOT_OURS


def test_many_workers_and_one_job(any_desk: Desk, handle: Any, at_once: AtOnce) -> None:
    ran: list[int] = []
    handle(lambda context: ran.append(1))
    job_id = add(any_desk)
    results = at_once([lambda: execute(any_desk.context, job_id) for _ in range(10)])
    assert ran == [1]
    assert sorted(results) == [Ran.DONE] + [Ran.NOT_OURS] * 9


def test_a_job_is_not_run_before_its_time(desk: Desk, handle: Any) -> None:
    handle(lambda context: None)
    with desk.database.transaction() as session:
        at = desk.now + timedelta(minutes=5)
        job_id = outbox.add_job(session, "try", key="k", now=desk.now, run_at=at).id
    assert execute(desk.context, job_id) is Ran.NOT_OURS
    desk.later(minutes=5)
    assert execute(desk.context, job_id) is Ran.DONE


def test_a_job_that_fails_is_tried_again_less_and_less_often_and_then_given_up(desk: Desk, handle: Any) -> None:
    def fail(context: JobContext) -> None:
        raise ConnectionError("no route")

    handle(fail)
    job_id = add(desk)
    waits = []
    while (result := execute(desk.context, job_id)) is Ran.FAILED:
        job = desk.row(Job, job_id)
        assert (job.status, job.lease_until) == (JobStatus.WAITING, None)
        assert job.last_error == "ConnectionError: no route"
        waits.append((job.run_at - desk.now).total_seconds())
        desk.now = job.run_at
    assert result is Ran.GIVEN_UP
    assert len(waits) == jobs.ATTEMPTS - 1
    assert waits == sorted(waits)
    assert waits[0] < 10
    job = desk.row(Job, job_id)
    assert (job.status, job.ended_at) == (JobStatus.FAILED, desk.now)


def test_a_job_that_got_well_again_forgets_its_error(desk: Desk, handle: Any) -> None:
    outcomes = [ConnectionError("no route"), None]

    def moody(context: JobContext) -> None:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    handle(moody)
    job_id = add(desk)
    execute(desk.context, job_id)
    desk.later(minutes=1)
    assert execute(desk.context, job_id) is Ran.DONE
    assert desk.row(Job, job_id).last_error == ""


def test_a_job_may_ask_to_be_run_again(desk: Desk, handle: Any) -> None:
    times: list[datetime] = []

    def thrice(context: JobContext) -> datetime | None:
        times.append(context.clock())
        return None if len(times) == 3 else context.clock() + timedelta(seconds=20)

    handle(thrice)
    job_id = add(desk)
    for _ in range(6):
        execute(desk.context, job_id)
        desk.later(seconds=10)
    assert [(at - times[0]).total_seconds() for at in times] == [0, 20, 40]
    assert desk.row(Job, job_id).status is JobStatus.DONE


def test_a_job_whose_process_died_is_taken_over_when_its_lease_is_out(any_desk: Desk, handle: Any) -> None:
    handle(lambda context: None)
    job_id = add(any_desk)
    with any_desk.database.transaction() as session:
        job = session.get_one(Job, job_id)
        job.status, job.attempts = JobStatus.RUNNING, 1
        job.lease_until = any_desk.now + timedelta(seconds=30)
    assert execute(any_desk.context, job_id) is Ran.NOT_OURS
    any_desk.later(seconds=31)
    assert execute(any_desk.context, job_id) is Ran.DONE
    assert any_desk.row(Job, job_id).attempts == 2


def test_who_lost_the_lease_has_no_say_any_more(desk: Desk, handle: Any) -> None:
    """The slow first worker comes back after the second has done the job."""
    job_id = add(desk)
    inner: list[Ran] = []

    def slow(context: JobContext) -> None:
        if not inner:
            desk.later(seconds=jobs.LEASE.total_seconds() + 1)
            inner.append(Ran.DONE)
            inner.append(execute(desk.context, job_id))
            raise ConnectionError("and fails, too late")

    handle(slow)
    execute(desk.context, job_id)
    assert inner == [Ran.DONE, Ran.DONE]
    job = desk.row(Job, job_id)
    assert (job.status, job.last_error) == (JobStatus.DONE, "")


def test_a_job_that_kills_its_process_every_time_is_given_up(desk: Desk, handle: Any) -> None:
    handle(lambda context: pytest.fail("must not be run again"))
    job_id = add(desk)
    with desk.database.transaction() as session:
        job = session.get_one(Job, job_id)
        job.status, job.attempts, job.lease_until = JobStatus.RUNNING, jobs.ATTEMPTS, desk.now - timedelta(seconds=1)
    assert execute(desk.context, job_id) is Ran.GIVEN_UP
    assert desk.row(Job, job_id).status is JobStatus.FAILED


def test_a_job_nobody_knows_is_given_up_and_says_so(desk: Desk) -> None:
    job_id = add(desk, name="make.coffee")
    assert execute(desk.context, job_id) is Ran.GIVEN_UP
    assert "make.coffee" in desk.row(Job, job_id).last_error


def test_a_job_that_is_not_there(desk: Desk) -> None:
    assert execute(desk.context, 4711) is Ran.NOT_OURS


def test_the_same_wish_twice_is_one_job(any_desk: Desk) -> None:
    assert add(any_desk, key="same") == add(any_desk, key="same")


def test_run_due_runs_what_a_job_leads_to(desk: Desk, handle: Any) -> None:
    seen: list[int] = []

    def chain(context: JobContext, number: int) -> None:
        seen.append(number)
        if number < 3:
            add(desk, key=f"k{number + 1}", number=number + 1)

    handle(chain)
    add(desk, key="k1", number=1)
    assert run_due(desk.context) == 3
    assert seen == [1, 2, 3]


def test_a_process_must_be_told_what_jobs_may_use(desk: Desk, monkeypatch: pytest.MonkeyPatch, handle: Any) -> None:
    monkeypatch.setattr(jobs, "_context", None)
    job_id = add(desk)
    with pytest.raises(RuntimeError, match="configure"):
        jobs.run(job_id)
    handle(lambda context: None)
    jobs.configure(desk.context)
    assert jobs.run(job_id) == "done"


def test_a_lease_outlives_what_rq_lets_a_job_take() -> None:
    from callqueue.attempts import DIALLING_FOR
    from callqueue.pushing import TIMEOUT_S

    assert timedelta(seconds=TIMEOUT_S) < jobs.LEASE
    assert jobs.LEASES["outbound.dial"] > DIALLING_FOR
