"""What a finding tells its reader: where, how a caller gets there, and how one lives with it."""

from __future__ import annotations

import pytest

from ivr.checking.catalogue import CODES
from ivr.checking.finding import Severity
from tests.ivr.checking.conftest import base, checked, files_of

MAIN = """\
flow: main
prompts:
  menu: {en: "For bills, press 1.", zh-CN: 电费请按1。}
  deeper: {en: "For this year, press 4.", zh-CN: 今年请按4。}
nodes:
  menu:
    menu: menu
    options:
      bills: {key: "1", phrases: {en: [bills], zh-CN: [电费]}, next: sub}
  sub: {call: sub, next: loop}
  loop: {say: apology, next: loop}
"""
SUB = """\
flow: sub
prompts:
  deeper: {en: "For this year, press 4.", zh-CN: 今年请按4。}
nodes:
  ask:
    menu: deeper
    options:
      year: {key: "4", phrases: {en: [this year], zh-CN: [今年]}, next: back}
  back: {return: {}}
"""


def test_the_way_to_a_finding_leads_through_the_flows_that_are_called() -> None:
    found = checked(base() | {"main.yaml": MAIN.replace("  deeper", "  # deeper"), "sub.yaml": SUB}).findings
    assert [finding.code for finding in found] == ["loop-without-wait"]
    assert found[0].keys == ("1", "4")
    assert [str(step) for step in found[0].path] == [
        "main.menu [1]",
        "main.sub [calls sub]",
        "sub.ask [4]",
        "sub.back [returns]",
        "main.loop",
        "main.loop",
    ]


def test_silence_on_the_way_is_told_as_often_as_it_takes() -> None:
    finding = checked(files_of("silence_for_ever")).findings[0]
    assert finding.keys == ("(silence)", "(silence)")


def test_an_allowance_above_a_node_covers_what_is_inside() -> None:
    files = files_of("agent_key_hidden")
    lines = files["main.yaml"].splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("  menu:") and line.endswith("menu:"))
    lines.insert(at, "  # check: allow global-hidden the office has always had 0")
    assert checked(files | {"main.yaml": "\n".join(lines)}).findings == ()


def test_an_allowance_covers_its_own_code_only() -> None:
    files = files_of("agent_key_hidden")
    text = files["main.yaml"].replace("  bye:", "  # check: allow no-end not here\n  bye:")
    codes = [finding.code for finding in checked(files | {"main.yaml": text}).findings]
    assert codes == ["global-hidden", "allowance-unused"]


def test_errors_come_before_warnings_come_before_hints() -> None:
    assert [severity.rank for severity in (Severity.ERROR, Severity.WARNING, Severity.HINT)] == [0, 1, 2]


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained(code: str) -> None:
    entry = CODES[code]
    assert code == code.lower().replace("_", "-")
    assert entry.about.endswith(".")
    assert entry.mend.endswith(".")
    assert entry.example
