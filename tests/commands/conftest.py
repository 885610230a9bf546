"""A small utility's flows on the services of the hotline, for the commands that authors use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import hotline

SHARED = """
prompts:
  apology: {en: Sorry., zh-CN: 抱歉。}
  goodbye: {en: "Goodbye from {utility}.", zh-CN: "{utility},再见。"}
  silent: {en: I hear nothing., zh-CN: 没听到。}
  lost: {en: I did not get that., zh-CN: 没听清。}
globals:
  danger: {key: "7", phrases: {en: [danger], zh-CN: [危险]}, flow: handover, with: {danger: "true"}, first: true}
  repeat: {key: "9", phrases: {en: [repeat], zh-CN: [重听]}, action: repeat}
defaults:
  no_input: {say: silent, limit: 3, flow: handover}
  no_match: {say: lost, limit: 3, flow: handover}
  fault_flow: handover
storm: {main: stormy}
"""
MAIN = """
flow: main
vars:
  name: text
  account: digits
  pin: {type: digits, private: true}
  amount: {type: money, private: true}
prompts:
  hello: {en: "Hello {name}.", zh-CN: "{name}您好。"}
  which: {en: For your bill press 1. To report a power cut press 2., zh-CN: "电费请按1,停电请按2。"}
  pin: {en: Your six digits?, zh-CN: 请输入密码。}
  wrong: {en: That is not right., zh-CN: 密码不对。}
  owing: {en: "You owe {amount}.", zh-CN: "您欠费{amount}。"}
  much: {en: "That is much: {amount}.", zh-CN: "欠费较多:{amount}。"}
  nothing: {en: You owe nothing., zh-CN: 您没有欠费。}
  say_it: {en: Say what has happened., zh-CN: 请讲。}
  noted: {en: It is written down., zh-CN: 已登记。}
nodes:
  who:
    do: accounts.find_caller
    with: {number: "{caller_number}"}
    into: {customer_name: name, account_number: account}
    outcomes: {known: hello, unknown: which, error: which}
  hello: {say: hello, next: which}
  which:
    menu: which
    options:
      bill: {key: "1", phrases: {en: [my bill], zh-CN: [电费]}, next: pin}
      report: {key: "2", phrases: {en: [no power], zh-CN: [停电]}, next: report}
  pin: {ask: pin, type: digits, min: 6, max: 6, private: true, into: pin, next: verify}
  verify:
    do: accounts.verify_identity
    with: {account_number: "{account}", pin: "{pin}"}
    outcomes: {verified: balance, wrong: wrong, locked: wrong, error: wrong}
  wrong: {say: wrong, next: pin}
  balance:
    do: accounts.balance
    with: {account_number: "{account}"}
    into: {balance: amount}
    outcomes: {owing: how_much, settled: nothing, credit: nothing, error: nothing}
  how_much:
    when:
      - {if: amount > 100, next: much}
      - else: owing
  owing: {say: owing, next: which}
  much: {say: much, next: which}
  nothing: {say: nothing, next: which}
  report: {call: handover, next: bye}
  bye: {hangup: goodbye}
"""
STORMY = """
flow: stormy
prompts:
  stormy: {en: It is stormy., zh-CN: 有暴雨。}
nodes:
  which:
    menu: stormy
    options:
      report: {key: "2", phrases: {en: [no power], zh-CN: [停电]}, next: report}
  report: {call: handover, next: bye}
  bye: {hangup: goodbye}
"""
HANDOVER = """
flow: handover
takes:
  danger: {type: yes_no, default: false}
  reason: {type: text, default: ""}
vars: {recording: text, words: text, ticket: digits}
prompts:
  say_it: {en: Say what has happened., zh-CN: 请讲。}
  noted: {en: "It is written down as {ticket}.", zh-CN: "已登记,工单号{ticket}。"}
nodes:
  open:
    do: tickets.open
    with: {type: fault, subject: A call, danger: "{danger}"}
    into: {ticket_number: ticket}
    outcomes: {opened: say_it, already_open: say_it, error: bye}
  say_it: {record: say_it, into: recording, transcript_into: words, no_input: {limit: 1, next: noted}, next: noted}
  noted: {say: noted, next: bye}
  bye: {hangup: goodbye}
"""


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """A folder of flows of the test's own."""
    folder = tmp_path / "flows"
    folder.mkdir()
    for name, text in (("shared", SHARED), ("main", MAIN), ("stormy", STORMY), ("handover", HANDOVER)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`hotline flow ...` in the test's own folder and home."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(hotline, ["--home", str(tmp_path / "home"), "flow", *arguments])

    return call
