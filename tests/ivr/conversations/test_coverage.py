"""Coverage says which nodes and ways of the flows no conversation takes."""

from __future__ import annotations

from collections.abc import Callable

from ivr.conversations.coverage import coverage
from ivr.conversations.talk import Result
from ivr.flow import FlowSet

ALL = """
preamble: {language: en}
tests:
  a: {services: {test.look: none}, talk: [press: "1"]}
  b: {services: {test.look: found}, talk: [say: my bill]}
  c: {talk: [press: "2", record: hello]}
  d: {talk: [silence, silence]}
  e: {talk: [press: "3", transfer ends: answered]}
  f: {talk: [press: "3", transfer ends: busy]}
  g: {talk: [press: "3", transfer ends: no-answer]}
  h: {talk: [press: "3", transfer ends: failed]}
"""


def _missing(flows: FlowSet, results: list[Result], flow: str = "main") -> set[str]:
    found = coverage(flows, (result.turns for result in results))
    return {str(way).partition("/")[2] for one in found.flows if one.flow == flow for way in one.missing}


def test_every_way_taken_is_full_coverage(flows: FlowSet, results: Callable[..., list[Result]]) -> None:
    assert _missing(flows, results(ALL)) == set()
    assert _missing(flows, results(ALL), "agent") == {"bye"}


def test_a_way_that_no_test_takes_is_named(flows: FlowSet, results: Callable[..., list[Result]]) -> None:
    played = results(ALL)
    without_d = [result for result in played if result.conversation.name != "d"]
    assert _missing(flows, without_d) == {"which  no_input"}
    without_b = [result for result in played if result.conversation.name != "b"]
    assert _missing(flows, without_b) == {"look  outcome.found", "owing"}
    without_busy = [result for result in played if result.conversation.name != "f"]
    assert _missing(flows, without_busy) == {"through  outcome.busy"}
