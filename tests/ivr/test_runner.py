"""The turn: what a caller gets when requests come twice, late, at once, or in the middle of a crash."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event as sqlalchemy_event

from database import Database
from ivr.calls import CallEnded, NewCall, NewRecording, NoSuchCall, StaleTurn, WrongInput
from ivr.events import Digits, NoInput, Recorded, Speech
from ivr.flow_store import FlowStore
from ivr.outputs import Gather, Hangup, Say, ServiceCalled
from ivr.runner import Runner
from ivr.services import Outcome, Service, ServiceContext, ServiceRegistry, ValueType
from models import Call, CallStatus, CallTurn, Channel, Customer, CustomerPhone, Direction, Job, OutboundCall, Recording
from settings import Settings
from tests.ivr.conftest import AGENT, SHARED

FLOW = """
flow: main
vars: {pin: {type: digits, private: true}, name: text, recording: text}
prompts:
  pin: {en: Your PIN?, zh-CN: 密码?}
  hello: {en: "Hello {name}.", zh-CN: "{name}您好。"}
nodes:
  pin: {ask: pin, type: digits, min: 4, max: 4, private: true, into: pin, next: look}
  look:
    do: test.note
    with: {number: "{pin}"}
    into: {name: name}
    outcomes: {found: hello, error: message}
  hello: {say: hello, next: message}
  message: {record: pin, into: recording, next: bye}
  bye: {hangup: goodbye}
