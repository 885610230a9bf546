"""A call that is over is counted once: whoever counts it, however often, and whatever Redis has forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

import app
from callqueue.call_counts import count
from callqueue.context import JobContext
from callqueue.jobs import run_due
from callqueue.sweep import run_sweep
from database import Database
from ivr import events, flow_counts, outputs
from ivr.analytics import count_call
from ivr.calls import NewCall
from ivr.figures import fitted
from ivr.flow_counts import Span, callers_here, example_calls, figures_of, unheard_at
from ivr.graph import graph_of
from models import (
    Call,
    CallStatus,
    CallTurn,
    Channel,
    Direction,
    FlowEdgeCount,
    FlowNodeCount,
    FlowUnheard,
    Job,
    JobStatus,
)
from settings import Settings
from tests.callqueue.conftest import AtOnce
from tests.callqueue.desk import NOON, Desk

SPAN = Span(date(2026, 11, 23), date(2026, 11, 23), ("main",))


def over(desk: Desk, *, at: datetime | None = None, said: str = "what is this", **values: Any) -> str:
    """A call to the menu of `main` that said something odd and then hung up; its id."""
    at = at or desk.now
    call_id = desk.call(status=CallStatus.COMPLETED, answered_at=at, ended_at=at + timedelta(seconds=9), **values)
    turns: list[tuple[events.Event, list[outputs.Output]]] = [
        (events.CallStarted("+861", "95598", "inbound", "en"), [outputs.NodeEntered("main", "menu", "menu")]),
        (events.Speech(said, 0.8), [outputs.Heard("menu", "speech", "no_match", said, 0.8)]),
        (events.HungUp(), [outputs.Hangup("caller")]),
    ]
    with desk.database.transaction() as session:
        for number, (event, made) in enumerate(turns):
            session.add(
                CallTurn(
                    call_id=call_id, number=number, event=events.to_json(event), at=at + timedelta(seconds=3 * number),
                    outputs=[outputs.to_json(one) for one in made], took_us=0,
                )
            )  # fmt: skip
    return call_id


def figures(database: Database, span: Span = SPAN) -> dict[str, tuple[int, int, int, int]]:
    with database.reading() as session:
        return {
            node: (one.entries, one.no_matches, one.hang_ups, one.time_ms)
            for node, one in figures_of(session, span).nodes.items()
        }


def test_a_call_that_ended_stands_in_the_figures(any_desk: Desk) -> None:
    count(any_desk.context, over(any_desk))
    assert figures(any_desk.database) == {"main/menu": (1, 1, 1, 6000)}
    with any_desk.database.reading() as session:
        found = figures_of(session, SPAN)
        assert found.edges == {"main/menu/hung_up": 1}
        assert found.nodes["main/menu"].confidence == pytest.approx(0.8)


def test_counted_twice_it_counts_once(any_desk: Desk, at_once: AtOnce) -> None:
    call_id = over(any_desk)
    results = at_once([lambda: count(any_desk.context, call_id) for _ in range(6)])
    assert results == [None] * 6
    count(any_desk.context, call_id)
    assert figures(any_desk.database) == {"main/menu": (1, 1, 1, 6000)}


def test_many_calls_counted_at_once_all_count(any_desk: Desk, at_once: AtOnce) -> None:
    ids = [over(any_desk, said=f"odd {'abcdefgh'[number]}") for number in range(8)]
    results = at_once([lambda call_id=call_id: count(any_desk.context, call_id) for call_id in ids])  # type: ignore[misc]
    assert results == [None] * 8
    assert figures(any_desk.database)["main/menu"][:3] == (8, 8, 8)


def test_a_call_in_progress_is_not_counted_and_not_marked(any_desk: Desk) -> None:
    call_id = any_desk.call()
    count(any_desk.context, call_id)
    assert figures(any_desk.database) == {}
    assert any_desk.row(Call, call_id).counted_at is None
    count(any_desk.context, "gone")


def test_when_counting_fails_nothing_is_marked(any_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id = over(any_desk)

    def fail(*_: object) -> None:
        raise ConnectionError("away")

    with monkeypatch.context() as broken:
        broken.setattr(flow_counts, "add", fail)
        with pytest.raises(ConnectionError):
            count(any_desk.context, call_id)
    assert any_desk.row(Call, call_id).counted_at is None
    count(any_desk.context, call_id)
    assert figures(any_desk.database)["main/menu"][0] == 1


def test_the_job_is_found_again_by_its_row_alone(any_desk: Desk) -> None:
    call_id = over(any_desk)
    with any_desk.database.transaction() as session:
        session.add(Job(name="calls.count", key=f"calls.count/{call_id}", arguments={"call_id": call_id},
                        run_at=any_desk.now, created_at=any_desk.now))  # fmt: skip
    run_sweep(any_desk.context, runner_ended=lambda *_: False)
    assert run_due(any_desk.context) == 1
    with any_desk.database.reading() as session:
        assert session.scalar(sa.select(Job.status)) is JobStatus.DONE
    assert figures(any_desk.database)["main/menu"][0] == 1


def test_the_day_is_that_of_the_utility_when_the_call_began(any_desk: Desk) -> None:
    count(any_desk.context, over(any_desk, at=datetime(2026, 11, 23, 16, 30, tzinfo=UTC)))  # half past midnight there
    assert figures(any_desk.database) == {}
    tomorrow = Span(date(2026, 11, 24), date(2026, 11, 24), ("main",))
    assert figures(any_desk.database, tomorrow)["main/menu"][0] == 1


def test_what_fitted_nothing_is_listed_the_most_frequent_first_and_only_so_many(any_desk: Desk) -> None:
    for said in ["lamp", "cat", "lamp"]:
        count(any_desk.context, over(any_desk, said=said))
    newest = over(any_desk, said="lamp")
    count(any_desk.context, newest)
    with any_desk.database.reading() as session:
        found = unheard_at(session, SPAN, "main", "menu")
        assert [(one.text, one.count) for one in found] == [("lamp", 3), ("cat", 1)]
        assert found[0].call_id == newest
        assert example_calls(session, SPAN, "main", "menu") == [newest]
    words = [f"{a}{b}" for a in "abcdefgh" for b in "abcdefgh"]
    for said in words:
        count(any_desk.context, over(any_desk, said=f"word {said}"))
    with any_desk.database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(FlowUnheard)) == flow_counts.UNHEARD_KEPT


def test_callers_who_are_at_a_node_now(any_desk: Desk) -> None:
    at_menu = {"frames": [{"flow": "main", "node": "report"}, {"flow": "main", "node": "menu", "vars": {}}]}
    for _ in range(3):
        any_desk.call(state=at_menu)
    any_desk.call(state={"frames": [{"flow": "elsewhere", "node": "menu"}]})
    any_desk.call(status=CallStatus.COMPLETED)
    with any_desk.database.reading() as session:
        assert callers_here(session, SPAN) == {"main/menu": 3}
        other = Span(SPAN.first, SPAN.last, SPAN.flows, revision="another")
        assert callers_here(session, other) == {}


def test_nothing_is_read_but_by_index(desk: Desk) -> None:
    call_id = over(desk)
    statements: list[tuple[str, Any]] = []
    engine = desk.database.engine

    def remember(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    sa.event.listen(engine, "before_cursor_execute", remember)
    count(desk.context, call_id)
    with desk.database.reading() as session:
        figures_of(session, SPAN, here=True)
        unheard_at(session, SPAN, "main", "menu")
        example_calls(session, SPAN, "main", "menu")
    sa.event.remove(engine, "before_cursor_execute", remember)
    with engine.connect() as connection:
        for statement, parameters in statements:
            if not statement.startswith(("SELECT", "UPDATE", "INSERT")):
                continue
            steps = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert not any(step.startswith("SCAN") for step in steps), (statement, steps)


def test_counting_is_the_same_however_the_turns_are_read(desk: Desk) -> None:
    call_id = over(desk)
    with desk.database.reading() as session:
        turns = session.scalars(sa.select(CallTurn).where(CallTurn.call_id == call_id)).all()
        forwards = count_call(turns, NOON + timedelta(seconds=9))
        assert forwards == count_call(reversed(turns), NOON + timedelta(seconds=9))


def test_figures_of_one_revision_or_of_all(desk: Desk) -> None:
    count(desk.context, over(desk))
    one = Span(SPAN.first, SPAN.last, SPAN.flows, revision="r1")
    other = Span(SPAN.first, SPAN.last, SPAN.flows, revision="r2")
    assert figures(desk.database, one) == figures(desk.database)
    assert figures(desk.database, other) == {}
    with desk.database.reading() as session:
        for table in (FlowNodeCount, FlowEdgeCount):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 1


def test_contexts_need_nothing_but_a_database(desk: Desk) -> None:
    context = JobContext(desk.database, desk.settings, lambda: "r1", clock=lambda: desk.now)
    count(context, over(desk))
    assert figures(desk.database)["main/menu"][0] == 1


def test_a_real_call_is_counted_when_it_has_ended_and_not_before(database: Database, settings: Settings) -> None:
    hotline = app.build(settings)
    answer = hotline.runner.begin(NewCall(Channel.TEXT, "one", "+8613912345678", "95598", language="en"))
    assert run_due(app.job_context(hotline)) == 0
    assert hotline.runner.ended(answer.call_id, CallStatus.COMPLETED, "caller")
    assert run_due(app.job_context(hotline)) == 1
    today = datetime.now(UTC).astimezone(ZoneInfo(settings.utility.time_zone)).date()
    everything = Span(today - timedelta(days=1), today, tuple(hotline.flows.current.flows))
    with database.reading() as session:
        found = figures_of(session, everything, here=True)
    assert {f"{one.flow}/{one.node}" for one in answer.outputs if isinstance(one, outputs.NodeEntered)} == set(
        found.nodes
    )
    assert sum(one.hang_ups for one in found.nodes.values()) == 1
    assert found.here == {}
    known = {edge.id for edge in graph_of(hotline.flows.current).edges}
    assert set(fitted(found, graph_of(hotline.flows.current)).edges) <= known
    hotline.database.dispose()


def test_a_call_that_nobody_answered_is_not_counted(database: Database, settings: Settings) -> None:
    hotline = app.build(settings)
    with database.transaction() as session:
        call = Call(channel=Channel.TWILIO, direction=Direction.OUTBOUND, from_number="95598", to_number="+861",
                    language="en", status=CallStatus.RINGING, flow="main", variables={},
                    flow_revision_id=hotline.flows.current.revision, started_at=datetime.now(UTC))  # fmt: skip
        session.add(call)
        session.flush()
        call_id = call.id
    assert hotline.runner.ended(call_id, CallStatus.NO_ANSWER, "no-answer")
    with database.reading() as session:
        assert session.scalars(sa.select(Job.name)).all() == []
    hotline.database.dispose()
