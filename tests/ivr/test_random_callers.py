"""Random callers through every flow that comes with the hotline: nothing they do breaks it, and every call ends.

Nothing here knows a node by name: what can be pressed and said, what services answer and where calls begin is read off
the flows themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import signatures
from ivr.events import CallStarted, DialEnded, Digits, Event, HungUp, NoInput, Recorded, ServiceResult, Speech
from ivr.flow import AskNode, DoNode, FlowSet, MenuNode
from ivr.flow_store import read_files
from ivr.loader import load
from ivr.moment import Moment
from ivr.outputs import WAITS, CallService, Fault, Gather, Hangup, Output, Record, Say, Transfer
from ivr.session import Limits, State, Turn, resume, start
from ivr.values import Signature, ValueType
from settings import SHIPPED_FLOWS
from settings import load as load_settings

TURNS = 40
SILENT_TURNS = 40  # within which a call ends when the caller says no more: several waits, each asked a few times
DAY = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Shanghai"))
NUMBERS = ("+8613800138000", "+8657188880001", "95598", "anonymous", "")
VALUES: Mapping[ValueType, st.SearchStrategy[Any]] = {
    ValueType.TEXT: st.sampled_from(["", "none", "Elm Street", "榆树街", "a{b}c", "x" * 300]),
    ValueType.DIGITS: st.sampled_from(["", "0", "1234567890", "1000571014"]),
    ValueType.PHONE: st.sampled_from(["", "+8613800138000", "95598"]),
    ValueType.NUMBER: st.integers(-10, 100_000),
    ValueType.MONEY: st.integers(-1_000_000, 1_000_000),
    ValueType.DATE: st.dates().map(lambda day: day.isoformat()),
    ValueType.TIME: st.times().map(lambda time: time.isoformat("minutes")),
    ValueType.YES_NO: st.booleans(),
    ValueType.ACCOUNT: st.sampled_from(["", "1000571014"]),
    ValueType.ADDRESS: st.sampled_from(["", "18 Elm Street", "榆树街18号"]),
}

KEYED: Mapping[ValueType, tuple[str, ...]] = {  # what is right on the keypad
    ValueType.PHONE: ("13800138000", "057188880001"),
    ValueType.NUMBER: ("1", "12"),
    ValueType.MONEY: ("120", "35*5"),
    ValueType.DATE: ("1124", "1122", "20261120"),
    ValueType.TIME: ("0830", "1415"),
    ValueType.YES_NO: ("1", "2"),
    ValueType.ACCOUNT: ("1000571014",),
}


@dataclass(frozen=True)
class Hotline:
    flows: FlowSet
    services: Mapping[str, Signature]

    @property
    def entries(self) -> list[str]:
        """Every flow may be one: an inbound call's, a call-back's, one that is jumped to."""
        return sorted(self.flows.flows)

    @property
    def compared(self) -> list[str]:
        """Texts that conditions compare with: what a service may answer to be sent somewhere else."""
        quoted = set()
        for flow in self.flows.flows.values():
            for node in flow.nodes.values():
                for branch in getattr(node, "branches", ()):
                    if branch.condition is not None:
                        quoted |= set(branch.condition.source.split('"')[1::2])
        return sorted(quoted)


@pytest.fixture(scope="module")
def hotline(tmp_path_factory: pytest.TempPathFactory) -> Hotline:
    where = load_settings(environ={}, home=tmp_path_factory.mktemp("home"))
    services = signatures(where)
    return Hotline(load(read_files(SHIPPED_FLOWS), services, tuple(where.utility.name), where.utility.name), services)


class Caller:
    """Does anything a caller, a carrier or a service can do."""

    def __init__(self, data: st.DataObject, hotline: Hotline) -> None:
        self.data = data
        self.hotline = hotline
        self.willing = data.draw(st.sampled_from([0, 60, 90]), label="of a hundred turns, so many as the flow expects")

    def begins(self, flow: str, language: str) -> CallStarted:
        takes = self.hotline.flows.flows[flow].takes
        given_ = {
            name: self.value(variable.type)
            for name, variable in takes.items()
            if variable.required or self.data.draw(st.booleans())
        }
        given_["answered_by"] = self.data.draw(st.sampled_from(["", "human", "machine_start", "fax"]))
        number, direction = (
            self.data.draw(st.sampled_from(NUMBERS)),
            self.data.draw(st.sampled_from(["inbound", "outbound"])),
        )
        return CallStarted(number, "95598", direction, language, DAY.date().isoformat(), given_)

    def value(self, type_: ValueType) -> Any:
        values = VALUES[type_]
        if type_ is ValueType.TEXT and self.hotline.compared:
            values = st.one_of(values, st.sampled_from(self.hotline.compared))
        return self.data.draw(values)

    def does(self, turn: Turn) -> Event:
        wait = turn.outputs[-1]
        if isinstance(wait, CallService):
            return self.is_served(wait)
        mood = self.data.draw(st.integers(0, 99))
        if mood == 99:
            return HungUp()
        if mood < self.willing and isinstance(wait, Gather) and turn.state is not None:
            return self.answers(turn.state, turn.language)
        if isinstance(wait, Record):
            taken = st.sampled_from([Recorded("r1", 3.0, "my words"), Recorded("r2", 0.4), NoInput(), Digits("*0")])
            return self.data.draw(taken)
        if isinstance(wait, Transfer):
            return DialEnded(self.data.draw(st.sampled_from(["answered", "busy", "no-answer", "failed", "vanished"])))
        assert isinstance(wait, Gather)
        return self.data.draw(st.one_of(st.just(NoInput()), self.presses(wait), self.says(wait, turn.language)))

    def answers(self, state: State, language: str) -> Event:
        """As a willing caller: an option of the node the call stands at, a value of the type that is asked for."""
        frame = state["frames"][-1]
        node = self.hotline.flows.flows[frame["flow"]].nodes[frame["node"]]
        if "confirm" in (state["wait"] or {}):
            return Digits(self.data.draw(st.sampled_from(["1", "1", "2"])))
        if isinstance(node, MenuNode):
            option = self.data.draw(st.sampled_from(node.options))
            said = [Speech(phrase, 0.95) for phrase in option.phrases.get(language, ())]
            said += [
                Speech(phrase, 0.95)
                for name in option.intents
                for phrase in self.hotline.flows.intents[name].phrases.get(language, ())[:3]
            ]
            return self.data.draw(st.sampled_from([*([Digits(option.key)] if option.key else []), *said]))
        assert isinstance(node, AskNode)
        if node.type in (ValueType.TEXT, ValueType.ADDRESS):
            return Speech(self.data.draw(st.sampled_from(["榆树街18号", "18 Elm Street"])), 0.95)
        if node.type is ValueType.DIGITS:
            return Digits(self.data.draw(st.text("0123456789", min_size=node.min_digits, max_size=node.max_digits)))
        return Digits(self.data.draw(st.sampled_from(KEYED[node.type])))

    def presses(self, wait: Gather) -> st.SearchStrategy[Event]:
        likely = ["1", "2", "3", "9", "0", "*", "#", "1000571014", "13800138000", "0229", "20261224", "2560", "120*5"]
        keys = st.one_of(st.sampled_from(likely), st.text("0123456789*#", min_size=0, max_size=22))
        if wait.keys and wait.keys.commands:
            keys = st.one_of(keys, st.sampled_from(wait.keys.commands))
        return st.builds(Digits, keys, st.booleans())

    def says(self, wait: Gather, language: str) -> st.SearchStrategy[Event]:
        phrases = list(wait.speech.phrases) if wait.speech else []
        examples = [p for intent in self.hotline.flows.intents.values() for p in intent.phrases.get(language, ())]
        odd = [
            "",
            "   ",
            "no, 4 not 5",
            "不对，是四不是五",
            "yes",
            "no",
            "对",
            "没有",
            "tomorrow",
            "一千二百块五",
            "\x00",
            "😀" * 40,
        ]
        words = st.one_of(st.sampled_from([*phrases, *odd]), st.sampled_from(examples or odd), st.text(max_size=60))
        return st.builds(Speech, words, st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.95, 1.0]))

    def is_served(self, wait: CallService) -> ServiceResult:
        service = self.hotline.services[wait.service]
        working = self.data.draw(st.integers(0, 9)) > 0
        outcome = self.data.draw(st.sampled_from(sorted(service.outcomes) if working else ["error", "late"]))
        if outcome in {"error", "late"}:
            return ServiceResult(wait.service, outcome)
        return ServiceResult(
            wait.service, outcome, {name: self.value(type_) for name, type_ in service.outputs.items()}
        )


def proven(turn: Turn) -> Turn:
    """The turn ends in one wait or in the end, what is said is not empty, and the state is what JSON makes of it."""
    stops: list[Output] = [output for output in turn.outputs if isinstance(output, WAITS)]
    assert len(stops) == 1, stops
    assert stops[0] is turn.outputs[-1]
    assert (turn.state is None) == isinstance(stops[0], Hangup)
    for output in turn.outputs:
        if isinstance(output, Say):
            assert output.segments
            assert all(segment.text.strip() for segment in output.segments)
        # A flow may leave out what follows when a service fails: the caller is told so and goes on at the fault flow.
        assert not isinstance(output, Fault) or _by_service(output), output
    if turn.state is not None:
        assert orjson.loads(orjson.dumps(turn.state)) == turn.state
    return turn


def _by_service(fault: Fault) -> bool:
    return fault.message.startswith("the service '")


def ends_in_silence(hotline: Hotline, turn: Turn, limits: Limits, moment: Moment, outcomes: Caller) -> None:
    """From here on the caller neither speaks nor presses anything."""
    for _ in range(SILENT_TURNS):
        while isinstance(turn.outputs[-1], CallService) and turn.state is not None:
            turn = proven(resume(hotline.flows, turn.state, outcomes.is_served(turn.outputs[-1]), limits, moment))
        if turn.state is None:
            return
        silent: Event = DialEnded("no-answer") if isinstance(turn.outputs[-1], Transfer) else NoInput()
        turn = proven(resume(hotline.flows, turn.state, silent, limits, moment))
    assert turn.state is None, f"after {SILENT_TURNS} silences the call is still up: {turn.state['frames']}"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_caller_does_nothing_breaks_and_the_call_ends(
    hotline: Hotline, language: str, data: st.DataObject
) -> None:
    caller, limits = Caller(data, hotline), Limits()
    flow = data.draw(st.sampled_from(hotline.entries))
    now = DAY + timedelta(days=data.draw(st.integers(0, 400)), minutes=data.draw(st.integers(0, 1439)))
    storm = data.draw(st.booleans())
    silent_after = data.draw(st.integers(0, TURNS))
    too_long_after = data.draw(st.integers(1, 2 * TURNS))
    turn = proven(start(hotline.flows, flow, caller.begins(flow, language), limits, Moment(now, storm)))
    for number in range(TURNS):
        if turn.state is None:
            return
        moment = Moment(now + timedelta(seconds=20 * number), storm, too_long=number >= too_long_after)
        if number >= silent_after:
            ends_in_silence(hotline, turn, limits, moment, caller)
            return
        turn = proven(resume(hotline.flows, orjson.loads(orjson.dumps(turn.state)), caller.does(turn), limits, moment))
    if turn.state is not None:
        ends_in_silence(hotline, turn, limits, Moment(now + timedelta(hours=1), storm), caller)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_who_never_says_a_word_is_not_kept_on_the_line(hotline: Hotline, language: str) -> None:
    """Whatever the first service answers: from every flow, for each of its outcomes."""

    class Answers(Caller):
        def __init__(self, place: int) -> None:
            self.hotline, self.place = hotline, place

        def is_served(self, wait: CallService) -> ServiceResult:
            service = hotline.services[wait.service]
            outcomes = sorted({*service.outcomes, "error", "late"})
            outcome = outcomes[self.place % len(outcomes)]
            values = {ValueType.NUMBER: 1, ValueType.MONEY: 1, ValueType.YES_NO: False, ValueType.DATE: "2026-11-23",
                      ValueType.TIME: "08:00"}  # fmt: skip
            outputs = {name: values.get(type_, "1") for name, type_ in service.outputs.items()}
            return ServiceResult(wait.service, outcome, {} if outcome in {"error", "late"} else outputs)

    most = max(len(service.outcomes) for service in hotline.services.values()) + 2
    for flow in hotline.entries:
        for place in range(most):
            takes = {name: "1" for name, variable in hotline.flows.flows[flow].takes.items() if variable.required}
            begun = CallStarted("+8613800138000", "95598", "inbound", language, "2026-11-23", takes)
            for storm in (False, True):
                moment = Moment(DAY + timedelta(hours=10), storm)
                turn = proven(start(hotline.flows, flow, begun, moment=moment))
                ends_in_silence(hotline, turn, Limits(), moment, Answers(place))


def test_every_service_that_a_flow_asks_has_a_random_answer(hotline: Hotline) -> None:
    for flow in hotline.flows.flows.values():
        for node in flow.nodes.values():
            if isinstance(node, DoNode):
                assert set(hotline.services[node.service].outputs.values()) <= set(VALUES)
