"""What a call did, counted from its turns: where it came, which way it took, where it was left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ivr import events, outputs
from ivr.analytics import CallCounts, count_call
from ivr.events import CallStarted, Digits, Event, HungUp, NoInput, ServiceResult, Speech
from ivr.flow import FlowSet
from ivr.graph import graph_of
from ivr.outputs import CallService, ServiceCalled
from ivr.session import resume, start

MAIN = """
flow: main
vars: {number: digits, name: text}
prompts:
  menu: {en: One or two., zh-CN: 一或者二。}
  number: {en: Your number., zh-CN: 号码。}
nodes:
  hello: {say: menu, next: menu}
  menu:
    menu: menu
    options:
      report: {key: "1", phrases: {en: [report], zh-CN: [报修]}, next: report}
      number: {key: "2", phrases: {en: [number], zh-CN: [号码]}, next: number}
    no_input: {limit: 2, next: bye}
  report: {call: report, next: bye}
  number: {ask: number, type: digits, min: 4, max: 4, private: true, into: number, next: look}
  look:
    do: test.look
    with: {number: "{number}"}
    into: {name: name}
    outcomes: {found: who, none: menu}
  who:
    when:
      - {if: name == "Ann", next: bye}
      - {if: name == "Bob", next: bye}
      - else: menu
  bye: {hangup: goodbye}
"""
REPORT = """
flow: report
prompts: {where: {en: Where?, zh-CN: 哪里?}}
nodes:
  where: {menu: where, options: {here: {key: "1", phrases: {en: [here], zh-CN: [这里]}, next: done}}}
  done: {return: {}}
"""
BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)
Tell = Callable[..., CallCounts]


@dataclass
class Row:
    number: int
    at: datetime
    event: dict[str, Any]
    outputs: list[Any]


@pytest.fixture
def flows(flows_of: Callable[..., FlowSet]) -> FlowSet:
    return flows_of(MAIN, REPORT)


@pytest.fixture
def tell(flows: FlowSet) -> Tell:
    """Plays a call ten seconds a turn, as the runner stores it, and counts it."""

    def play(*script: Event, found: str = "Ann", outcome: str = "found") -> CallCounts:
        turn = start(flows, "main", CallStarted("+8613800138000", "95598", "inbound", "en"))
        rows: list[Row] = []
        event: Event = CallStarted("+8613800138000", "95598", "inbound", "en")
        ahead = list(script)
        while True:
            said = list(turn.outputs)
            while isinstance(said[-1], CallService) and turn.state is not None:
                asked = said.pop()
                said.append(ServiceCalled(asked.service, outcome))
                turn = resume(flows, turn.state, ServiceResult(asked.service, outcome, {"name": found}))
                said.extend(turn.outputs)
            at = BEGAN + timedelta(seconds=10 * len(rows))
            rows.append(Row(len(rows), at, events.to_json(event), [outputs.to_json(one) for one in said]))
            if turn.state is None:
                break
            event = ahead.pop(0)
            turn = resume(flows, turn.state, event)
        assert ahead == []
        return count_call(reversed(rows), rows[-1].at + timedelta(seconds=3))

    return play


def edges(counts: CallCounts) -> dict[str, int]:
    return {f"{flow}/{node}/{outcome}": count for (flow, node, _, outcome), count in counts.edges.items()}


def test_a_call_is_counted_at_each_node_and_on_each_way(tell: Tell) -> None:
    counts = tell(Digits("2"), Digits("1234"))
    assert edges(counts) == {
        "main/hello/next": 1, "main/menu/option.number": 1, "main/number/value": 1, "main/look/outcome.found": 1,
        "main/who/to.bye": 1, "main/bye/end": 1,
    }  # fmt: skip
    assert {key: one.entries for key, one in counts.nodes.items()} == {
        ("main", node, "en"): 1 for node in ("hello", "menu", "number", "look", "who", "bye")
    }


def test_every_way_that_was_counted_is_a_way_of_the_graph(flows: FlowSet, tell: Tell) -> None:
    known = {edge.id for edge in graph_of(flows).edges}
    for script in (
        [Digits("1"), Digits("1")], [Digits("2"), Digits("1234")], [NoInput(), NoInput()], [HungUp()],
        [Speech("zzz", 0.9), Speech("zzz", 0.9)], [Digits("9"), Digits("7")], [Digits("2"), Digits("7777")],
    ):  # fmt: skip
        assert set(edges(tell(*script))) <= known


def test_silence_is_counted_each_time_and_its_way_only_when_it_is_taken(tell: Tell) -> None:
    counts = tell(NoInput(), NoInput())
    assert counts.nodes["main", "menu", "en"].no_inputs == 2
    assert edges(counts)["main/menu/no_input"] == 1
    counts = tell(NoInput(), Digits("2"), Digits("1234"))
    assert "main/menu/no_input" not in edges(counts)


def test_time_is_that_until_the_next_turn_and_the_last_words_count(tell: Tell) -> None:
    counts = tell(NoInput(), Digits("2"), Digits("1234"))
    assert counts.nodes["main", "menu", "en"].time_ms == 20_000
    assert counts.nodes["main", "number", "en"].time_ms == 10_000
    assert counts.nodes["main", "bye", "en"].time_ms == 3_000
    assert counts.nodes["main", "who", "en"].time_ms == 0


def test_where_a_caller_hung_up_is_known(tell: Tell) -> None:
    counts = tell(Digits("2"), HungUp())
    assert counts.nodes["main", "number", "en"].hang_ups == 1
    assert edges(counts)["main/number/hung_up"] == 1
    assert sum(one.hang_ups for one in counts.nodes.values()) == 1


def test_a_return_is_the_way_on_of_the_node_that_called(tell: Tell) -> None:
    found = edges(tell(Digits("1"), Digits("1")))
    assert found["main/report/call"] == found["report/done/return"] == found["main/report/returned"] == 1


def test_a_global_leads_away_and_repeat_stays(tell: Tell) -> None:
    found = edges(tell(Digits("9"), Digits("1"), Digits("7")))
    assert found["main/menu/option.repeat"] == 1
    assert found["report/where/option.danger"] == 1
    assert "main/report/returned" not in found


def test_confidence_is_summed_over_speech(tell: Tell) -> None:
    menu = tell(Speech("zzz", 0.8), Speech("number", 0.9), Digits("1234")).nodes["main", "menu", "en"]
    assert (menu.inputs, menu.no_matches, menu.confidence_count) == (2, 1, 2)
    assert menu.confidence == pytest.approx(0.85)
    assert menu.not_understood == 0.5


def test_what_was_not_understood_at_a_menu_is_kept_without_its_numbers(tell: Tell) -> None:
    counts = tell(Speech("my meter 138 0013-8000 hums", 0.9), Digits("2"), Speech("one two secret", 0.9), HungUp())
    assert dict(counts.unheard) == {("main", "menu", "en", "my meter # hums"): 1}


def test_turns_of_another_release_are_passed_over() -> None:
    rows = [Row(0, BEGAN, {"kind": "beamed_in"}, [{"kind": "smell"}]), Row(1, BEGAN, {}, [])]
    assert count_call(rows, BEGAN) == CallCounts()
