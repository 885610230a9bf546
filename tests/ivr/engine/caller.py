"""A caller who talks to one flow, and a hotline with everything a wait can do."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any, TypeVar

from ivr.events import CallStarted, Digits, Event, NoInput, ServiceResult, Speech
from ivr.flow import FlowSet
from ivr.loader import load
from ivr.moment import Moment
from ivr.outputs import Gather, Heard, NodeEntered, Output, Say
from ivr.services import Outcome, Service, ValueType
from ivr.session import Turn, resume, start

LANGUAGES = ("en", "zh-CN")
UTILITY = {"en": "Riverbend County Power", "zh-CN": "河湾县供电公司"}
Kind = TypeVar("Kind", bound=Output)

SHARED = """
prompts:
  apology: {en: Sorry., zh-CN: 抱歉。}
  goodbye: {en: "Goodbye from {utility}.", zh-CN: "{utility},再见。"}
  silent_1: {en: First silence., zh-CN: 没听到。}
  silent_2: {en: Second silence., zh-CN: 还是没听到。}
  lost_1: {en: First not understood., zh-CN: 没听清。}
  lost_2: {en: Second not understood., zh-CN: 还是没听清。}
  invalid_1: {en: That cannot be., zh-CN: 不对。}
  help_1: {en: First help., zh-CN: 帮助。}
  help_2: {en: Second help., zh-CN: 再帮助。}
  person: {en: "A person comes: {utility}.", zh-CN: 人工。}
  rescue: {en: Keep away., zh-CN: 请离开。}
  home: {en: One for a bill or two for a report?, zh-CN: "电费按一,报修按二。"}
  shortly: {en: Storm. Report or hang up., zh-CN: 暴风雨。}
  ending: {en: This took long. Goodbye., zh-CN: 时间到了。}
  confirm_value: {en: "You said {value}. Right?", zh-CN: "您说的是{value},对吗?"}
  confirm_option: {en: "You want {phrase}. Right?", zh-CN: "您要{phrase},对吗?"}
globals:
  danger: {key: "7", phrases: {en: [danger], zh-CN: [危险]}, flow: danger, with: {danger: "true"}, first: true}
  agent: {key: "0", phrases: {en: [agent], zh-CN: [人工]}, flow: agent}
  repeat: {key: "9", phrases: {en: [repeat], zh-CN: [重听]}, action: repeat}
  back: {key: "*", phrases: {en: [go back], zh-CN: [返回]}, action: back}
  main_menu: {phrases: {en: [main menu], zh-CN: [主菜单]}, action: main_menu}
  help: {key: "6", phrases: {en: [help], zh-CN: [帮助]}, action: help}
  language: {phrases: {en: [chinese], zh-CN: [英语]}, action: language}
defaults:
  no_input: {say: [silent_1, silent_2], limit: 3, flow: agent}
  no_match: {say: [lost_1, lost_2], limit: 3, flow: agent}
  help: {say: [help_1, help_2], limit: 3, flow: agent}
  invalid: {say: [invalid_1], limit: 2, flow: agent}
  fault_flow: agent
  too_long_flow: ending
  main_menu: home/home
  account_number: {digits: 10, check: luhn}
storm: {home: storm}
"""
ASK = """
flow: asking
vars: {{value: {type_}}}
nodes:
  value: {{ask: home, type: {type_}, into: value, {more} next: bye}}
  bye: {{hangup: goodbye}}
"""
FLOWS = """
flow: danger
takes: {danger: {type: yes_no, default: false}}
vars: {message: text}
nodes:
  rescue: {say: rescue, next: where}
  where: {record: person, into: message, next: bye}
  bye: {hangup: ""}
---
flow: agent
takes: {reason: {type: text, default: ""}}
nodes:
  person: {hangup: person}
---
flow: ending
nodes:
  ending: {hangup: ending}
---
flow: storm
nodes:
  shortly:
    menu: shortly
    options: {report: {key: "1", phrases: {en: [report], zh-CN: [报修]}, next: bye}}
  bye: {hangup: goodbye}
---
flow: home
vars: {account: digits, amount: money}
nodes:
  greet: {set: {account: "42"}, next: home}
  home:
    menu: home
    options:
      bill: {key: "1", phrases: {en: [my bill], zh-CN: [电费]}, next: which}
      report: {key: "2", phrases: {en: [a report], zh-CN: [报修]}, next: write}
  which:
    menu: home
    options:
      one: {key: "1", phrases: {en: [this one], zh-CN: [这个]}, next: write}
  write:
    do: test.write
    outcomes: {done: third, late: late}
  late: {hangup: goodbye}
  third:
    menu: shortly
    options: {one: {key: "1", phrases: {en: [one], zh-CN: [一]}, next: home}}
"""
SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in [
        Service("test.write", lambda context, inputs: Outcome("done"), frozenset({"done"}), changes=True),
        Service("test.read", lambda context, inputs: Outcome("done"), frozenset({"done"}),
                outputs={"amount": ValueType.MONEY}),
    ]
}  # fmt: skip


def flows_with(*texts: str, shared: str = SHARED, **files: str) -> FlowSet:
    """The hotline above and `texts`, a flow each. `files`: more of them by name, without `.yaml`."""
    parts = [*FLOWS.split("---\n"), *map(textwrap.dedent, texts)]
    named = {f"flow{number}.yaml": text for number, text in enumerate(parts)}
    named |= {f"{name}.yaml": textwrap.dedent(text) for name, text in files.items()}
    return load({"shared.yaml": shared, **named}, SERVICES, LANGUAGES, UTILITY)


class Caller:
    """The state goes through JSON at every turn, as it does between two webhooks."""

    def __init__(
        self, flows: FlowSet, flow: str = "home", language: str = "en", *, moment: Moment | None = None, **given: Any
    ) -> None:
        self.flows = flows
        self.moment = moment
        event = CallStarted("+8613800138000", "95598", "inbound", language, "2026-11-23", given)
        self.turn: Turn = start(flows, flow, event, moment=moment)

    def does(self, *events: Event) -> Caller:
        for event in events:
            state = json.loads(json.dumps(self.turn.state))
            assert state is not None, "the call is over"
            self.turn = resume(self.flows, state, event, moment=self.moment)
        return self

    def keys(self, *entries: str) -> Caller:
        return self.does(*map(Digits, entries))

    def says(self, text: str, confidence: float = 0.9) -> Caller:
        return self.does(Speech(text, confidence))

    def is_silent(self, times: int = 1) -> Caller:
        return self.does(*[NoInput()] * times)

    def served(self, outcome: str, service: str = "test.write", **outputs: Any) -> Caller:
        return self.does(ServiceResult(service, outcome, outputs))

    @property
    def hears(self) -> list[str]:
        return [segment.text for output in self.turn.outputs if isinstance(output, Say) for segment in output.segments]

    @property
    def gather(self) -> Gather:
        wait = self.turn.outputs[-1]
        assert isinstance(wait, Gather), wait
        return wait

    def one(self, kind: type[Kind]) -> Kind:
        return next(output for output in self.turn.outputs if isinstance(output, kind))

    @property
    def verdict(self) -> str:
        return self.one(Heard).verdict

    @property
    def nodes(self) -> list[str]:
        return [f"{o.flow}/{o.node}" for o in self.turn.outputs if isinstance(o, NodeEntered)]

    @property
    def over(self) -> bool:
        return self.turn.state is None
