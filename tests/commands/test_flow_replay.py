"""Real calls again: on their own flows they are the same, on changed ones it shows where they part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result

from accounts.demo import DEMO_CALLERS, load_demo
from app import flow_store, registry
from database import Database
from ivr.calls import NewCall, NewRecording
from ivr.events import Digits, Event, NoInput, Recorded, Speech
from ivr.flow_store import read_files
from ivr.runner import Runner
from models import CallStatus, CallTurn, Channel, new_id
from settings import Settings

Run = Callable[..., Result]
EMMA = DEMO_CALLERS[0]


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def call(database: Database, settings: Settings, flows: Path, now: datetime) -> Callable[..., str]:
    """Makes a call on the flows of the test, as a channel does, and gives its id."""
    load_demo(database, settings, now)
    store = flow_store(settings, database)
    store.use(read_files(flows), now)
    clock = [now - timedelta(hours=2)]
    runner = Runner(database, store, registry(settings), settings, clock=lambda: clock[0])

    def make(*inputs: Event, number: str = EMMA.number, language: str = "en") -> str:
        answer = runner.begin(NewCall(Channel.TEXT, new_id(), number, "95598", language))
        for event in inputs:
            clock[0] += timedelta(seconds=5)
            recording = None
            if isinstance(event, Recorded):
                recording = NewRecording(event.recording_id, event.seconds, transcript=event.transcript)
            answer = runner.resume(answer.call_id, answer.turn, event, recording=recording)
        runner.ended(answer.call_id, CallStatus.COMPLETED, "caller")
        return answer.call_id

    return make


@pytest.fixture
def change(flows: Path) -> Callable[[str, str, str], None]:
    """Writes something else into a flow."""

    def replace(file: str, old: str, new: str) -> None:
        path = flows / f"{file}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


REPORT = (Speech("no power", 0.9), Recorded("r1", 4.0, "it is dark"))


def test_a_call_on_its_own_flows_is_the_same(run: Run, call: Callable[..., str]) -> None:
    id_ = call(NoInput(), Digits("5"), *REPORT)
    done = run("replay", id_)
    assert (done.exit_code, done.output.splitlines()[1:]) == (0, ["same: 5 turns"]), done.output
    assert run("replay", id_[:20], "--revision", "0" * 8).output == "Error: no revision begins with '00000000'\n"


def test_another_name_of_a_node_is_nothing_a_caller_hears(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    id_ = call(*REPORT)
    change("main", "next: report}", "next: to_people}")
    change("main", "  report: {call", "  to_people: {call")
    assert run("replay", id_, "--flows", str(flows)).exit_code == 0


def test_other_words_are_shown_then_and_now(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    id_ = call(*REPORT)
    change("handover", "Say what has happened.", "Say what you see.")
    done = run("replay", id_, "--flows", str(flows))
    assert done.exit_code == 1
    assert done.output.splitlines()[1:] == [
        "different after 1 turn that went the same way",
        "  turn 1, handover/say_it: something else is said",
        "  - then  Say what [has] [happened.]",
        "  + now   Say what [you] [see.]",
    ]


def test_the_words_may_be_left_out_of_it(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    id_ = call(*REPORT)
    change("handover", "Say what has happened.", "Say what you see.")
    assert run("replay", id_, "--flows", str(flows), "--ignore-text").exit_code == 0
    change("main", "next: report}", "next: pin}")
    done = run("replay", id_, "--flows", str(flows), "--ignore-text")
    assert done.exit_code == 1
    assert "turn 1, main/pin:" in done.output


def test_a_service_that_is_asked_otherwise_is_a_difference(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    id_ = call(*REPORT)
    change("handover", "subject: A call", "subject: A power cut")
    done = run("replay", id_, "--flows", str(flows))
    assert "turn 1, handover/open: tickets.open is asked otherwise" in done.output
    assert "'A [power cut]'" in done.output.replace("[call']", "").replace("[cut']", "cut]'") or "power" in done.output


def test_a_service_nobody_asked_then_ends_the_comparison(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    id_ = call(*REPORT)
    change("main", "next: report}", "next: verify}")
    done = run("replay", id_, "--flows", str(flows))
    assert done.exit_code == 1
    assert "turn 1, main/verify: accounts.verify_identity is asked, and was not" in done.output


def test_private_values_are_stood_in_for_and_the_call_goes_the_way_it_went(
    run: Run, call: Callable[..., str], database: Database
) -> None:
    id_ = call(Digits("1"), Digits(EMMA.pin))
    with database.reading() as session:
        stored = str(session.execute(sa.select(CallTurn.event).where(CallTurn.call_id == id_)).all())
    assert EMMA.pin not in stored, "what is private is not in the rows"
    done = run("replay", id_)
    assert done.exit_code == 0, done.output
    assert "note: turn 2: a placeholder stands for what the caller answered at main/pin" in done.output
    assert "note: turn 2: a placeholder stands for 'balance' of accounts.balance" in done.output


def test_where_the_way_hangs_on_a_private_value_it_says_so(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    id_ = call(Digits("1"), Digits(EMMA.pin))
    change("main", "if: amount > 100, next: much", 'if: amount > 100 and name == "x", next: much')
    change("main", "- else: owing", "- else: nothing")
    done = run("replay", id_, "--flows", str(flows))
    assert done.exit_code == 2, done.output
    assert "the way on from main/how_much hangs on a value that is private and not kept" in done.output


def test_many_calls_are_summed_up_by_where_they_part(
    run: Run, call: Callable[..., str], change: Callable[..., None], flows: Path
) -> None:
    kept = [call(), call(NoInput(), number="+8613900000000")]
    parted = [call(*REPORT), call(Digits("2"), NoInput()), call(NoInput(), Digits("2"))]
    assert "5 same, 0 different, 0 cannot be said" in run("replay", "--since", "1d").output
    change("handover", "Say what has happened.", "Say what you see.")
    done = run("replay", "--since", "1d", "--flows", str(flows))
    assert done.exit_code == 1
    assert f"{len(kept)} same, {len(parted)} different, 0 cannot be said" in done.output
    assert "3 calls different at handover/say_it: something else is said" in done.output
    assert all(id_ in done.output for id_ in parted)
    assert "0 same, 0 different" in run("replay", "--since", "1m").output
    assert "1 same" in run("replay", "--since", "1d", "--limit", "1").output


def test_what_cannot_be_asked_is_refused_with_a_reason(run: Run, call: Callable[..., str]) -> None:
    call()
    assert "Name a call, or many with --since." in run("replay").output
    assert "no call begins with 'zzz'" in run("replay", "zzz").output
    assert "'soon' is no time; write 7d, 12h, 30m or 2026-11-23." in run("replay", "--since", "soon").output
