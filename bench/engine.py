"""What the engine costs alone, beside bare state machines, in memory, and whether a turn gets dearer with a longer call
or more calls behind it. Prints JSON.

    python bench/engine.py [--of machines memory turns] [--past 10 10000 100000] [--sessions 100000]

Times are the process's own (CPU), so that a busy machine does not blur them; each figure is a median.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "queue"), str(ROOT / "bench")]

import sqlalchemy as sa  # noqa: E402
from machines import by_hand, steps_per_s, ways, with_transitions  # noqa: E402
from turn import machine  # noqa: E402

import app  # noqa: E402
import logs  # noqa: E402
import metrics  # noqa: E402
import migrations  # noqa: E402
from accounts import demo  # noqa: E402
from database import Database  # noqa: E402
from ivr import session  # noqa: E402
from ivr.calls import NewCall, NewRecording  # noqa: E402
from ivr.events import CallStarted, Digits, NoInput, Recorded, ServiceResult, Speech  # noqa: E402
from ivr.outputs import CallService, NodeEntered  # noqa: E402
from models import Channel, new_id  # noqa: E402
from settings import load  # noqa: E402

CALLS = 60
LONG_CALL = 500
TURNS_OF_PAST_CALL = 3
RESULTS = {
    "accounts.find_caller": ServiceResult("accounts.find_caller", "unknown"),
    "tickets.find_open": ServiceResult("tickets.find_open", "none"),
    "tickets.open": ServiceResult("tickets.open", "opened", {"ticket_number": "1042"}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--past", type=int, nargs="+", default=[10, 10_000, 100_000])
    parser.add_argument(
        "--of", nargs="+", choices=["machines", "memory", "turns"], default=["machines", "memory", "turns"]
    )
    parser.add_argument("--sessions", type=int, default=100_000)
    given = parser.parse_args()
    logs.configure("bench", level="ERROR")
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        hotline = _hotline(Path(folder))
        report: dict[str, object] = {"engine": _engine(hotline)}
        if "machines" in given.of:
            report["steps_per_s"] = _machines(hotline)
        if "memory" in given.of:
            report["live_sessions"] = _memory(hotline, given.sessions)
        if "turns" in given.of:
            report["turn_by_length_of_call"] = _long_call(hotline)
            report["turn_by_past_calls"] = _past_calls(hotline, sorted(given.past))
        report["machine"] = machine()
        hotline.database.dispose()
    print(json.dumps(report, indent=2))


def _hotline(folder: Path) -> app.Hotline:
    settings = load(environ={}, home=folder / "home")
    metrics.prepare_alone(folder / "metrics")
    database = Database(settings.database_url)
    migrations.upgrade(database)
    demo.load_demo(database, settings, datetime.now(UTC))
    database.dispose()
    return app.build(settings)


# --- the engine alone: no rows, services answered at once


def _engine(hotline: app.Hotline) -> dict[str, float]:
    flows = hotline.flows.current
    started = CallStarted("+8613912345678", "95598", "inbound", "en", "2026-03-01")
    steps = turns = 0
    _conversation(hotline)  # what is made once (a wait's listening, the router of intents) is made before
    began = time.process_time()
    while time.process_time() - began < 2.0:
        turn = session.start(flows, "main", started)
        for event in _script(new_id())[1:]:
            turn, nodes = _through_services(flows, turn)
            steps += nodes
            turns += 1
            turn = session.resume(flows, json.loads(json.dumps(turn.state)), event)
        steps += _through_services(flows, turn)[1]
    took = time.process_time() - began
    return {
        "steps_per_s": round(steps / took),
        "turns_per_s": round(turns / took),
        "us_per_turn": round(took / turns * 1e6, 1),
    }


def _conversation(hotline: app.Hotline) -> tuple[list[list[str]], list[str]]:
    """The nodes each turn of the script comes to, and the state after each as JSON."""
    turns: list[list[str]] = []
    states: list[str] = []
    flows = hotline.flows.current
    turn = session.start(flows, "main", CallStarted("+8613912345678", "95598", "inbound", "en", "2026-03-01"))
    for event in [*_script(new_id())[1:], None]:
        came_to: list[str] = []
        while True:
            came_to += [f"{one.flow}/{one.node}" for one in turn.outputs if isinstance(one, NodeEntered)]
            if not isinstance(turn.outputs[-1], CallService) or turn.state is None:
                break
            turn = session.resume(flows, turn.state, RESULTS[turn.outputs[-1].service])
        turns.append(came_to)
        if event is None or turn.state is None:
            break
        states.append(json.dumps(turn.state))
        turn = session.resume(flows, turn.state, event)
    if turn.state is not None:
        sys.exit("the script no longer fits the flows: the call does not end")
    return turns, states


def _machines(hotline: app.Hotline) -> dict[str, object]:
    """The engine against machines that only step, on the same conversation, one after the other and again: the best of
    each counts."""
    turns, _states = _conversation(hotline)
    table, triggers = ways(hotline.flows.current, turns)
    begin, expected = turns[0][0], sum(len(turn) for turn in turns)
    rivals = {"by_hand": by_hand(table, begin), "transitions": with_transitions(table, begin)}
    best = {"engine": 0.0, **dict.fromkeys(rivals, 0.0)}
    for _ in range(2):
        best["engine"] = max(best["engine"], _engine(hotline)["steps_per_s"])
        for name, converse in rivals.items():
            best[name] = max(best[name], steps_per_s(converse, triggers, expected))
    return {**best, "nodes": len(table), "steps_of_the_call": expected, "turns_of_the_call": len(turns)}


def _memory(hotline: app.Hotline, sessions: int) -> dict[str, object]:
    """Each in a fresh process, so that nothing else is counted."""
    _turns, states = _conversation(hotline)
    found = {}
    for held in ("bytes", "objects"):
        command = [sys.executable, str(ROOT / "bench" / "session_memory.py"), "--held", held, "--count", str(sessions)]
        done = subprocess.run(command, input=json.dumps(states), capture_output=True, text=True, check=True)
        found[held] = json.loads(done.stdout)
    return found


def _through_services(flows: object, turn: session.Turn) -> tuple[session.Turn, int]:
    nodes = sum(isinstance(output, NodeEntered) for output in turn.outputs)
    while isinstance(turn.outputs[-1], CallService) and turn.state is not None:
        turn = session.resume(flows, turn.state, RESULTS[turn.outputs[-1].service])
        nodes += sum(isinstance(output, NodeEntered) for output in turn.outputs)
    return turn, nodes


def _script(recording_id: str) -> list:
    """An outage reported in English by somebody unknown; the first event is the call itself. See `client.REPORT`."""
    return [
        None, Digits("2"), Digits("1"), Digits("1"), Speech("no nothing like that", 0.91), NoInput(),
        Recorded(recording_id, 7.0), Digits("2"), Digits("1"), Digits("2"),
    ]  # fmt: skip


# --- turns as they are: locked, run, written, committed


def _long_call(hotline: app.Hotline) -> dict[str, object]:
    """The caller asks for the same menu again and again."""
    answer = hotline.runner.begin(_new_call(0))
    answer = hotline.runner.resume(answer.call_id, answer.turn, Digits("2"))
    took_ms = []
    for _ in range(LONG_CALL):
        began = time.process_time()
        answer = hotline.runner.resume(answer.call_id, answer.turn, Digits("9"))
        took_ms.append((time.process_time() - began) * 1000)
    parts = {"1_to_50": took_ms[:50], "226_to_275": took_ms[225:275], "451_to_500": took_ms[-50:]}
    return {"ms_per_turn": {name: round(statistics.median(times), 3) for name, times in parts.items()}}


def _past_calls(hotline: app.Hotline, sizes: list[int]) -> list[dict[str, object]]:
    template = _whole_call(hotline, 1, lambda _ms: None)
    rows = []
    for size in sizes:
        _grow(hotline, template, size)
        took_ms: list[float] = []
        for number in range(CALLS):
            _whole_call(hotline, size + number, took_ms.append)
        turns = len(took_ms) // CALLS
        by_turn = [round(statistics.median(took_ms[turn::turns]), 3) for turn in range(turns)]
        rows.append(
            {
                "past_calls": size,
                "database_mb": round(Path(str(hotline.database.url.database)).stat().st_size / 2**20),
                "ms_per_turn": round(statistics.fmean(by_turn), 3),
                "ms_of_each_turn": by_turn,
            }
        )
    return rows


def _whole_call(hotline: app.Hotline, number: int, note: Callable[[float], None]) -> str:
    recording = NewRecording(new_id(), 7.0, remote_url="https://api.twilio.com/r", provider_id=f"RE{new_id()}")
    script = _script(recording.id)
    began = time.process_time()
    answer = hotline.runner.begin(_new_call(number))
    note((time.process_time() - began) * 1000)
    for event in script[1:]:
        kept = recording if isinstance(event, Recorded) else None
        began = time.process_time()
        answer = hotline.runner.resume(answer.call_id, answer.turn, event, recording=kept)
        note((time.process_time() - began) * 1000)
    if not answer.ended:
        sys.exit(f"the script no longer fits the flows: the call ends in {answer.outputs[-1]}")
    return answer.call_id


def _new_call(number: int) -> NewCall:
    return NewCall(Channel.TWILIO, new_id(), f"+8613{number:09d}", "95598", language="en")


def _count(hotline: app.Hotline) -> int:
    with hotline.database.reading() as db:
        return db.execute(sa.text("SELECT count(*) FROM calls")).scalar_one()


def _grow(hotline: app.Hotline, template: str, size: int) -> None:
    """Copies a real call, its first turns and its ticket until there are `size` calls."""
    missing = size - _count(hotline)
    if missing <= 0:
        return
    with hotline.database.transaction() as db:
        inspector = sa.inspect(db.connection())
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :missing)"
        fresh = "printf('%032x', :base + n.i)"
        changed = {
            "calls": {"id": fresh, "provider_id": f"'past' || {fresh}", "from_number": "'+8615' || (100000000 + n.i)"},
            "call_turns": {"call_id": fresh},
            "tickets": {
                "id": None, "call_id": fresh, "dedupe_key": f"'past' || {fresh}",
                "callback_number": "'+8615' || (100000000 + n.i)", "stage": "'closed'",
            },
        }  # fmt: skip
        where = {
            "calls": "t.id = :template",
            "call_turns": f"t.call_id = :template AND t.number < {TURNS_OF_PAST_CALL}",
            "tickets": "t.call_id = :template",
        }
        for table, changes in changed.items():
            names = [column["name"] for column in inspector.get_columns(table)]
            columns = [name for name in names if changes.get(name, "") is not None]
            values = ", ".join(changes.get(name) or f"t.{name}" for name in columns)
            into = f"INSERT INTO {table} ({', '.join(columns)})"
            db.execute(
                sa.text(f"{numbers} {into} SELECT {values} FROM n, {table} AS t WHERE {where[table]}"),
                {"missing": missing, "base": _count(hotline) * 1000, "template": template},
            )


if __name__ == "__main__":
    main()
