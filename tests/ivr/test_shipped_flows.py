"""The flows that come with the hotline: every caller gets somewhere, in both languages, whatever they do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import accounts.services
import callqueue.services
from ivr.events import CallStarted, DialEnded, Digits, Event, HungUp, NoInput, Recorded, ServiceResult, Speech
from ivr.flow import FlowSet
from ivr.flow_store import read_files
from ivr.loader import load
from ivr.moment import Moment
from ivr.outputs import CallService, Fault, Gather, Hangup, NodeEntered, Record, Say, Transfer
from ivr.services import Service, ValueType
from ivr.session import Turn, resume, start
from settings import SHIPPED_FLOWS, Settings
from settings import load as load_settings

EVENTS = ("no_input", "no_match", "help", "invalid")
NAMES = {"en": "Riverbend County Power", "zh-CN": "河湾县供电公司"}
ENTRIES = ("main", "storm", "restoration_notice", "closure_notice", "planned_notice")  # where a call may begin
FLOWS = (
    *ENTRIES, "who_calls", "known_outage", "outage_report", "outage_information", "identify", "billing_query",
    "service_request", "feedback", "agent_handover", "survey", "trouble", "call_too_long",
)  # fmt: skip
VALUES = {
    ValueType.TEXT: st.sampled_from(["", "Elm Street", "榆树街"]),
    ValueType.DIGITS: st.sampled_from(["", "1234567890", "77"]),
    ValueType.PHONE: st.just("+8613800138000"),
    ValueType.NUMBER: st.integers(0, 1000),
    ValueType.MONEY: st.integers(-100_000, 100_000),
    ValueType.DATE: st.dates().map(lambda day: day.isoformat()),
    ValueType.TIME: st.sampled_from(["08:00", "14:30"]),
    ValueType.YES_NO: st.booleans(),
    ValueType.ACCOUNT: st.sampled_from(["", "1000571014"]),
    ValueType.ADDRESS: st.sampled_from(["18 Elm Street", "榆树街18号"]),
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    where: Settings = load_settings(environ={}, home=tmp_path_factory.mktemp("home"))
    of_both = (accounts.services.build_services(where), callqueue.services.build_services(where))
    return {service.name: service for services in of_both for service in services}


@pytest.fixture(scope="module")
def flows(services: dict[str, Service]) -> FlowSet:
    return load(read_files(SHIPPED_FLOWS), services, ("en", "zh-CN"), NAMES)


def test_the_flows_that_the_design_names_are_there(flows: FlowSet) -> None:
    assert set(flows.flows) == set(FLOWS)


def test_every_node_of_every_flow_can_be_reached(flows: FlowSet) -> None:
    for flow in flows.flows.values():
        main_menu = [node for name, node in [flows.main_menu or ("", "")] if name == flow.name]
        reached, ahead = set(), [flow.start, *main_menu]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead.extend(_ways(flow.nodes[name]))
        assert reached == set(flow.nodes), flow.name


def _ways(node: Any) -> list[str]:
    ways = [getattr(node, "next", "")]
    ways += [option.next for option in getattr(node, "options", ())]
    ways += [branch.next for branch in getattr(node, "branches", ())]
    ways += list(getattr(node, "outcomes", {}).values())
    ways += [getattr(node, kind).next for kind in EVENTS if hasattr(node, kind)]
    return [way for way in ways if way]


def test_every_prompt_of_every_flow_is_used(flows: FlowSet) -> None:
    for flow in flows.flows.values():
        used = {use.id for node in flow.nodes.values() for use in _prompts(node)}
        assert set(flow.prompts) - used == set(), flow.name


def _prompts(node: Any) -> list[Any]:
    uses = list(getattr(node, "prompts", ()))
    for kind in EVENTS:
        if hasattr(node, kind):
            uses += getattr(node, kind).prompts
    return uses


class RandomCaller:
    """Does anything a caller or a carrier can do. Hangs up in the end, as everybody does."""

    def __init__(self, data: st.DataObject, services: dict[str, Service]) -> None:
        self.data = data
        self.services = services

    def answer(self, turn: Turn) -> Event:
        wait = turn.outputs[-1]
        if isinstance(wait, CallService):
            return self._served(self.services[wait.service])
        if isinstance(wait, Record):
            return self.data.draw(st.sampled_from([Recorded("r1", 3.0, "words"), Recorded("r2", 1.0), NoInput()]))
        if isinstance(wait, Transfer):
            return DialEnded(self.data.draw(st.sampled_from(["answered", "busy", "no-answer", "failed"])))
        assert isinstance(wait, Gather)
        phrases = wait.speech.phrases if wait.speech else ()
        return self.data.draw(
            st.one_of(
                st.just(NoInput()),
                st.text("0123456789*", min_size=1, max_size=11).map(Digits),
                st.sampled_from(["1", "2", "3", "4", "5", "1000571014", "123456", "0108", "120*5"]).map(Digits),
                st.sampled_from([*phrases, "something else entirely", ""]).map(lambda text: Speech(text, 0.9)),
            )
        )

    def _served(self, service: Service) -> ServiceResult:
        outcome = self.data.draw(st.sampled_from(sorted({*service.outcomes, "error"})))
        outputs = {name: self.data.draw(VALUES[type_]) for name, type_ in service.outputs.items()}
        return ServiceResult(service.name, outcome, {} if outcome == "error" else outputs)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@given(data=st.data())
@settings(max_examples=120, deadline=None)
def test_whatever_a_caller_does_the_call_ends_and_never_breaks(
    flows: FlowSet, services: dict[str, Service], language: str, data: st.DataObject
) -> None:
    caller = RandomCaller(data, services)
    flow = data.draw(st.sampled_from(FLOWS))
    storm = data.draw(st.booleans())
    hour = data.draw(st.sampled_from([3, 10]))
    number = data.draw(st.sampled_from(["+8613800138000", "anonymous", ""]))
    answered_by = data.draw(st.sampled_from(["human", "machine_start", ""]))
    direction = "outbound" if "notice" in flow else "inbound"
    given_ = {name: "1000571014" for name, variable in flows.flows[flow].takes.items() if variable.required}
    begun = CallStarted(number, "95598", direction, language, "2026-11-23", {"answered_by": answered_by, **given_})
    moment = Moment(datetime(2026, 11, 23, hour, tzinfo=UTC), storm=storm)
    turn = start(flows, flow, begun, moment=moment)
    for _ in range(60):
        heard_words = [s for o in turn.outputs if isinstance(o, Say) for s in o.segments]
        assert all(segment.text.strip() for segment in heard_words)
        for fault in (o for o in turn.outputs if isinstance(o, Fault)):
            assert "failed" in fault.message, "only a failed service may be the reason for an apology"
        if turn.state is None:
            assert isinstance(turn.outputs[-1], Hangup)
            return
        turn = resume(flows, json.loads(json.dumps(turn.state)), caller.answer(turn), moment=moment)
    turn = resume(flows, turn.state or {}, HungUp())
    assert turn.state is None


def test_danger_reaches_a_person_from_every_wait(flows: FlowSet) -> None:
    for option in flows.globals:
        assert option.phrases.keys() == {"en", "zh-CN"}
    danger = next(option for option in flows.globals if option.first)
    assert (danger.name, danger.key, danger.intents) == ("danger", "7", ("outage.danger",))
    for flow in flows.flows.values():
        for node in flow.nodes.values():
            for option in getattr(node, "options", ()):
                assert option.key != "7", f"{flow.name}/{node.name} takes the danger key"


@pytest.mark.parametrize(("language", "words"), [("en", "there is a wire down"), ("zh-CN", "电线断了")])
def test_a_caller_in_danger_is_told_to_keep_away_and_asked_only_where(
    flows: FlowSet, language: str, words: str
) -> None:
    turn = start(flows, "outage_report", CallStarted("+8613800138000", "95598", "inbound", language))
    assert turn.state is not None
    turn = resume(flows, turn.state, Speech(words, 0.9))
    entered = [o.node for o in turn.outputs if isinstance(o, NodeEntered)]
    assert entered == ["which", "keep_away", "open_danger"], "the ticket is open before anything is asked"
    assert turn.state is not None
    turn = resume(flows, turn.state, ServiceResult("tickets.open", "opened", {"ticket_number": "7"}))
    assert turn.state is not None
    turn = resume(flows, turn.state, ServiceResult("agents.at_work", "nobody"))
    assert isinstance(turn.outputs[-1], Record)


def test_a_caller_in_danger_waits_for_an_agent_when_one_is_at_work_and_says_where_when_none_has_time(
    flows: FlowSet,
) -> None:
    turn = start(flows, "outage_report", CallStarted("+8613800138000", "95598", "inbound", "en"))
    assert turn.state is not None
    turn = resume(flows, turn.state, Speech("there is a wire down", 0.9))
    assert turn.state is not None
    turn = resume(flows, turn.state, ServiceResult("tickets.open", "opened", {"ticket_number": "7"}))
    assert turn.state is not None
    turn = resume(flows, turn.state, ServiceResult("agents.at_work", "somebody", {"agents": 2}))
    assert isinstance(turn.outputs[-1], Transfer)
    assert turn.outputs[-1].to == "agents"
    assert turn.state is not None
    turn = resume(flows, turn.state, DialEnded("no-answer"))
    assert isinstance(turn.outputs[-1], Record)
