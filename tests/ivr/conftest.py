"""Services as flows see them, with answers a test chooses, and small flows written in the test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import pytest

from ivr.flow import FlowSet
from ivr.loader import load
from ivr.services import Outcome, Service, ValueType

LANGUAGES = ("en", "zh-CN")
UTILITY = {"en": "Riverbend County Power", "zh-CN": "河湾县供电公司"}

SHARED = """
prompts:
  apology: {en: Sorry., zh-CN: 抱歉。}
  goodbye: {en: "Goodbye from {utility}.", zh-CN: "{utility},再见。"}
  silent_1: {en: First silence., zh-CN: 没听到。}
  silent_2: {en: Second silence., zh-CN: 还是没听到。}
  lost_1: {en: First not understood., zh-CN: 没听清。}
  agent: {en: An agent will call., zh-CN: 人工回电。}
globals:
  danger: {key: "7", phrases: {en: [danger], zh-CN: [危险]}, flow: agent, with: {danger: "true"}}
  repeat: {key: "9", phrases: {en: [repeat], zh-CN: [重听]}, action: repeat}
defaults:
  no_input: {say: [silent_1, silent_2], limit: 3, flow: agent}
  no_match: {say: [lost_1], limit: 2, flow: agent}
  fault_flow: agent
"""
AGENT = """
flow: agent
takes:
  danger: {type: yes_no, default: false}
  reason: {type: text, default: ""}
nodes:
  bye:
    hangup: agent
"""

SERVICES: Mapping[str, Service] = {
    service.name: service
    for service in [
        Service(
            "test.look",
            lambda context, inputs: Outcome("found", {"amount": 12345, "name": "Ann"}),
            frozenset({"found", "none"}),
            {"number": ValueType.DIGITS, "urgent": ValueType.YES_NO},
            {"amount": ValueType.MONEY, "name": ValueType.TEXT},
            optional=frozenset({"urgent"}),
        )
    ]
}


@pytest.fixture
def flows_of() -> Callable[..., FlowSet]:
    """Loads one flow's YAML, or several, with the shared file and the flow `agent` around them."""

    def make(*texts: str) -> FlowSet:
        files = {"shared.yaml": SHARED, "agent.yaml": AGENT}
        files |= {f"flow{number}.yaml": textwrap.dedent(text) for number, text in enumerate(texts)}
        return load(files, SERVICES, LANGUAGES, UTILITY)

    return make
