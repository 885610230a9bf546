"""Conversations written in a test, against small flows of the same test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from ivr.conversations.lines import StubbedLine
from ivr.conversations.reading import Surroundings, read_conversations
from ivr.conversations.steps import Conversation
from ivr.conversations.talk import Result, play
from ivr.flow import FlowSet
from ivr.session import Limits
from tests.ivr.conftest import SERVICES

MENU = """
flow: main
vars: {amount: money, wish: text, recording: text}
prompts:
  which: {en: For your bill press 1., zh-CN: 电费请按1。}
  owing: {en: "You owe {amount}.", zh-CN: "您欠费{amount}。"}
  none: {en: There is nothing., zh-CN: 没有记录。}
  speak: {en: Please speak., zh-CN: 请讲。}
  through: {en: I put you through., zh-CN: 正在转接。}
nodes:
  which:
    menu: which
    options:
      bill: {key: "1", phrases: {en: [my bill], zh-CN: [电费]}, next: look}
      message: {key: "2", phrases: {en: [a message], zh-CN: [留言]}, next: message}
      person: {key: "3", phrases: {en: [somebody], zh-CN: [有人]}, next: through}
    no_input: {limit: 2, next: none}
  look:
    do: test.look
    with: {number: "{last(caller_number, 4)}"}
    into: {amount: amount}
    outcomes: {found: owing, none: none}
  owing: {say: owing, next: bye}
  none: {say: none, next: bye}
  message: {record: speak, into: recording, transcript_into: wish, next: bye}
  through:
    transfer: through
    to: "+8657188880000"
    outcomes: {answered: bye, busy: none, no-answer: none, failed: none}
  bye: {hangup: goodbye}
"""


@pytest.fixture
def flows(flows_of: Callable[..., FlowSet]) -> FlowSet:
    return flows_of(MENU)


@pytest.fixture
def read(flows: FlowSet) -> Callable[[str], list[Conversation]]:
    def make(text: str) -> list[Conversation]:
        return read_conversations({"tests/talk.yaml": textwrap.dedent(text)}, Surroundings(flows, SERVICES))

    return make


@pytest.fixture
def results(flows: FlowSet, read: Callable[[str], list[Conversation]]) -> Callable[..., list[Result]]:
    def make(text: str, *, update: bool = False) -> list[Result]:
        open_line = partial(StubbedLine, flows, SERVICES, zone=ZoneInfo("Asia/Shanghai"), limits=Limits())
        return [play(conversation, open_line, SERVICES, update=update) for conversation in read(text)]

    return make