"""


class Service_:
    """A service that writes a row, and fails when told to."""

    fails = False

    def __call__(self, context: ServiceContext, inputs: Mapping[str, Any]) -> Outcome:
        context.session.add(Customer(name=f"noted {inputs['number']}", language="en"))
        context.session.flush()
        if self.fails:
            raise RuntimeError("the account system is away")
        return Outcome("found", {"name": "Ann"})


@pytest.fixture
def service() -> Service_:
    return Service_()


@pytest.fixture
def make_runner(database: Database, settings: Settings, service: Service_) -> Callable[..., Runner]:
    noted = Service(
        "test.note", service, frozenset({"found"}), {"number": ValueType.DIGITS}, {"name": ValueType.TEXT},
        private=frozenset({"number"}),
    )  # fmt: skip

    def make(flow: str = FLOW, **options: Any) -> Runner:
        flows = FlowStore(database, {noted.name: noted}, ("en", "zh-CN"), settings.utility.name)
        flows.use({"shared.yaml": SHARED, "agent.yaml": AGENT, "main.yaml": flow}, datetime.now(UTC))
        return Runner(database, flows, ServiceRegistry([noted]), settings, **options)

    return make


@pytest.fixture
def runner(make_runner: Callable[..., Runner]) -> Runner:
    return make_runner()


def a_call(sid: str = "CA1", **fields: Any) -> NewCall:
    return NewCall(Channel.TWILIO, sid, "+8613800138000", "95598", **({"language": "en"} | fields))


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_call_begins_waits_and_goes_on(runner: Runner, database: Database) -> None:
    first = runner.begin(a_call())
    assert isinstance(first.outputs[-1], Gather)
    second = runner.resume(first.call_id, 0, Digits("1234"))
    assert next(o.text for o in second.outputs if isinstance(o, Say)) == "Hello Ann."
    third = runner.resume(first.call_id, 1, Recorded("rec1", 3.0), recording=NewRecording("rec1", 3.0, path="rec1.wav"))
    assert third.ended
    assert third.outputs[-1] == Hangup("flow")
    with database.reading() as session:
        call = session.get_one(Call, first.call_id)
        assert (call.turn, call.state, call.status) == (2, None, CallStatus.IN_PROGRESS)
        assert session.get_one(Recording, "rec1").path == "rec1.wav"


def test_the_same_call_announced_twice_is_one_call_with_one_answer(runner: Runner, database: Database) -> None:
    first, again = runner.begin(a_call()), runner.begin(a_call())
    assert again.outputs == first.outputs
    assert (first.replayed, again.replayed) == (False, True)
    assert count(database, Call) == 1


def test_a_turn_sent_again_is_answered_from_the_store_even_if_it_says_something_else(
    runner: Runner, database: Database
) -> None:
    call_id = runner.begin(a_call()).call_id
    answered = runner.resume(call_id, 0, Digits("1234"))
    again = runner.resume(call_id, 0, NoInput())
    assert again.outputs == answered.outputs
    assert again.replayed
    assert count(database, Customer) == 1
    assert count(database, CallTurn) == 2


def test_many_copies_of_one_turn_at_once_have_one_effect(runner: Runner, database: Database) -> None:
    call_id = runner.begin(a_call()).call_id
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(runner.resume(call_id, 0, Digits("1234")))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len({answer.outputs for answer in map(_frozen, answers)}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert count(database, Customer) == 1


def _frozen(answer: Any) -> Any:
    return type(answer)(answer.call_id, answer.turn, repr(answer.outputs), answer.language, answer.replayed)


def test_what_is_wrong_with_a_request_is_said(runner: Runner) -> None:
    with pytest.raises(NoSuchCall, match="there is no call nobody"):
        runner.resume("nobody", 0, NoInput())
    call_id = runner.begin(a_call()).call_id
    with pytest.raises(StaleTurn, match="turn 5 is not among them"):
        runner.resume(call_id, 5, NoInput())
    with pytest.raises(WrongInput, match="'recorded' does not answer node 'pin'"):
        runner.resume(call_id, 0, Recorded("x", 1.0))
    runner.ended(call_id, CallStatus.COMPLETED, "caller")
    with pytest.raises(CallEnded):
        runner.resume(call_id, 1, NoInput())


def test_a_refused_input_leaves_no_trace_and_the_call_goes_on(runner: Runner, database: Database) -> None:
    call_id = runner.begin(a_call()).call_id
    with pytest.raises(WrongInput):
        runner.resume(call_id, 0, Recorded("x", 1.0), recording=NewRecording("x", 1.0, path="x.wav"))
    assert count(database, Recording) == 0
    assert runner.resume(call_id, 0, Digits("1234")).turn == 1


def test_a_service_that_fails_costs_its_own_effects_only(runner: Runner, service: Service_, database: Database) -> None:
    service.fails = True
    call_id = runner.begin(a_call()).call_id
    answer = runner.resume(call_id, 0, Digits("1234"))
    called = next(o for o in answer.outputs if isinstance(o, ServiceCalled))
    assert called.outcome == "error"
    assert count(database, Customer) == 0
    assert count(database, CallTurn) == 2


def test_what_is_private_is_in_no_stored_turn(runner: Runner, database: Database) -> None:
    call_id = runner.begin(a_call()).call_id
    runner.resume(call_id, 0, Digits("4321"))
    with database.reading() as session:
        for turn in session.scalars(sa.select(CallTurn).where(CallTurn.call_id == call_id)):
            assert "4321" not in repr(turn.event)
            assert "4321" not in repr(turn.outputs)


def test_a_turn_is_one_commit(runner: Runner, database: Database) -> None:
    call_id = runner.begin(a_call()).call_id
    commits: list[object] = []
    sqlalchemy_event.listen(database.engine, "commit", commits.append)
    runner.resume(call_id, 0, Digits("1234"))
    assert len(commits) == 1


def test_the_work_of_a_turn_does_not_grow_with_the_call_or_with_history(runner: Runner, database: Database) -> None:
    def statements(call_id: str, turn: int) -> int:
        seen: list[str] = []

        def trace(connection: sqlite3.Connection, *_: object) -> None:
            connection.set_trace_callback(seen.append)

        sqlalchemy_event.listen(database.engine, "checkout", trace)
        runner.resume(call_id, turn, Digits("9"))
        sqlalchemy_event.remove(database.engine, "checkout", trace)
        return len(seen)

    first = runner.begin(a_call("CA1")).call_id
    early = statements(first, 0)
    for number in range(20):
        call_id = runner.begin(a_call(f"CB{number}")).call_id
        runner.ended(call_id, CallStatus.COMPLETED, "caller")
    other = runner.begin(a_call("CA2")).call_id
    assert statements(other, 0) == early
    assert 4 <= early <= 6, "BEGIN, the call, the turn, the call again, COMMIT"


def test_the_first_end_counts_and_late_news_change_nothing(
    make_runner: Callable[..., Runner], database: Database
) -> None:
    ends: list[str] = []
    runner = make_runner(on_outbound_ended=[lambda session, call, now: ends.append(call.id)])
    inbound = runner.begin(a_call("inbound")).call_id
    assert runner.ended(inbound, CallStatus.COMPLETED, "caller") is True
    call_id = runner.begin(a_call()).call_id
    with database.transaction() as session:
        wish = OutboundCall(
            purpose="closure", flow="main", to_number="+8613800138000", language="en", dedupe_key="k",
            not_before=datetime.now(UTC), created_at=datetime.now(UTC),
        )  # fmt: skip
        session.add(wish)
        session.flush()
        session.get_one(Call, call_id).outbound_call_id = wish.id
    assert runner.ended(call_id, CallStatus.COMPLETED, "caller") is True
    assert runner.ended(call_id, CallStatus.FAILED, "late") is False
    assert ends == [call_id]
    with database.reading() as session:
        call = session.get_one(Call, call_id)
        assert (call.status, call.end_reason) == (CallStatus.COMPLETED, "caller")
        assert call.turns[-1].event == {"kind": "hung_up", "reason": "caller"}


def test_an_outbound_call_begins_its_flow_once_however_often_it_is_said_to_be_answered(
    runner: Runner, database: Database
) -> None:
    with database.transaction() as session:
        call = Call(
            channel=Channel.BROWSER, direction=Direction.OUTBOUND, from_number="95598", to_number="+8613800138000",
            language="zh-CN", status=CallStatus.RINGING, flow="main", flow_revision_id=runner.flows.current.revision,
            variables={}, started_at=datetime.now(UTC),
        )  # fmt: skip
        session.add(call)
    first, again = runner.answered(call.id), runner.answered(call.id)
    assert first.outputs == again.outputs
    assert again.replayed
    assert [o.text for o in first.outputs if isinstance(o, Say)] == ["密码?"]


def test_the_language_is_that_of_the_known_customer(runner: Runner, database: Database) -> None:
    with database.transaction() as session:
        customer = Customer(name="Ann", language="zh-CN")
        session.add_all([customer, CustomerPhone(customer=customer, number="+8613800138000")])
    assert runner.begin(a_call("known", language=None)).language == "zh-CN"
    assert runner.begin(a_call("chosen")).language == "en"


def test_a_call_keeps_the_revision_it_began_with(make_runner: Callable[..., Runner]) -> None:
    call_id = make_runner().begin(a_call()).call_id
    newer = make_runner(FLOW.replace("Hello {name}.", "Good day {name}."))
    assert "Hello Ann." in [o.text for o in newer.resume(call_id, 0, Digits("1234")).outputs if isinstance(o, Say)]
    other = newer.begin(a_call("CA2")).call_id
    assert "Good day Ann." in [o.text for o in newer.resume(other, 0, Digits("1234")).outputs if isinstance(o, Say)]


def test_a_recording_still_at_the_carrier_leaves_a_job_in_the_same_commit(runner: Runner, database: Database) -> None:
    call_id = runner.begin(a_call()).call_id
    runner.resume(call_id, 0, Digits("1234"))
    remote = NewRecording("rec2", 3.0, remote_url="https://example.org/RE1", provider_id="RE1")
    runner.resume(call_id, 1, Recorded("rec2", 3.0), recording=remote)
    with database.reading() as session:
        job = session.scalars(sa.select(Job)).one()
        assert (job.name, job.arguments) == ("recordings.fetch", {"recording_id": "rec2"})


def test_a_finished_flow_is_ended_soon_even_if_no_hang_up_ever_comes(make_runner: Callable[..., Runner]) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    runner = make_runner(clock=lambda: now)
    call_id = runner.begin(a_call()).call_id
    runner.resume(call_id, 0, Speech("danger", 0.9))
    with runner.database.reading() as session:
        expires_at = session.get_one(Call, call_id).expires_at
    assert expires_at is not None
    assert expires_at - now <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("channel", "gateway", "to", "calls", "recorded"),
    [
        (Channel.BROWSER, "here:8081", "95598", True, True),
        (Channel.BROWSER, "here:8081", "95598", False, False),
        (Channel.TEXT, None, "95598", True, False),
        (Channel.TWILIO, None, "+15005550006", True, False),
        (Channel.TWILIO, None, "+15005550007", True, True),  # it runs over a stream
    ],
)
def test_a_call_whose_sound_is_ours_begins_as_one_that_is_recorded(
    runner: Runner, database: Database, channel: Channel, gateway: str | None, to: str, calls: bool, recorded: bool
) -> None:
    settings = runner.settings
    runner.settings = settings.model_copy(
        update={
            "recordings": settings.recordings.model_copy(update={"calls": calls}),
            "twilio": settings.twilio.model_copy(update={"streams": ("+15005550007",)}),
        }
    )
    answer = runner.begin(NewCall(channel, "p", "+8613800571001", to, "en", gateway=gateway))
    with database.reading() as rows:
        event = rows.get_one(CallTurn, (answer.call_id, 0)).event
    assert event["variables"].get("recorded", False) is recorded
